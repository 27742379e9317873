//! Loss and gradients of one step, over its micro-batches.

use pliant_nn::{DropoutKey, Score};

use crate::TrainError;
use crate::digest::FeedDigest;
use crate::trainable::{Feed, GradientSet, StepBatch, Trainable};

/// What a step computed before anything is applied.
pub(crate) struct StepGradients<G> {
    /// Mean loss over the step's rows.
    pub(crate) loss: f64,
    /// Rows: masked tokens in pre-training, sequences in fine-tuning.
    pub(crate) rows: u64,
    /// Tokens.
    pub(crate) tokens: u64,
    /// Gradient of the mean loss.
    pub(crate) gradients: G,
    /// Digests of batches and masks behind this step.
    pub(crate) digests: (String, String),
}

/// The rows of each micro-batch of a step.
pub(crate) fn micro_batches<F: Feed>(
    feed: &F,
    step: u64,
    micro_batch: usize,
) -> impl Iterator<Item = F::Batch> {
    let batch = feed.batch_size(step - 1);
    (0..batch)
        .step_by(micro_batch)
        .map(move |first| feed.rows(step - 1, first..(first + micro_batch).min(batch)))
}

/// Computes step `step` (from 1). The loss is divided once, by the rows of the whole batch, so that a step does not
/// depend on the size of its micro-batches but for rounding.
pub(crate) fn compute<M: Trainable>(
    model: &M,
    feed: &impl Feed<Batch = M::Batch>,
    seed: u64,
    step: u64,
    micro_batch: usize,
    digests: (&str, &str),
) -> Result<StepGradients<M::Gradients>, TrainError> {
    let count = feed.loss_rows(step - 1);
    let scale = 1.0 / count as f32;
    let mut digest = FeedDigest::after(digests.0, digests.1);
    let mut total = Score {
        loss_sum: 0.0,
        correct: 0,
        rows: 0,
    };
    let mut tokens = 0;
    let mut gradients: Option<M::Gradients> = None;
    for batch in micro_batches(feed, step, micro_batch) {
        digest.add(&batch);
        tokens += batch.tokens();
        let (score, part) = model.forward_backward(&batch, DropoutKey { seed, step }, scale)?;
        total.loss_sum += score.loss_sum;
        total.rows += score.rows;
        match &mut gradients {
            Some(sum) => sum.accumulate(part),
            None => gradients = Some(part),
        }
    }
    let gradients = gradients.ok_or(TrainError::EmptyStep { step })?;
    Ok(StepGradients {
        loss: total.loss_sum / count as f64,
        rows: total.rows as u64,
        tokens,
        gradients,
        digests: digest.finish(),
    })
}
