//! Who trains a cell.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pliant_train::{EventSink, RunOptions, TrainError};
use serde::{Deserialize, Serialize};

use super::choice::Size;
use super::rates::Rates;
use super::recipe::SweepRecipe;

/// One fine-tuning run, complete.
#[derive(Debug)]
pub(super) struct Job<'a> {
    /// What all cells share.
    pub(super) recipe: &'a SweepRecipe,
    /// Folder of the pre-trained model.
    pub(super) model: &'a Path,
    /// The task's text form.
    pub(super) task: &'a str,
    /// The mode's text form.
    pub(super) mode: &'a str,
    /// Training examples.
    pub(super) size: Size,
    /// The seed.
    pub(super) seed: u64,
    /// Its learning rates.
    pub(super) rates: Rates,
    /// The folder of the run.
    pub(super) out: PathBuf,
}

/// What a run comes to, as far as tables need it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Trained numbers.
    pub trainable_parameters: usize,
    /// Metrics of the best epoch on the validation part.
    pub validation: BTreeMap<String, f64>,
    /// Metrics on the test part; `None` where it has no labels.
    pub test: Option<BTreeMap<String, f64>>,
    /// The task's own measure on the validation part, which chooses among trials.
    pub validation_score: f64,
    /// The task's own measure on the part that tables report: test, or validation where there is no test.
    pub score: f64,
    /// The best that a constant answer scores on the same rows; `None` where the task has no constant answer.
    pub constant_score: Option<f64>,
    /// Rows that `score` is measured on.
    pub rows: usize,
    /// The epoch whose weights were kept, from 1.
    pub best_epoch: u64,
    /// Epochs trained.
    pub epochs: u64,
    /// Optimizer steps trained.
    pub steps: u64,
    /// Hash of the rows trained and validated on.
    pub data: String,
}

/// Whether an arm trains in a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applies {
    /// It does.
    Trains,
    /// It comes to the same as this mode.
    As(&'static str),
    /// The mode has nothing to train in this arm.
    Not,
}

/// Turns a job into a finished run.
pub(super) trait CellRunner {
    /// Whether the activations of the model in a folder have coefficients.
    fn is_learnable(&self, model: &Path) -> Result<bool, TrainError>;

    /// What a mode is for an arm with or without activation coefficients.
    fn applies(&self, mode: &str, learnable: bool) -> Applies;

    /// Finds what every cell of `tasks` would fail on, before the first is trained.
    fn check(&self, recipe: &SweepRecipe, tasks: &[&str]) -> Result<(), TrainError>;

    /// Trains. A run that was interrupted goes on.
    fn run(
        &self,
        job: &Job<'_>,
        options: &RunOptions,
        sink: &mut dyn EventSink,
    ) -> Result<Outcome, TrainError>;
}
