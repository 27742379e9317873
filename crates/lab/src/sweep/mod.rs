//! Sweeps: a grid of fine-tuning runs, worked through by any number of processes, and what it allows to be said.
//!
//! The output folder holds
//!
//! ```text
//! sweep.toml                                  the complete recipe; a call with another is refused
//! models.json                                 the hash of each arm's weights; other weights are refused
//! cells/<task>/<mode>/<size>/<arm>/seed-<n>/  a cell (below trial-<k>/ where learning rates are searched)
//!   claim-<n>.json                            who works on it; the highest number counts
//!   run/                                      the folder of the run, without its weights unless they are to be kept
//!   result.json                               finished
//!   error.json                                failed
//! results.{json,md,csv,tex}, pairs.csv, seeds.csv, report.html
//! ```

mod cell_file;
mod choice;
mod claim;
mod error;
#[cfg(test)]
mod fake;
mod finetuning;
mod folder;
mod grid;
mod names;
mod plan;
mod process;
mod publish;
mod rates;
mod recipe;
mod results;
mod runner;
mod sentence;
pub(crate) mod tables;
mod tally;
#[cfg(test)]
mod tests;
mod tuning;
mod work;

use std::path::{Path, PathBuf};

use pliant_train::{Event, StopFlag};

pub use cell_file::{CellError, CellResult};
pub use choice::{Dimension, Modes, Order, Seeds, Size, Sizes, Tasks};
pub use error::SweepError;
pub use plan::PlanForm;
pub use rates::Rates;
pub use recipe::{FinetuneTable, ModelTable, SweepRecipe, SweepTable, TuningTable};
pub use results::{
    ArmScores, Average, Cells, FailedCell, Group, ModelInfo, PairScores, SeedScore, SweepResults,
    TaskScores,
};
pub use runner::Outcome;
pub(crate) use sentence::examples;

/// What to train, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The recipe.
    pub recipe: PathBuf,
    /// The output folder.
    pub out: PathBuf,
    /// When to stop beginning new cells.
    pub budget: Budget,
    /// Only this cell.
    pub cell: Option<String>,
    /// Try cells again that failed in an earlier call.
    pub retry_failed: bool,
    /// Worker threads; `None` takes all cores.
    pub threads: Option<usize>,
    /// The program's version with its commit.
    pub version: String,
    /// The program's commit, for the headers of saved recipes.
    pub commit: Option<String>,
    /// Raised by the first Ctrl-C: the cell under way stops where it can go on, then [`SweepError::Interrupted`] is returned.
    pub stop: StopFlag,
}

/// How much one call does. Without bounds, every cell that is free.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Budget {
    /// At most so many cells are trained, failed ones included.
    pub cells: Option<usize>,
    /// No cell begins after so many minutes; one that has begun is finished.
    pub minutes: Option<f64>,
}

/// What happens, for whoever shows it.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The grid is known, nothing is trained yet.
    Planned {
        /// The recipe.
        recipe: &'a SweepRecipe,
        /// All cells.
        cells: usize,
        /// Cells that are finished.
        finished: usize,
        /// Cells that failed.
        failed: usize,
    },
    /// A cell begins.
    Cell {
        /// Which.
        cell: CellName<'a>,
        /// Its learning rates.
        rates: Rates,
        /// From where.
        state: CellState,
    },
    /// The run of a cell reports.
    Training {
        /// Which.
        cell: CellName<'a>,
        /// What the run says.
        event: &'a Event,
    },
    /// A cell is finished.
    Finished {
        /// Which.
        cell: CellName<'a>,
        /// What it came to.
        result: &'a CellResult,
    },
    /// A cell failed; the others go on.
    Failed {
        /// Which.
        cell: CellName<'a>,
        /// Why.
        error: &'a CellError,
    },
    /// A file is written for the reader.
    Written {
        /// Where.
        path: &'a Path,
    },
}

/// A cell for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellName<'a> {
    /// Its name: task, mode, size, arm, trial and seed.
    pub id: &'a str,
    /// Its place in the order of priority, from 0.
    pub index: usize,
    /// Number of cells.
    pub count: usize,
}

/// What a call does with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellState {
    /// Trained from the start.
    New,
    /// Trained on from its last checkpoint.
    Resumed,
}

/// Receives [`Progress`].
pub trait Sink: Send {
    /// Called on the calling thread, in order.
    fn progress(&mut self, progress: &Progress<'_>);
}

impl<F: FnMut(&Progress<'_>) + Send> Sink for F {
    fn progress(&mut self, progress: &Progress<'_>) {
        self(progress);
    }
}

/// Trains cells that are neither finished nor failed nor held by another process, within the budget, and writes all tables.
///
/// # Errors
/// See [`SweepError`]; after any of them a further call goes on where this one ended. A cell that fails is no error.
pub fn run(options: &Options, sink: &mut dyn Sink) -> Result<SweepResults, SweepError> {
    work::run(options, &finetuning::Finetuning::default(), sink)
}

/// Writes all tables of the sweep in `folder` from whatever is finished.
///
/// # Errors
/// The folder holds no sweep, or a file cannot be read or written.
pub fn collect(
    folder: &Path,
    version: &str,
    sink: &mut dyn Sink,
) -> Result<SweepResults, SweepError> {
    publish::collect(folder, &finetuning::Finetuning::default(), version, sink)
}

/// The cells of a recipe as commands.
///
/// # Errors
/// The recipe is wrong, or a model folder cannot be read.
pub fn plan(recipe: &Path, out: &Path, form: PlanForm) -> Result<String, SweepError> {
    plan::render(recipe, out, form, &finetuning::Finetuning::default())
}
