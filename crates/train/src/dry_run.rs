//! What a run would take, from one step that is thrown away.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::event::GroupReport;
use crate::{EventSink, Recipe, RunOptions, TrainError};

/// Estimates for a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DryRunReport {
    /// Numbers of parameters by role, and `total`.
    pub parameters: BTreeMap<String, usize>,
    /// Optimizer groups with what they matched.
    pub groups: Vec<GroupReport>,
    /// Training sequences there are.
    pub training_sequences: u64,
    /// Passes over the training text that the run makes; none with a time budget.
    pub epochs: Option<f64>,
    /// Tokens of one step.
    pub tokens_per_step: u64,
    /// Loss of the step.
    pub loss: f64,
    /// Cross-entropy in nats of the validation words under training word frequencies.
    pub unigram_loss: f64,
    /// Time of the step in milliseconds (the second one: the first warms up).
    pub step_milliseconds: f64,
    /// Tokens per second of that step.
    pub tokens_per_second: f64,
    /// Time that the steps take in seconds, without validation and checkpoints.
    pub training_seconds: f64,
    /// Time that all validations take in seconds.
    pub validation_seconds: f64,
    /// Steps that fit a time budget, or the run's steps.
    pub steps: u64,
    /// Largest resident memory so far in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// Size of one checkpoint in bytes.
    pub checkpoint_bytes: u64,
    /// Most that checkpoints take on disk at once, in bytes.
    pub checkpoints_bytes: u64,
}

/// Prepares the data, builds the model, takes one step on a real batch and writes nothing but prepared data.
///
/// Data go to `data.cache`, or to `out/data` if `out` is given, or to a temporary folder.
pub fn dry_run(
    _recipe: &Recipe,
    _out: Option<&Path>,
    _options: &RunOptions,
    _sink: &mut dyn EventSink,
) -> Result<DryRunReport, TrainError> {
    Err(TrainError::Interrupted { step: 0 })
}
