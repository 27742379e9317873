//! One free cell after the other, beside other processes that do the same.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use pliant_train::recipe::nearest;
use pliant_train::{ErrorKind, Event, RunOptions, Start, TrainError};

use super::cell_file::{self, CellError, CellResult};
use super::claim::{Attempt, Claim, Terms};
use super::folder::Folder;
use super::grid::{Cell, Grid, Trial};
use super::runner::{CellRunner, Job};
use super::tuning::{self, Choice};
use super::{
    CellName, CellState, Options, Progress, Sink, SweepError, SweepRecipe, SweepResults, publish,
};

/// Tables are written anew after a cell when they are older than this, and at the end.
const TABLES_EVERY: Duration = Duration::from_secs(30);

/// As [`super::run`], with the cells trained by `runner`.
pub(super) fn run(
    options: &Options,
    runner: &dyn CellRunner,
    sink: &mut dyn Sink,
) -> Result<SweepResults, SweepError> {
    let recipe = SweepRecipe::read(&options.recipe)?;
    let check = |tasks: &[&str]| {
        let checked = runner.check(&recipe, tasks);
        checked.map_err(|error| SweepError::Cell(Box::new(error)))
    };
    // First of all: a mistake that no cell survives must not bind the folder to its recipe.
    let tasks: Vec<&str> = recipe.sweep.tasks.0.iter().map(String::as_str).collect();
    if options.cell.is_none() {
        check(&tasks)?;
    }
    let folder = Folder::open(&options.out, &recipe, runner)?;
    let grid = grid(&folder, runner);
    let wanted = wanted(&grid, options.cell.as_deref())?;
    if let (Some(_), Some(&cell)) = (&options.cell, wanted.first()) {
        check(&[tasks[grid.cells[cell].place.task]])?;
    }
    if options.retry_failed {
        forget_failures(&folder, &grid, &wanted)?;
    }
    let before = publish::standing(&folder, &grid)?;
    sink.progress(&Progress::Planned {
        recipe: &recipe,
        cells: grid.cells.len(),
        finished: before.finished,
        failed: before.failed,
    });
    let mut worker = Worker {
        options,
        runner,
        folder: &folder,
        grid: &grid,
        began: Instant::now(),
        written: Instant::now(),
        trained: 0,
    };
    let interrupted = match worker.work(&wanted, sink) {
        Ok(()) => false,
        Err(SweepError::Interrupted { .. }) => true,
        Err(error) => return Err(error),
    };
    let results = publish::write(&folder, &grid, &options.version, Some(sink))?;
    if interrupted {
        return Err(SweepError::Interrupted {
            finished: results.cells.finished,
            planned: results.cells.planned,
        });
    }
    Ok(results)
}

/// The grid of a folder's sweep.
pub(super) fn grid(folder: &Folder, runner: &dyn CellRunner) -> Grid {
    let learnable: Vec<bool> = folder.arms.iter().map(|arm| arm.learnable).collect();
    Grid::new(&folder.recipe, &learnable, runner)
}

/// Indices of the cells to work on: all, or the one that is named.
fn wanted(grid: &Grid, id: Option<&str>) -> Result<Vec<usize>, SweepError> {
    let Some(id) = id else {
        return Ok((0..grid.cells.len()).collect());
    };
    match grid.cells.iter().position(|cell| cell.id == id) {
        Some(index) => Ok(vec![index]),
        None => Err(SweepError::UnknownCell {
            id: id.to_owned(),
            nearest: nearest(id, grid.cells.iter().map(|cell| cell.id.as_str())),
        }),
    }
}

fn forget_failures(folder: &Folder, grid: &Grid, wanted: &[usize]) -> Result<(), SweepError> {
    for &index in wanted {
        let cell = &grid.cells[index];
        let trials = match cell.trial {
            Trial::Fixed(trial) => trial..trial + 1,
            Trial::Winner => 0..grid.trials,
        };
        for trial in trials {
            cell_file::forget_error(&grid.folder(&folder.path, cell.place, trial, cell.seed))?;
        }
    }
    Ok(())
}

struct Worker<'a> {
    options: &'a Options,
    runner: &'a dyn CellRunner,
    folder: &'a Folder,
    grid: &'a Grid,
    began: Instant,
    written: Instant,
    trained: usize,
}

/// What became of a visit to a cell.
enum Visit {
    /// Nothing to do here now: finished, failed, held by others, or waiting for its learning rate.
    Passed,
    /// Trained to its end, or to its failure.
    Worked,
}

