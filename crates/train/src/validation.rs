//! Scoring the validation set with its fixed masks.

use pliant_data::Batch;
use pliant_nn::MaskedLanguageModel;

use crate::TrainError;
use crate::checkpoint::Validated;
use crate::trainable::input;

/// Scores all batches. How they are cut does not change which tokens are scored.
pub(crate) fn score(
    model: &MaskedLanguageModel,
    batches: impl Iterator<Item = Batch>,
    step: u64,
) -> Result<Validated, TrainError> {
    let (mut loss_sum, mut correct, mut rows) = (0.0, 0, 0);
    for batch in batches {
        let score = model.score(&input(&batch))?;
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
        task: None,
    })
}
