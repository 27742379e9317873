//! `state.json` of a checkpoint: everything of the loop that is no tensor.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::exact;

/// Step times and losses that are remembered.
const REMEMBERED_TIMES: usize = 1000;
const REMEMBERED_LOSSES: usize = 100;

/// A validation result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Validated {
    /// Step of the weights.
    pub(crate) step: u64,
    /// Mean loss over masked tokens in nats.
    #[serde(with = "exact")]
    pub(crate) loss: f64,
    /// Fraction of masked tokens found.
    #[serde(with = "exact")]
    pub(crate) masked_accuracy: f64,
    /// Masked tokens scored; sequences in fine-tuning.
    pub(crate) tokens: u64,
    /// What a task is judged by; none in pre-training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<TaskScores>,
}

/// The metrics of a task on its validation part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TaskScores {
    /// What the best epoch is chosen by; more is better.
    #[serde(with = "exact")]
    pub(crate) primary: f64,
    /// Every metric by name.
    #[serde(with = "exact::map")]
    pub(crate) metrics: BTreeMap<String, f64>,
}

impl Validated {
    /// Whether this result is to be preferred: by the task's metric where there is one, else by the loss. Of equal ones the
    /// first is kept.
    fn is_better_than(&self, other: &Self) -> bool {
        match (&self.task, &other.task) {
            (Some(own), Some(other)) => {
                own.primary > other.primary || (other.primary.is_nan() && !own.primary.is_nan())
            }
            _ => self.loss < other.loss,
        }
    }
}

/// State of the loop behind a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Steps applied.
    pub(crate) step: u64,
    /// Training time used, over all interruptions, in seconds.
    #[serde(with = "exact")]
    pub(crate) elapsed_seconds: f64,
    /// Hash of the prepared data.
    pub(crate) data: String,
    /// Hash of the initial weights without activation coefficients.
    pub(crate) initial_weights: String,
    /// Chained digest of the batches.
    pub(crate) batches: String,
    /// Chained digest of the masks.
    pub(crate) masks: String,
    /// The last validation.
    pub(crate) last_validation: Option<Validated>,
    /// The best validation, the one before the first step left out.
    pub(crate) best: Option<Validated>,
    /// Validations in a row without a new best.
    pub(crate) validations_without_best: u64,
    /// Whether early stopping ended the run.
    pub(crate) stopped_early: bool,
    /// Times of the last steps in milliseconds.
    #[serde(with = "exact::list")]
    pub(crate) step_milliseconds: VecDeque<f64>,
    /// Training losses of the last steps.
    #[serde(with = "exact::list")]
    pub(crate) losses: VecDeque<f64>,
    /// Largest resident memory so far in bytes.
    pub(crate) peak_memory_bytes: Option<u64>,
    /// What [`crate::health`] has warned of.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) warned: BTreeSet<String>,
    /// Version of the program that wrote it.
    pub(crate) program: String,
}

impl State {
    /// Before the first step.
    pub(crate) fn new(data: String, initial_weights: String) -> Self {
        Self {
            step: 0,
            elapsed_seconds: 0.0,
            data,
            initial_weights,
            batches: String::new(),
            masks: String::new(),
            last_validation: None,
            best: None,
            validations_without_best: 0,
            stopped_early: false,
            step_milliseconds: VecDeque::new(),
            losses: VecDeque::new(),
            peak_memory_bytes: None,
            warned: BTreeSet::new(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Notes an applied step.
    pub(crate) fn advance(&mut self, loss: f64, milliseconds: f64, digests: (String, String)) {
        self.step += 1;
        (self.batches, self.masks) = digests;
        remember(&mut self.step_milliseconds, milliseconds, REMEMBERED_TIMES);
        remember(&mut self.losses, loss, REMEMBERED_LOSSES);
    }

    /// Perplexity of a loss; the largest finite number where it overflows, because JSON has no infinity.
    pub(crate) fn perplexity(loss: f64) -> f64 {
        loss.exp().min(f64::MAX)
    }

    /// Notes a validation; returns whether it is a new best.
    pub(crate) fn validated(&mut self, result: Validated) -> bool {
        self.last_validation = Some(result.clone());
        if result.step == 0 {
            return false;
        }
        let is_best = self
            .best
            .as_ref()
            .is_none_or(|best| result.is_better_than(best));
        if is_best {
            self.best = Some(result);
            self.validations_without_best = 0;
        } else {
            self.validations_without_best += 1;
        }
        is_best
    }

    /// Median time of the remembered steps in milliseconds; 0 without any.
    pub(crate) fn median_step_milliseconds(&self) -> f64 {
        let mut times: Vec<f64> = self.step_milliseconds.iter().copied().collect();
        times.sort_by(f64::total_cmp);
        match times.len() {
            0 => 0.0,
            count if count % 2 == 1 => times[count / 2],
            count => f64::midpoint(times[count / 2 - 1], times[count / 2]),
        }
    }

    /// Mean of the remembered training losses; 0 without any.
    pub(crate) fn recent_loss(&self) -> f64 {
        if self.losses.is_empty() {
            0.0
        } else {
            self.losses.iter().sum::<f64>() / self.losses.len() as f64
        }
    }
}

fn remember(values: &mut VecDeque<f64>, value: f64, most: usize) {
    values.push_back(value);
    if values.len() > most {
        values.pop_front();
    }
}