impl Worker<'_> {
    /// Goes through the cells again and again until a whole round finds nothing to do. A cell whose learning rate was not chosen when
    /// it was passed may be ready in the next round.
    fn work(&mut self, wanted: &[usize], sink: &mut dyn Sink) -> Result<(), SweepError> {
        loop {
            let mut worked = false;
            for &index in wanted {
                if self.is_budget_spent() {
                    return Ok(());
                }
                if self.options.stop.is_raised() {
                    return Err(interrupted());
                }
                worked |= matches!(self.visit(index, sink)?, Visit::Worked);
            }
            if !worked {
                return Ok(());
            }
        }
    }

    fn is_budget_spent(&self) -> bool {
        let budget = &self.options.budget;
        budget.cells.is_some_and(|most| self.trained >= most)
            || budget
                .minutes
                .is_some_and(|most| self.began.elapsed().as_secs_f64() >= 60.0 * most)
    }

    fn visit(&mut self, index: usize, sink: &mut dyn Sink) -> Result<Visit, SweepError> {
        let cell = &self.grid.cells[index];
        let trial = match cell.trial {
            Trial::Fixed(trial) => trial,
            Trial::Winner => match tuning::choose(self.folder, self.grid, cell.place)? {
                Choice::Chosen(trial) => trial,
                Choice::Missing(missing) if self.options.cell.is_some() => {
                    return Err(SweepError::NotTuned {
                        id: cell.id.clone(),
                        missing,
                    });
                }
                Choice::Missing(_) | Choice::AllFailed => return Ok(Visit::Passed),
            },
        };
        let folder = self
            .grid
            .folder(&self.folder.path, cell.place, trial, cell.seed);
        if is_over(&folder)? {
            return Ok(Visit::Passed);
        }
        fs::create_dir_all(&folder).map_err(SweepError::io("create", &folder))?;
        let claim = match Claim::attempt(&folder, Terms::default()) {
            Ok(Attempt::Won(claim)) => claim,
            Ok(Attempt::Busy) => return Ok(Visit::Passed),
            Err(error) => return Err(SweepError::io("claim", &folder)(error)),
        };
        // Somebody may have finished it between the look and the claim.
        if is_over(&folder)? {
            return Ok(Visit::Passed);
        }
        self.train(index, cell, trial, &folder, &claim, sink)?;
        drop(claim);
        self.trained += 1;
        if self.written.elapsed() >= TABLES_EVERY {
            publish::write(self.folder, self.grid, &self.options.version, None)?;
            self.written = Instant::now();
        }
        Ok(Visit::Worked)
    }

    fn train(
        &self,
        index: usize,
        cell: &Cell,
        trial: usize,
        folder: &Path,
        claim: &Claim,
        sink: &mut dyn Sink,
    ) -> Result<(), SweepError> {
        let recipe = &self.folder.recipe;
        let (sweep, model) = (&recipe.sweep, &recipe.models[cell.place.model]);
        let rates = recipe.trials(cell.place.model)[trial];
        let job = Job {
            recipe,
            model: &model.folder,
            task: &sweep.tasks.0[cell.place.task],
            mode: &sweep.modes.0[cell.place.mode],
            size: sweep.sizes.0[cell.place.size],
            seed: cell.seed,
            rates,
            out: folder.join(cell_file::RUN),
        };
        let name = CellName {
            id: &cell.id,
            index,
            count: self.grid.cells.len(),
        };
        let state = if job.out.join("checkpoints").is_dir() {
            CellState::Resumed
        } else {
            CellState::New
        };
        sink.progress(&Progress::Cell {
            cell: name,
            rates,
            state,
        });
        let run_options = RunOptions {
            start: Start::Continue,
            threads: self.options.threads,
            stop: self.options.stop.clone(),
            commit: self.options.commit.clone(),
            ..RunOptions::default()
        };
        let began = Instant::now();
        let mut pass_on = |event: &Event| sink.progress(&Progress::Training { cell: name, event });
        let outcome = self.runner.run(&job, &run_options, &mut pass_on);
        if claim.is_lost()
            && !matches!(&outcome, Err(error) if error.kind() == ErrorKind::Interrupted)
        {
            // Who took the cell over comes to the same result, and records it.
            return Ok(());
        }
        match outcome {
            Ok(outcome) if !(outcome.score.is_finite() && outcome.validation_score.is_finite()) => {
                let failure = CellError {
                    message: "the score is not a number".to_owned(),
                    hint: Some("a lower learning rate may help".to_owned()),
                };
                record(&failure, folder, name, sink)
            }
            Ok(outcome) => {
                let result = CellResult {
                    task: job.task.to_owned(),
                    mode: job.mode.to_owned(),
                    size: job.size.to_string(),
                    arm: model.name.clone(),
                    seed: cell.seed,
                    trial: trial + 1,
                    rates,
                    outcome,
                    seconds: began.elapsed().as_secs_f64(),
                    version: self.options.version.clone(),
                };
                cell_file::finish(folder, &result, sweep.keep_models)?;
                sink.progress(&Progress::Finished {
                    cell: name,
                    result: &result,
                });
                Ok(())
            }
            Err(error) => failed(&error, folder, name, sink),
        }
    }
}

/// A cell that fails does not stop the others; an interruption does.
fn failed(
    error: &TrainError,
    folder: &Path,
    name: CellName<'_>,
    sink: &mut dyn Sink,
) -> Result<(), SweepError> {
    if error.kind() == ErrorKind::Interrupted {
        return Err(interrupted());
    }
    let failure = CellError {
        message: error.to_string(),
        hint: error.hint(),
    };
    record(&failure, folder, name, sink)
}

fn record(
    error: &CellError,
    folder: &Path,
    cell: CellName<'_>,
    sink: &mut dyn Sink,
) -> Result<(), SweepError> {
    cell_file::fail(folder, error)?;
    sink.progress(&Progress::Failed { cell, error });
    Ok(())
}

fn is_over(folder: &Path) -> Result<bool, SweepError> {
    Ok(cell_file::result(folder)?.is_some() || cell_file::error(folder)?.is_some())
}

/// The numbers are filled in when the tables are made.
fn interrupted() -> SweepError {
    SweepError::Interrupted {
        finished: 0,
        planned: 0,
    }
}
