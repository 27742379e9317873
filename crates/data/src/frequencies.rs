//! What the word frequencies alone predict.

/// Cross-entropy in nats of words that occur `validation[id]` times under the frequencies `train`, one added to each
/// count; over the `ordinary` ids alone, to which the masked positions belong. 0 where there are no such words.
pub(crate) fn unigram_loss(ordinary: &[u32], train: &[u64], validation: &[u64]) -> f64 {
    let sum = |counts: &[u64]| ordinary.iter().map(|&id| counts[id as usize]).sum::<u64>();
    let (words, scored) = (sum(train) + ordinary.len() as u64, sum(validation));
    if scored == 0 {
        return 0.0;
    }
    let loss: f64 = ordinary
        .iter()
        .map(|&id| {
            let probability = (train[id as usize] + 1) as f64 / words as f64;
            -(validation[id as usize] as f64) * probability.ln()
        })
        .sum();
    loss / scored as f64
}

#[cfg(test)]
mod tests {
    use super::unigram_loss;

    #[test]
    fn smoothed_frequencies_of_ordinary_words() {
        // Word 0 is special. Train 3 + 1 and 0 + 1 of 5, validation 2 and 1.
        let loss = unigram_loss(&[1, 2], &[100, 3, 0], &[50, 2, 1]);
        let expected = -(2.0 * 0.8_f64.ln() + 0.2_f64.ln()) / 3.0;
        assert!(
            (loss - expected).abs() < 1e-12,
            "{loss} instead of {expected}"
        );
    }

    #[test]
    fn nothing_to_score() {
        assert_eq!(unigram_loss(&[1], &[0, 4], &[9, 0]), 0.0);
    }
}
