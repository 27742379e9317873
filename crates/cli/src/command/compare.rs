use pliant_lab::compare::{self, CellState, Options, Progress, Results};
use pliant_train::StopFlag;

use super::{context::Context, recording::Recording};
use crate::{
    arguments::{self, VERSION},
    exit::{Code, Failure},
    render::{
        comparison,
        screen::{Interruption, Whole},
        training::TrainingProgress,
    },
};

pub(crate) fn run(
    arguments: &arguments::compare::Compare,
    context: &Context,
) -> Result<(), Failure> {
    let stop = Context::stop_on_signals()?;
    let options = options(arguments, context, stop)?;
    let out = arguments.out.display().to_string();
    let mut progress = TrainingProgress::new(context.screen(Interruption::Finishes), "");
    let mut recording = Recording::new(arguments.tensorboard, &arguments.out);
    let results = compare::run(&options, &mut |event: &Progress<'_>| {
        show(event, &out, &mut progress, &mut recording);
    });
    progress.screen.clear();
    let results: Results = results?;
    recording.finish()?;
    context.output.result(&results, |palette| {
        comparison::text(&results, &arguments.out, palette)
    })?;
    if results.diverged.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} of {} runs diverged",
        results.diverged.len(),
        results.cells.planned
    );
    Err(Failure::new(Code::Diverged, message)
        .hint("a lower learning rate of the activation group or of all groups may help; the other runs are finished")
        .reported())
}

fn options(
    arguments: &arguments::compare::Compare,
    context: &Context,
    stop: StopFlag,
) -> Result<Options, Failure> {
    let corpus = arguments.corpus.as_ref().map(|path| match path.to_str() {
        Some(path) => Ok(path.to_owned()),
        None => Err(Failure::usage(format_args!(
            "--corpus {}: a path in a recipe must be UTF-8",
            path.display()
        ))
        .hint("rename it, or link to it under another name")),
    });
    Ok(Options {
        recipe: arguments.recipe.clone(),
        arms: arguments.arms.as_deref().map(str::parse).transpose()?,
        seeds: arguments.seeds.as_deref().map(str::parse).transpose()?,
        steps: arguments.steps.map(Into::into),
        corpus: corpus.transpose()?,
        sets: arguments.set.clone(),
        out: arguments.out.clone(),
        threads: context.threads,
        version: VERSION.to_owned(),
        commit: Some(env!("PLIANT_COMMIT").to_owned()),
        stop,
    })
}

/// Two lines that say what will be done, then every run under its own title.
fn show(
    event: &Progress<'_>,
    out: &str,
    progress: &mut TrainingProgress,
    recording: &mut Recording,
) {
    match event {
        Progress::Planned {
            arms,
            seeds,
            finished,
        } => {
            let runs = arms.len() * seeds.len();
            progress.whole = Some(Whole::new("runs", *finished, runs, true));
            for line in comparison::plan(arms, seeds, *finished, out) {
                progress.screen.note(&line);
            }
        }
        Progress::Cell { cell, state } => {
            let title = format!(
                "{}/{} {} seed {}",
                cell.index + 1,
                cell.count,
                cell.arm,
                cell.seed
            );
            progress.begin(&title);
            recording.enter(cell.folder);
            match state {
                CellState::Finished => {
                    progress.screen.note(&format!("{title}  finished earlier"));
                }
                CellState::Diverged => {
                    progress.screen.note(&format!("{title}  diverged earlier"));
                }
                CellState::New | CellState::Resumed => {}
            }
        }
        Progress::Training { event, .. } => recording.event(event, progress),
        // The text is the same in all runs.
        Progress::Finished { .. } => progress.introduce = false,
        Progress::Written { .. } => {}
    }
}
