//! What a reader must know before believing the numbers.

use super::finished::FinishedCell;
use crate::results::Results;
use crate::statistics::mean;

/// A validation loss above this share of the unigram loss shows no more than word frequencies.
const CLEARLY_BELOW: f64 = 0.95;

/// The warnings for `results`.
pub(super) fn of(results: &Results, cells: &[FinishedCell]) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, arm) in results.arms.iter().enumerate() {
        let unigram = mean(
            &cells
                .iter()
                .filter(|cell| cell.arm == index)
                .map(|cell| cell.summary.unigram_loss)
                .collect::<Vec<_>>(),
        );
        if let (Some(loss), Some(unigram)) = (arm.validation_loss.mean, unigram)
            && loss > CLEARLY_BELOW * unigram
        {
            warnings.push(format!(
                "{}: the validation loss, {loss:.3}, is not clearly below the loss of word frequencies alone, {unigram:.3}. The model has not begun to use context, so its activations decide nothing yet: train longer, or with a higher learning rate.",
                arm.name
            ));
        }
    }
    for cell in &results.diverged {
        warnings.push(format!(
            "{} with seed {} diverged at step {} ({}); it is in no mean.",
            cell.arm, cell.seed, cell.step, cell.place
        ));
    }
    for difference in &results.fairness.differs {
        warnings.push(format!("Not a fair twin: {difference}."));
    }
    let mut steps: Vec<u64> = cells.iter().map(|cell| cell.summary.steps).collect();
    steps.sort_unstable();
    steps.dedup();
    if let [first, .., last] = steps[..] {
        warnings.push(format!(
            "The runs took different numbers of steps, {first} to {last}."
        ));
    }
    warnings
}
