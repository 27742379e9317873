//! Fair twins: the same recipe with another activation, trained from equal weights on equal batches, seed by seed.
//!
//! The output folder holds
//!
//! ```text
//! compare.json            the settings; a call with others is refused
//! data/                   the prepared corpus, shared by all cells
//! <arm>/seed-<n>/         a complete run folder; its recipe.toml runs unchanged under `pliant pretrain`
//! results.json            written after every cell and at the end
//! results.md
//! report.html
//! ```

mod error;
mod fairness;
#[cfg(test)]
mod fake;
mod finished;
mod folder;
mod markdown;
mod orchestrate;
mod plan;
mod runner;
mod sentence;
mod tally;
#[cfg(test)]
mod tests;
mod warnings;

use std::path::{Path, PathBuf};

use pliant_train::{Event, StopFlag};

pub use crate::results::{
    ArmHashes, ArmResult, Cells, DeltaLoss, DivergedCell, Fairness, Origin, PairResult, Parameters,
    Results, SeedDelta, SeedHashes, SeedResult,
};
pub use error::CompareError;
pub(crate) use fairness::short as short_hash;
pub(crate) use finished::FinishedCell;

use crate::{ArmList, SeedList};

/// What to compare, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The recipe file; `None` takes the built-in one: preset `tiny` on the generated language.
    pub recipe: Option<PathBuf>,
    /// The arms; `None` takes the recipe's `[[arm]]` tables, or `gelu,rational` where it has none.
    pub arms: Option<ArmList>,
    /// The seeds; `None` takes 1, 2.
    pub seeds: Option<SeedList>,
    /// `train.steps`, over the recipe's.
    pub steps: Option<u64>,
    /// `data.corpus`, over the recipe's: `generated` or a path.
    pub corpus: Option<String>,
    /// Further settings, `key=value`, over the recipe's.
    pub sets: Vec<String>,
    /// The output folder.
    pub out: PathBuf,
    /// Worker threads; `None` takes all cores.
    pub threads: Option<usize>,
    /// The program's version with its commit, for the report.
    pub version: String,
    /// The program's commit, for the headers of saved recipes.
    pub commit: Option<String>,
    /// Raised by the first Ctrl-C: the cell under way writes a checkpoint, then [`CompareError::Interrupted`] is returned.
    pub stop: StopFlag,
}

/// What happens, for whoever shows it.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The plan is made, nothing is trained yet.
    Planned {
        /// The arms' names.
        arms: &'a [String],
        /// The seeds.
        seeds: &'a [u64],
        /// Cells that an earlier call finished.
        finished: usize,
    },
    /// A cell begins, or is skipped because it is finished.
    Cell {
        /// Which.
        cell: Cell<'a>,
        /// What will be done with it.
        state: CellState,
    },
    /// The run of a cell reports.
    Training {
        /// Which.
        cell: Cell<'a>,
        /// What the run says.
        event: &'a Event,
    },
    /// A cell is trained and the results are written anew.
    Finished {
        /// Which.
        cell: Cell<'a>,
        /// All results so far.
        results: &'a Results,
    },
    /// A file is written for the reader.
    Written {
        /// Where.
        path: &'a Path,
    },
}

/// One arm with one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a> {
    /// The arm's name.
    pub arm: &'a str,
    /// The seed.
    pub seed: u64,
    /// Place in the order of training, from 0.
    pub index: usize,
    /// Number of cells.
    pub count: usize,
    /// Its run folder.
    pub folder: &'a Path,
}

/// What a call does with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellState {
    /// Trained from the start.
    New,
    /// Trained on from its last checkpoint.
    Resumed,
    /// Finished by an earlier call, not trained again.
    Finished,
    /// Diverged in an earlier call, not trained again.
    Diverged,
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

/// Trains every cell that is not finished and writes `results.json`, `results.md` and `report.html`.
///
/// # Errors
/// See [`CompareError`]; after any of them a further call goes on where this one ended.
pub fn run(options: &Options, sink: &mut dyn Sink) -> Result<Results, CompareError> {
    orchestrate::run(options, &runner::Training, sink)
}
