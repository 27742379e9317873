//! A sweep on the terminal: what is trained, and what has come out.

use std::{
    fmt::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use pliant_lab::sweep::{ArmScores, CellState, Group, PairScores, Progress, SweepResults};
use pliant_train::Event;

use super::{
    number::{duration, grouped, short},
    palette::Palette,
    rate::Rate,
    screen::{Losses, Screen, Status, Whole},
    table::Table,
};

/// Missing cells that are named; the others are in `results.json`.
const NAMED: usize = 5;

/// Shows a bar for the cell under way and a line for each that is done.
pub(crate) struct SweepProgress {
    screen: Screen,
    clock: Instant,
    out: String,
    title: String,
    whole: Option<Whole>,
    run: Running,
}

/// The training of the present cell.
struct Running {
    steps: Option<u64>,
    /// When its first step here began.
    begun: Option<Duration>,
    rate: Rate,
    losses: Losses,
}

impl Running {
    fn new(step: u64, steps: Option<u64>) -> Self {
        Self {
            steps,
            begun: None,
            rate: Rate::new(step),
            losses: Losses::new(),
        }
    }
}

impl SweepProgress {
    pub(crate) fn new(screen: Screen, out: &str) -> Self {
        Self {
            screen,
            clock: Instant::now(),
            out: out.to_owned(),
            title: String::new(),
            whole: None,
            run: Running::new(0, None),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.screen.clear();
    }

    pub(crate) fn show(&mut self, event: &Progress<'_>) {
        match event {
            Progress::Planned {
                recipe,
                cells,
                finished,
                failed,
            } => {
                let sweep = &recipe.sweep;
                // Cells of different tasks and sizes take differently long.
                self.whole = Some(Whole::new("cells", finished + failed, *cells, false));
                let names: Vec<&str> = recipe.models.iter().map(|model| &*model.name).collect();
                let number = |count: usize, what: &str| match count {
                    1 => format!("1 {what}"),
                    several => format!("{several} {what}s"),
                };
                self.screen.note(&format!(
                    "Fine-tuning {} on {} in {} with {} and {}: {} cells{}.",
                    names.join(" and "),
                    number(sweep.tasks.0.len(), "task"),
                    number(sweep.modes.0.len(), "mode"),
                    number(sweep.sizes.0.len(), "size"),
                    number(sweep.seeds.0.as_slice().len(), "seed"),
                    grouped(*cells as u64),
                    earlier(*finished, *failed)
                ));
                self.screen.note(&format!(
                    "Cells and tables go to {}/; after Ctrl-C the same command goes on where it stopped.",
                    self.out
                ));
            }
            Progress::Cell { cell, rates, state } => {
                self.title = format!("{}/{} {}", cell.index + 1, cell.count, cell.id);
                self.run = Running::new(0, None);
                if *state == CellState::Resumed {
                    self.screen.note(&format!("{}  goes on", self.title));
                }
                let text = rates.to_string();
                let note = if text == "default" { "" } else { &*text };
                let status = Status {
                    note,
                    whole: self.whole.as_ref(),
                    ..Status::new(&self.title, "step", 0)
                };
                self.screen.status(&status, self.clock.elapsed(), false);
            }
            Progress::Training { event, .. } => self.training(event),
            Progress::Finished { result, .. } => {
                let outcome = &result.outcome;
                self.ended();
                self.screen.note(&format!(
                    "{}  score {} (validation {})  {}",
                    self.title,
                    points(outcome.score),
                    points(outcome.validation_score),
                    duration(Duration::try_from_secs_f64(result.seconds).unwrap_or_default())
                ));
            }
            Progress::Failed { error, .. } => {
                self.ended();
                let hint = error
                    .hint
                    .as_deref()
                    .map(|hint| format!("; {hint}"))
                    .unwrap_or_default();
                self.screen
                    .warning(&format!("{} failed: {}{hint}", self.title, error.message));
            }
            Progress::Written { .. } => {}
        }
    }

    fn ended(&mut self) {
        self.screen.clear();
        if let Some(whole) = &mut self.whole {
            whole.one_more();
        }
    }

    fn training(&mut self, event: &Event) {
        match event {
            Event::TaskStarted { step, steps, .. } => self.run = Running::new(*step, Some(*steps)),
            Event::Step {
                step,
                loss,
                tokens,
                milliseconds,
                ..
            } => self.step(*step, *loss, *tokens, *milliseconds),
            Event::Diverged { .. } => self.screen.clear(),
            _ => {}
        }
    }

    fn step(&mut self, step: u64, loss: f64, tokens: u64, milliseconds: f64) {
        let now = self.clock.elapsed();
        let run = &mut self.run;
        let took = Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default();
        let begun = *run.begun.get_or_insert(now.saturating_sub(took));
        run.rate.step(step, tokens, now.saturating_sub(begun));
        run.losses.push(loss);
        let share = run.steps.map(|steps| step as f64 / steps as f64);
        if let (Some(whole), Some(share)) = (&mut self.whole, share) {
            whole.reach(share, now);
        }
        if !self.screen.is_due(now, false) {
            return;
        }
        // A line has no more than before.
        let pace: Vec<String> = if self.screen.has_bars() {
            let speed = run.rate.tokens_per_second();
            let left = run.steps.and_then(|steps| run.rate.remaining(steps));
            let speed = speed.map(|speed| format!("{} tokens/s", short(speed)));
            let left = left.map(|left| format!("ETA {}", duration(left)));
            speed.into_iter().chain(left).collect()
        } else {
            Vec::new()
        };
        let status = Status {
            length: run.steps,
            share,
            loss: Some(loss),
            pace: &pace,
            losses: Some(&run.losses),
            whole: self.whole.as_ref(),
            ..Status::new(&self.title, "step", step)
        };
        self.screen.status(&status, now, false);
    }
}

fn earlier(finished: usize, failed: usize) -> String {
    match (finished, failed) {
        (0, 0) => String::new(),
        (finished, 0) => format!(" ({} finished earlier)", grouped(finished as u64)),
        (finished, failed) => format!(
            " ({} finished earlier, {} failed)",
            grouped(finished as u64),
            grouped(failed as u64)
        ),
    }
}

fn points(score: f64) -> String {
    format!("{:.2}", 100.0 * score).replace('-', "−")
}

/// A table for each mode and size, the sentences over all tasks, what is missing, and where the report lies.
pub(crate) fn text(results: &SweepResults, out: &Path, palette: Palette) -> String {
    let mut text = String::new();
    for group in &results.groups {
        let size = match group.size.as_str() {
            "all" => "all examples".to_owned(),
            size => format!("{size} examples"),
        };
        let _ = writeln!(
            text,
            "\n{}",
            palette.heading(&format!("{}, {size}", group.mode))
        );
        text += &table(group, results).render(palette);
    }
    let several = results.groups.iter().any(|group| group.average.is_some());
    let shown = results
        .sentences
        .iter()
        .filter(|sentence| !several || sentence.starts_with("mean over "));
    text.push('\n');
    for sentence in shown {
        let _ = writeln!(text, "{sentence}");
    }
    for warning in &results.warnings {
        let _ = writeln!(text, "{} {warning}", palette.warning("warning:"));
    }
    let cells = &results.cells;
    let _ = writeln!(
        text,
        "\n{} of {} cells finished, {} failed; {} per arm",
        grouped(cells.finished as u64),
        grouped(cells.planned as u64),
        grouped(cells.failed as u64),
        match results.trials_per_arm {
            1 => "1 trial of learning rates".to_owned(),
            trials => format!("{trials} trials of learning rates"),
        }
    );
    if !results.running.is_empty() {
        let _ = writeln!(
            text,
            "under way in other processes: {}",
            grouped(results.running.len() as u64)
        );
    }
    if !results.missing.is_empty() {
        let named = results
            .missing
            .iter()
            .take(NAMED)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        let more = match results.missing.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {} more", grouped(more as u64)),
        };
        let _ = writeln!(text, "missing: {named}{more}");
    }
    let _ = writeln!(text, "report: {}", out.join("report.html").display());
    text
}

fn table(group: &Group, results: &SweepResults) -> Table {
    let arms: Vec<&str> = results.models.iter().map(|model| &*model.name).collect();
    let mut headings = vec!["task".to_owned(), "seeds".to_owned()];
    headings.extend(arms.iter().map(|arm| (*arm).to_owned()));
    for arm in arms.iter().skip(1) {
        headings.push(format!("{arm} − {}", arms[0]));
        headings.push("95 % interval".to_owned());
        headings.push("p (Holm)".to_owned());
    }
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let mut table = Table::new(&headings);
    for task in &group.tasks {
        table.row(row(&task.task, &task.arms, &task.pairs));
    }
    if let Some(average) = &group.average {
        table.row(row("mean", &average.arms, &average.pairs));
    }
    table
}

fn row(task: &str, arms: &[ArmScores], pairs: &[PairScores]) -> Vec<String> {
    let mut counts: Vec<usize> = arms.iter().map(|arm| arm.seeds.len()).collect();
    counts.dedup();
    let counts: Vec<String> = counts.iter().map(usize::to_string).collect();
    let mut cells = vec![task.to_owned(), counts.join("/")];
    cells.extend(arms.iter().map(score));
    for pair in pairs {
        let signed = |value: f64| format!("{:+.2}", 100.0 * value).replace('-', "−");
        cells.push(pair.mean.map_or_else(dash, signed));
        cells.push(pair.interval().map_or_else(dash, |(low, high)| {
            format!("{} to {}", signed(low), signed(high))
        }));
        cells.push(pair.holm_p.map_or_else(dash, |p| format!("{p:.3}")));
    }
    cells
}

/// `62.13 ± 4.04`, with the number of collapsed seeds where there are any.
fn score(arm: &ArmScores) -> String {
    let Some(mean) = arm.mean else {
        return dash();
    };
    let sd = arm
        .sd
        .map(|sd| format!(" ± {}", points(sd)))
        .unwrap_or_default();
    let collapsed = match arm.collapsed {
        0 => String::new(),
        seeds => format!(" ({seeds} collapsed)"),
    };
    format!("{}{sd}{collapsed}", points(mean))
}

fn dash() -> String {
    "–".to_owned()
}
