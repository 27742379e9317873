//! The outcome of a comparison, as it stands in `results.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::statistics::Spread;

/// Everything a comparison says; `results.json` and `--json` are this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// What the numbers allow to be said, in words.
    pub sentence: String,
    /// Whether every cell is trained; `results.json` is also written in between.
    pub complete: bool,
    /// Finished and planned cells.
    pub cells: Cells,
    /// Cells whose training ended in a loss or gradient that is not finite; they are in no mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diverged: Vec<DivergedCell>,
    /// The arms, in the order given; the first is the baseline.
    pub arms: Vec<ArmResult>,
    /// Each further arm against the baseline; empty with one arm.
    pub pairs: Vec<PairResult>,
    /// The proof that the arms started and were fed alike.
    pub fairness: Fairness,
    /// Validation loss, in nats, of word frequencies alone; `None` before the first cell, or when the arms' data differ.
    pub unigram_loss: Option<f64>,
    /// What a reader must know before believing the numbers.
    pub warnings: Vec<String>,
    /// Where the numbers come from.
    pub origin: Origin,
}

/// A cell that has no end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DivergedCell {
    /// The arm.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// The step that was not applied.
    pub step: u64,
    /// Layer or tensor where the first value that is not finite appeared.
    pub place: String,
}

/// How far the comparison is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cells {
    /// Trained to the end.
    pub finished: usize,
    /// Arms times seeds.
    pub planned: usize,
}

/// One arm over its seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmResult {
    /// Its name.
    pub name: String,
    /// The activation's text form.
    pub activation: String,
    /// Trainable numbers.
    pub parameters: Parameters,
    /// One entry for each finished seed.
    pub seeds: Vec<SeedResult>,
    /// Validation perplexity over the seeds.
    pub perplexity: Spread,
    /// Validation loss, in nats per masked token, over the seeds.
    pub validation_loss: Spread,
    /// Tokens over the median step, over the seeds.
    pub tokens_per_second: Spread,
    /// The largest peak of resident memory among the seeds.
    pub peak_memory_bytes: Option<u64>,
    /// The name of the arm's folder under the output folder.
    pub folder: String,
}

/// Counts of trainable numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// All.
    pub total: usize,
    /// Coefficients of activations.
    pub activation: usize,
    /// By role.
    pub by_role: BTreeMap<String, usize>,
}

/// One finished cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeedResult {
    /// Its seed.
    pub seed: u64,
    /// Nats per masked token at the last step.
    pub validation_loss: f64,
    /// exp(validation loss).
    pub perplexity: f64,
    /// Tokens over the median step, without start-up, validation and checkpoints.
    pub tokens_per_second: f64,
    /// Optimizer steps taken.
    pub steps: u64,
    /// Share of masked tokens whose most likely word is the right one.
    pub masked_accuracy: f64,
    /// Peak of resident memory; `None` where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
}

/// An arm against the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairResult {
    /// The first arm.
    pub baseline: String,
    /// The other.
    pub arm: String,
    /// Validation loss of the arm minus that of the baseline, paired by seed; negative is better.
    pub delta_loss: DeltaLoss,
}

/// The difference of two arms' losses over their common seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeltaLoss {
    /// Mean difference, in nats; `None` without a common seed.
    pub mean: Option<f64>,
    /// Lower end of the 95 % t-interval; `None` with one seed.
    pub low: Option<f64>,
    /// Upper end of the 95 % t-interval; `None` with one seed.
    pub high: Option<f64>,
    /// Two-sided p of the paired t-test; `None` with one seed.
    pub p: Option<f64>,
    /// Two-sided p of the sign-flip test; `None` below eight seeds.
    pub sign_flip_p: Option<f64>,
    /// Sample standard deviation of the differences; `None` with one seed.
    pub sd: Option<f64>,
    /// The differences themselves.
    pub by_seed: Vec<SeedDelta>,
}

/// One paired difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SeedDelta {
    /// The common seed.
    pub seed: u64,
    /// Arm minus baseline, in nats.
    pub delta: f64,
}

/// What was the same in all arms, and the proof.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fairness {
    /// Whether, seed by seed, initial weights, batches and masks have the same hash in every arm.
    pub equal: bool,
    /// What differs because an `[[arm]]` table changes it; empty where `equal`.
    pub differs: Vec<String>,
    /// Recipes tried for each arm before these numbers: this comparison tunes nothing.
    pub trials_per_arm: usize,
    /// The hashes.
    pub arms: Vec<ArmHashes>,
}

/// Hashes of one arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmHashes {
    /// The arm's name.
    pub arm: String,
    /// One entry for each finished seed.
    pub seeds: Vec<SeedHashes>,
}

/// Hashes of one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedHashes {
    /// The cell's seed.
    pub seed: u64,
    /// Of all initial weights that are no activation coefficients.
    pub initial_weights: String,
    /// Of the sequences of every step.
    pub batches: String,
    /// Of the masked positions and their replacements.
    pub masks: String,
}

/// Program, machine and settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The program's version, with its commit where known.
    pub version: String,
    /// Processor, cores, vector extensions, memory, in words.
    pub machine: String,
    /// The seeds, in the order given.
    pub seeds: Vec<u64>,
    /// The recipe shared by the arms, as TOML.
    pub recipe: String,
}
