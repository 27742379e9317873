//! The batches of a fine-tuning as a pure function of the step, and its validation.

use std::ops::Range;

use pliant_data::task::EpochPlan;

use super::part::{Part, Sequences};
use super::score::{Scored, Scoring, mean};
use super::tuned::{EpochBatch, Tuned};
use crate::checkpoint::{TaskScores, Validated};
use crate::health::Health;
use crate::shapes::SiteCoefficients;
use crate::trainable::{Feed, Validate};
use crate::{Event, TrainError};

/// What a fine-tuning trains and validates on.
#[derive(Debug)]
pub(crate) struct TaskFeed {
    pub(crate) train: Sequences,
    pub(crate) validation: Vec<Part>,
    pub(crate) scoring: Scoring,
    pub(crate) plan: EpochPlan,
    /// The token that pads.
    pub(crate) pad: u32,
}

impl TaskFeed {
    pub(crate) fn steps_per_epoch(&self) -> u64 {
        self.plan.steps_per_epoch() as u64
    }

    /// Epochs that are complete behind `steps` steps.
    pub(crate) fn epochs(&self, steps: u64) -> u64 {
        steps / self.steps_per_epoch()
    }

    /// Epoch of a step (from 0), and the rows of its whole batch.
    fn place(&self, step: u64) -> (u64, Vec<usize>) {
        let epoch = step / self.steps_per_epoch();
        let rows = self
            .plan
            .batch(epoch, (step % self.steps_per_epoch()) as usize);
        (epoch, rows)
    }
}

impl Feed for TaskFeed {
    type Batch = EpochBatch;

    fn batch_size(&self, step: u64) -> usize {
        self.place(step).1.len()
    }

    fn rows(&self, step: u64, rows: Range<usize>) -> EpochBatch {
        let (epoch, all) = self.place(step);
        EpochBatch {
            batch: self.train.gather(&all, rows, self.pad),
            epoch,
        }
    }

    fn loss_rows(&self, step: u64) -> usize {
        self.batch_size(step)
    }

    /// In the order of the rows: the first ones stand for all of them, which the longest would not.
    fn validation(&self, batch: usize) -> Box<dyn Iterator<Item = EpochBatch> + '_> {
        Box::new(self.validation.iter().flat_map(move |part| {
            let count = part.sequences.len();
            (0..count).step_by(batch).map(move |first| {
                let rows: Vec<usize> = (first..count.min(first + batch)).collect();
                EpochBatch {
                    batch: part.sequences.gather(&rows, 0..rows.len(), self.pad),
                    epoch: 0,
                }
            })
        }))
    }
}

/// Scores a model on parts; with a null threshold that was chosen before, or to choose one.
pub(crate) fn score_parts(
    model: &Tuned,
    parts: &[Part],
    scoring: &Scoring,
    micro_batch: usize,
    pad: u32,
    null_threshold: Option<f64>,
) -> Result<Scored, TrainError> {
    let mut scored = Vec::with_capacity(parts.len());
    for part in parts {
        let logits = part.sequences.logits(&model.model, micro_batch, pad)?;
        let score = scoring.score(part, &logits, null_threshold);
        scored.push((part.name.clone(), score));
    }
    Ok(mean(&scored))
}

impl Validate<Tuned> for TaskFeed {
    fn validate(
        &self,
        model: &Tuned,
        micro_batch: usize,
        step: u64,
    ) -> Result<Validated, TrainError> {
        let scored = score_parts(
            model,
            &self.validation,
            &self.scoring,
            micro_batch,
            self.pad,
            None,
        )?;
        let primary = self.scoring.primary().name();
        Ok(Validated {
            step,
            loss: scored.loss,
            masked_accuracy: scored.correct,
            tokens: scored.sequences,
            task: Some(TaskScores {
                primary: scored.metrics.get(primary).copied().unwrap_or(f64::NAN),
                metrics: scored.metrics,
            }),
        })
    }

    fn event(
        &self,
        result: &Validated,
        best: bool,
        milliseconds: f64,
        coefficients: Vec<SiteCoefficients>,
        health: Health,
    ) -> Event {
        Event::TaskValidation {
            step: result.step,
            epoch: self.epochs(result.step),
            primary: self.scoring.primary().name().to_owned(),
            metrics: result
                .task
                .as_ref()
                .map(|task| task.metrics.clone())
                .unwrap_or_default(),
            best,
            milliseconds,
            coefficients,
            health: Some(health),
        }
    }
}
