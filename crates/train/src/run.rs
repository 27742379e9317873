//! A run from recipe to run folder.

use std::path::Path;

use crate::{EventSink, Recipe, RunSummary, StopFlag, TrainError};

/// How a run treats what its folder holds already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// The folder must not hold a run.
    #[default]
    Fresh,
    /// The folder must hold a run with a completed checkpoint (`--resume`).
    Resume,
    /// Goes on where the folder's run stopped, from the beginning where it has no completed checkpoint; the recipe must be the same.
    Continue,
}

/// What is no part of the recipe because it may not change the result.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// How to treat an existing run.
    pub start: Start,
    /// Threads; none for the process's default (`RAYON_NUM_THREADS`, else all cores).
    pub threads: Option<usize>,
    /// Request to stop.
    pub stop: StopFlag,
    /// Commit of the program, for the header of the saved recipe.
    pub commit: Option<String>,
}

/// Runs a recipe into the run folder `out`.
///
/// A finished run that is resumed (or continued) returns its summary at once.
///
/// # Errors
/// See [`TrainError`]; [`TrainError::Interrupted`] after [`StopFlag::raise`].
pub fn run(
    _recipe: &Recipe,
    _out: &Path,
    _options: &RunOptions,
    _sink: &mut dyn EventSink,
) -> Result<RunSummary, TrainError> {
    Err(TrainError::Interrupted { step: 0 })
}
