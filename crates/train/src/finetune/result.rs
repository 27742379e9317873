//! What a fine-tuning reports: `result.json` of a seed, and the result over seeds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Mode;
use crate::shapes::SiteCoefficients;

/// Metrics by name.
pub type Metrics = BTreeMap<String, f64>;

/// Result of one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// Metrics of the best epoch on the validation part; with several parts their mean, and each as `accuracy_matched`.
    pub validation: Metrics,
    /// Metrics of the best epoch on the test part; none where there is no test part.
    pub test: Option<Metrics>,
    /// The task.
    pub task: String,
    /// What trained.
    pub mode: Mode,
    /// `paper` or `standard`.
    pub protocol: String,
    /// The metric that chose the best epoch.
    pub primary: String,
    /// Numbers that trained.
    pub trainable_parameters: usize,
    /// Those numbers by part, as in [`Selection::counts`](super::Selection::counts).
    pub trained: BTreeMap<String, usize>,
    /// Numbers of the whole model by role, and `total`.
    pub parameters: BTreeMap<String, usize>,
    /// Epoch of the reported weights, from 1.
    pub best_epoch: u64,
    /// Epochs that were trained.
    pub epochs: u64,
    /// Steps that were trained.
    pub steps: u64,
    /// Whether patience ended the training.
    pub stopped_early: bool,
    /// Rows (questions) by part.
    pub rows: BTreeMap<String, usize>,
    /// How the rows were chosen, a line for each part.
    pub stated: Vec<String>,
    /// `SQuAD` v2.0: above which difference of scores "no answer" is the answer, chosen on the validation part.
    pub null_threshold: Option<f64>,
    /// Mean training loss over the last steps (at most 100).
    pub training_loss: f64,
    /// What seeds and arms are compared by.
    pub fairness: TaskFairness,
    /// Coefficients of every learnable site, of the best epoch.
    pub coefficients: Vec<SiteCoefficients>,
    /// Text form of the activation.
    pub activation: String,
    /// What the operands of matrix products were rounded to.
    pub precision: String,
    /// Median time of a step in milliseconds.
    pub step_milliseconds: f64,
    /// Time used by training in seconds, over all interruptions, with validation.
    pub elapsed_seconds: f64,
    /// Largest resident memory of the process during the run in bytes, where the system tells it.
    pub peak_memory_bytes: Option<u64>,
}

/// Hashes (SHA-256, hexadecimal) that prove that two fine-tunings began and were fed alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFairness {
    /// The rows of all parts.
    pub rows: String,
    /// Names, shapes and initial values of every tensor that is no activation coefficient.
    pub initial_weights: String,
    /// Chained over the steps: epoch and row of every sequence.
    pub batches: String,
    /// Chained over the steps: what was to be predicted.
    pub targets: String,
}

/// Mean and standard deviation over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation of the sample; none for one seed.
    pub sd: Option<f64>,
}

/// Result over seeds, as `pliant finetune --json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinetuneResult {
    /// The task.
    pub task: String,
    /// What trained.
    pub mode: Mode,
    /// Numbers that trained.
    pub trainable_parameters: usize,
    /// The metric that chose the best epochs.
    pub primary: String,
    /// Every seed.
    pub seeds: Vec<SeedResult>,
    /// Over the seeds, on the validation part.
    pub validation: BTreeMap<String, Spread>,
    /// Over the seeds, on the test part; none where there is no test part.
    pub test: Option<BTreeMap<String, Spread>>,
}

impl FinetuneResult {
    /// The result of seeds of one task and mode; none without a seed.
    pub fn of(seeds: Vec<SeedResult>) -> Option<Self> {
        let first = seeds.first()?;
        let test: Option<Vec<&Metrics>> = seeds.iter().map(|seed| seed.test.as_ref()).collect();
        Some(Self {
            task: first.task.clone(),
            mode: first.mode,
            trainable_parameters: first.trainable_parameters,
            primary: first.primary.clone(),
            validation: spreads(
                &seeds
                    .iter()
                    .map(|seed| &seed.validation)
                    .collect::<Vec<_>>(),
            ),
            test: test.map(|test| spreads(&test)),
            seeds,
        })
    }
}

/// Of every metric that all seeds have.
fn spreads(seeds: &[&Metrics]) -> BTreeMap<String, Spread> {
    let Some((first, _)) = seeds.split_first() else {
        return BTreeMap::new();
    };
    first
        .keys()
        .filter_map(|name| {
            let values: Option<Vec<f64>> =
                seeds.iter().map(|seed| seed.get(name).copied()).collect();
            Some((name.clone(), Spread::of(&values?)))
        })
        .collect()
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self {
            mean,
            sd: (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn spreads_are_of_the_sample() {
        let spread = Spread::of(&[1.0, 2.0, 3.0, 6.0]);
        assert_eq!(spread.mean, 3.0);
        assert!((spread.sd.unwrap() - (14.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(Spread::of(&[2.0]).sd, None);
        assert!(FinetuneResult::of(Vec::new()).is_none());
    }

    #[test]
    fn metrics_that_a_seed_lacks_are_left_out() {
        let seed = |names: &[&str]| -> Metrics {
            names.iter().map(|name| ((*name).to_owned(), 1.0)).collect()
        };
        let spreads = spreads(&[&seed(&["a", "b"]), &seed(&["a"])]);
        assert_eq!(spreads.keys().collect::<Vec<_>>(), ["a"]);
    }
}
