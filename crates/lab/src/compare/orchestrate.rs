//! One cell after the other, results after each.

use pliant_train::{ErrorKind, Event, RunOptions, Start};

use super::finished::{self, FinishedCell};
use super::folder::Folder;
use super::plan::{Plan, PlannedCell};
use super::runner::CellRunner;
use super::{
    Cell, CellState, CompareError, DivergedCell, Options, Progress, Results, Sink, markdown, tally,
};
use crate::report;

/// As [`super::run`], with the cells trained by `runner`.
pub(super) fn run(
    options: &Options,
    runner: &dyn CellRunner,
    sink: &mut dyn Sink,
) -> Result<Results, CompareError> {
    let plan = Plan::new(options)?;
    let folder = Folder::open(&options.out, &plan, options.commit.as_deref())?;
    let mut states = Vec::with_capacity(plan.cells.len());
    for cell in &plan.cells {
        states.push(match finished::is_finished(cell)? {
            true => CellState::Finished,
            false if divergence(&plan, cell)?.is_some() => CellState::Diverged,
            false if finished::is_begun(cell) => CellState::Resumed,
            false => CellState::New,
        });
    }
    let done = states
        .iter()
        .filter(|state| matches!(state, CellState::Finished | CellState::Diverged))
        .count();
    sink.progress(&Progress::Planned {
        arms: &plan.names(),
        seeds: plan.seeds.as_slice(),
        finished: done,
    });

    let mut cells: Vec<FinishedCell> = Vec::new();
    let mut diverged: Vec<DivergedCell> = Vec::new();
    for (index, (planned, state)) in plan.cells.iter().zip(&states).enumerate() {
        let cell = Cell {
            arm: &plan.arms[planned.arm].name,
            seed: planned.seed,
            index,
            count: plan.cells.len(),
            folder: &planned.folder,
        };
        let is_new = matches!(state, CellState::New | CellState::Resumed);
        let ended = cells.len() + diverged.len();
        if is_new && options.stop.is_raised() {
            return Err(CompareError::Interrupted {
                finished: ended.max(done),
                planned: plan.cells.len(),
            });
        }
        sink.progress(&Progress::Cell {
            cell,
            state: *state,
        });
        if is_new {
            train(options, runner, planned, cell, ended, sink)?;
        }
        let divergence = match state {
            CellState::Finished => None,
            _ => divergence(&plan, planned)?,
        };
        match divergence {
            Some(divergence) => diverged.push(divergence),
            None => cells.push(finished::read(planned)?),
        }
        if is_new {
            let results = write(&folder, &plan, &cells, &diverged, options, None)?;
            sink.progress(&Progress::Finished {
                cell,
                results: &results,
            });
        }
    }
    // Also when nothing was left to train: the program that shows the results may be newer than the one that wrote them.
    write(&folder, &plan, &cells, &diverged, options, Some(sink))
}

fn divergence(plan: &Plan, cell: &PlannedCell) -> Result<Option<DivergedCell>, CompareError> {
    finished::divergence(cell, &plan.arms[cell.arm].name)
}

/// Trains a cell to its end; a divergence is one.
fn train(
    options: &Options,
    runner: &dyn CellRunner,
    planned: &PlannedCell,
    cell: Cell<'_>,
    finished: usize,
    sink: &mut dyn Sink,
) -> Result<(), CompareError> {
    let run_options = RunOptions {
        start: Start::Continue,
        threads: options.threads,
        stop: options.stop.clone(),
        commit: options.commit.clone(),
        ..RunOptions::default()
    };
    let mut pass_on = |event: &Event| sink.progress(&Progress::Training { cell, event });
    match runner.run(&planned.recipe, &planned.folder, &run_options, &mut pass_on) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::Diverged => Ok(()),
        Err(error) if error.kind() == ErrorKind::Interrupted => Err(CompareError::Interrupted {
            finished,
            planned: cell.count,
        }),
        Err(source) => Err(CompareError::Cell {
            arm: cell.arm.to_owned(),
            seed: cell.seed,
            source: Box::new(source),
        }),
    }
}

/// Writes what is known so far, for people and for programs.
fn write(
    folder: &Folder,
    plan: &Plan,
    cells: &[FinishedCell],
    diverged: &[DivergedCell],
    options: &Options,
    sink: Option<&mut dyn Sink>,
) -> Result<Results, CompareError> {
    let results = tally::results(
        plan,
        cells,
        diverged,
        &options.version,
        options.commit.as_deref(),
    )?;
    let json =
        serde_json::to_string_pretty(&results).map_err(|error| CompareError::Unreadable {
            path: options.out.join("results.json"),
            reason: error.to_string(),
        })?;
    let written = [
        folder.write("results.json", &json)?,
        folder.write("results.md", &markdown::render(&results))?,
        folder.write("report.html", &report::compare::render(&results, cells)?)?,
    ];
    if let Some(sink) = sink {
        for path in &written {
            sink.progress(&Progress::Written { path });
        }
    }
    Ok(results)
}
