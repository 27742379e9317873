//! What a finished run reports: `summary.json` of a run folder.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::shapes::SiteCoefficients;

/// Name of the summary inside a run folder; it exists once the run is finished.
pub const SUMMARY_FILE: &str = "summary.json";

/// Hashes (SHA-256, hexadecimal) that prove that two runs started and fed alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FairnessHashes {
    /// Names, shapes and initial values of every tensor that is no activation coefficient.
    pub initial_weights: String,
    /// Chained over the steps: (epoch, sequence) of every row of every batch.
    pub batches: String,
    /// Chained over the steps: masked positions, the ids put there, and the labels.
    pub masks: String,
}

/// Result of a finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Steps taken.
    pub steps: u64,
    /// Whether early stopping ended the run.
    pub stopped_early: bool,
    /// Mean masked-token cross-entropy in nats on the fixed validation masks, after the last step.
    pub validation_loss: f64,
    /// `exp(validation_loss)`.
    pub perplexity: f64,
    /// Fraction of masked validation tokens whose most probable word is the right one.
    pub masked_accuracy: f64,
    /// Masked tokens that validation scored.
    pub validation_tokens: u64,
    /// Step with the lowest validation loss.
    pub best_step: u64,
    /// Validation loss at `best_step`.
    pub best_validation_loss: f64,
    /// Cross-entropy in nats of the validation words under the word frequencies of the training text.
    pub unigram_loss: f64,
    /// Mean training loss over the last steps (at most 100).
    pub training_loss: f64,
    /// Tokens of a step over the median time of a step, without start-up, validation and checkpoints.
    pub tokens_per_second: f64,
    /// Median time of a step in milliseconds.
    pub step_milliseconds: f64,
    /// Time used by training in seconds, over all interruptions, with validation and checkpoints.
    pub elapsed_seconds: f64,
    /// Largest resident memory of the process during the run in bytes, where the system tells it.
    pub peak_memory_bytes: Option<u64>,
    /// Numbers of parameters by role, and `total`.
    pub parameters: BTreeMap<String, usize>,
    /// Proof of equal start and equal feed.
    pub fairness: FairnessHashes,
    /// Coefficients of every learnable site after the last step.
    pub coefficients: Vec<SiteCoefficients>,
    /// Text form of the activation.
    pub activation: String,
    /// What the operands of matrix products were rounded to, `f32` or `bf16`.
    #[serde(default = "crate::precision::before_the_key")]
    pub precision: String,
    /// Seed of the run.
    pub seed: u64,
}
