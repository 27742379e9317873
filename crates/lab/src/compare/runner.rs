//! Who trains a cell.

use std::path::Path;

use pliant_train::{EventSink, Recipe, RunOptions, RunSummary, TrainError};

/// Turns a recipe into a finished run folder.
pub(super) trait CellRunner {
    /// As [`pliant_train::run`].
    fn run(
        &self,
        recipe: &Recipe,
        out: &Path,
        options: &RunOptions,
        sink: &mut dyn EventSink,
    ) -> Result<RunSummary, TrainError>;
}

/// The real one.
pub(super) struct Training;

impl CellRunner for Training {
    fn run(
        &self,
        recipe: &Recipe,
        out: &Path,
        options: &RunOptions,
        sink: &mut dyn EventSink,
    ) -> Result<RunSummary, TrainError> {
        pliant_train::run(recipe, out, options, sink)
    }
}
