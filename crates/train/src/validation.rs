//! Scoring the validation set with its fixed masks.

use crate::TrainError;
use crate::checkpoint::Validated;
use crate::trainable::{Feed, Trainable};

/// Scores all validation batches. `batch` does not change which tokens are scored.
pub(crate) fn score(
    model: &impl Trainable,
    feed: &impl Feed,
    batch: usize,
    step: u64,
) -> Result<Validated, TrainError> {
    let (mut loss_sum, mut correct, mut rows) = (0.0, 0, 0);
    for batch in feed.validation(batch) {
        let score = model.score(&batch)?;
        loss_sum += score.loss_sum;
        correct += score.correct;
        rows += score.rows;
    }
    // Without a masked token there is nothing to divide; the data crate masks at least one.
    let count = rows.max(1) as f64;
    Ok(Validated {
        step,
        loss: loss_sum / count,
        masked_accuracy: correct as f64 / count,
        tokens: rows as u64,
    })
}
