use std::path::Path;

use pliant_lab::sweep::{self, Budget, Options, PlanForm, Progress, SweepResults};
use serde::Serialize;

use super::context::Context;
use crate::{
    arguments::{self, VERSION},
    exit::{Code, Failure},
    render::{screen::Interruption, sweep as render},
};

pub(crate) fn run(arguments: &arguments::sweep::Sweep, context: &Context) -> Result<(), Failure> {
    if let Some(folder) = &arguments.collect {
        let results = sweep::collect(folder, VERSION, &mut |_: &Progress<'_>| {})?;
        return show(&results, folder, context);
    }
    let Some(recipe) = &arguments.recipe else {
        return Err(Failure::usage("`pliant sweep` needs a recipe")
            .hint("`pliant sweep --help` shows the options"));
    };
    if let Some(form) = arguments.plan {
        return plan(recipe, &arguments.out, form.into(), context);
    }
    let options = Options {
        recipe: recipe.clone(),
        out: arguments.out.clone(),
        budget: Budget {
            cells: arguments.max_cells.map(Into::into),
            minutes: arguments.minutes,
        },
        cell: arguments.cell.clone(),
        retry_failed: arguments.retry_failed,
        threads: context.threads,
        version: VERSION.to_owned(),
        commit: Some(env!("PLIANT_COMMIT").to_owned()),
        stop: Context::stop_on_signals()?,
    };
    let out = arguments.out.display().to_string();
    let mut progress = render::SweepProgress::new(context.screen(Interruption::Finishes), &out);
    let results = sweep::run(&options, &mut |event: &Progress<'_>| progress.show(event));
    progress.clear();
    show(&results?, &arguments.out, context)
}

/// The tables; cells that failed are told by the exit code as well.
fn show(results: &SweepResults, out: &Path, context: &Context) -> Result<(), Failure> {
    context
        .output
        .result(results, |palette| render::text(results, out, palette))?;
    let Some(first) = results.failed.first() else {
        return Ok(());
    };
    let cells = match results.failed.len() {
        1 => "1 cell failed".to_owned(),
        several => format!("{several} cells failed"),
    };
    Err(Failure::new(
        Code::Failed,
        format_args!("{cells}, the first is {}: {}", first.id, first.message),
    )
    .hint("the others are finished; when the cause is mended, `--retry-failed` trains these again")
    .reported())
}

/// A plan as the document of `--json`.
#[derive(Serialize)]
struct Planned {
    plan: String,
}

fn plan(recipe: &Path, out: &Path, form: PlanForm, context: &Context) -> Result<(), Failure> {
    let planned = Planned {
        plan: sweep::plan(recipe, out, form)?,
    };
    context.output.result(&planned, |_| planned.plan.clone())
}
