//! The runs below a folder, and what removing some takes away.

use std::{fmt::Write as _, time::Duration};

use pliant_lab::brief;
use pliant_train::runs::{Best, FoundRun, Kind, Listing, Removal, RunState};

use super::{
    number::{bytes, duration, grouped, short, significant},
    palette::Palette,
    table::Table,
};

/// A line for each run, then what is wrong and what is not shown.
pub(crate) fn listing(listing: &Listing, palette: Palette) -> String {
    let folder = listing.folder.display();
    if listing.total == 0 {
        return format!("There are no runs in or below {folder}.\n");
    }
    let mut table = Table::new(&["run", "state", "what", "step", "best", "age"]).left(&[1, 2, 4]);
    for run in &listing.runs {
        table.row([
            run.path.display().to_string(),
            state(run.state).to_owned(),
            what(run),
            progress(run),
            run.best.as_ref().map(best).unwrap_or_default(),
            age(run.age_seconds),
        ]);
    }
    let mut text = table.render(palette);
    for run in &listing.runs {
        for problem in &run.problems {
            let _ = writeln!(text, "{}: {problem}", run.path.display());
        }
    }
    let hidden = listing.total - listing.runs.len();
    if hidden > 0 {
        let _ = writeln!(
            text,
            "{} older of {} runs are not shown; --limit shows more.",
            grouped(hidden as u64),
            grouped(listing.total as u64)
        );
    }
    text
}

/// What would go, and the question whether it shall.
pub(crate) fn question(removals: &[Removal], palette: Palette) -> String {
    let mut table = Table::new(&["run", "state", "what", "step", "size"]).left(&[1, 2]);
    for Removal { run, bytes: size } in removals {
        table.row([
            run.path.display().to_string(),
            state(run.state).to_owned(),
            what(run),
            progress(run),
            bytes(*size),
        ]);
    }
    format!("{}Remove {}? [y/N] ", table.render(palette), sum(removals))
}

/// What went.
pub(crate) fn removed(removals: &[Removal]) -> String {
    if removals.is_empty() {
        "Nothing was removed.\n".to_owned()
    } else {
        format!("Removed {}.\n", sum(removals))
    }
}

fn sum(removals: &[Removal]) -> String {
    let size = bytes(removals.iter().map(|removal| removal.bytes).sum());
    match removals.len() {
        1 => format!("1 run, {size}"),
        several => format!("{several} runs, {size}"),
    }
}

fn state(state: RunState) -> &'static str {
    match state {
        RunState::Finished => "finished",
        RunState::Running => "running",
        RunState::Interrupted => "interrupted",
        RunState::Diverged => "diverged",
        RunState::Damaged => "damaged",
    }
}

/// Activation, then the size of the model or the task.
fn what(run: &FoundRun) -> String {
    let numbers = run.parameters.map(|numbers| short(numbers as f64));
    let activation = run.activation.as_deref().map(brief);
    let parts = match run.kind {
        Kind::Pretrain => [activation, run.preset.clone(), numbers],
        Kind::Finetune => [activation, run.task.clone(), run.mode.clone()],
    };
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn progress(run: &FoundRun) -> String {
    let step = grouped(run.step);
    match (run.minutes, run.steps) {
        (Some(minutes), _) => format!("{step} ({minutes} min)"),
        (None, Some(steps)) => format!("{step}/{}", grouped(steps)),
        (None, None) => step,
    }
}

fn best(best: &Best) -> String {
    format!("{} {}", best.name, significant(best.value))
}

fn age(seconds: u64) -> String {
    match seconds / 86_400 {
        0 => duration(Duration::from_secs(seconds)),
        days => format!("{days} d"),
    }
}
