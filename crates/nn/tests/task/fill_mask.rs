//! The most probable tokens at places of a text.

use pliant_nn::{MaskedLanguageModel, ModelError, ModelInput};

use crate::support::{OwnedBatch, small_config};

#[test]
fn probabilities_are_those_of_the_loss() {
    let config = small_config("rational");
    let model = MaskedLanguageModel::new(&config, 3).unwrap();
    let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
    let input = batch.input();
    let filled = model
        .fill_mask(&input, &batch.masked_positions, config.vocabulary_size)
        .unwrap();
    assert_eq!(filled.len(), batch.masked_positions.len());
    for (position, candidates) in batch.masked_positions.iter().zip(&filled) {
        assert_eq!(candidates.len(), config.vocabulary_size);
        let sum: f32 = candidates.iter().map(|(_, probability)| probability).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        assert!(candidates.is_sorted_by(|a, b| a.1 >= b.1));
        for (token, probability) in [candidates[0], candidates[7]] {
            let one = ModelInput {
                masked_positions: &[*position],
                labels: &[token],
                ..input
            };
            let score = model.score(&one).unwrap();
            let loss = -f64::from(probability).ln();
            assert!((score.loss_sum - loss).abs() < 1e-5, "{loss}: {score:?}");
        }
        let best = ModelInput {
            masked_positions: &[*position],
            labels: &[candidates[0].0],
            ..input
        };
        assert_eq!(model.score(&best).unwrap().correct, 1);
    }
    let top = model.fill_mask(&input, &batch.masked_positions, 3).unwrap();
    for (top, all) in top.iter().zip(&filled) {
        assert_eq!(top, &all[..3]);
    }
    assert!(model.fill_mask(&input, &[], 3).unwrap().is_empty());
}

#[test]
fn padding_and_places_outside_are_refused() {
    let config = small_config("gelu");
    let model = MaskedLanguageModel::new(&config, 3).unwrap();
    let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
    let padding = batch.attention_mask.iter().position(|real| *real == 0);
    let error = model
        .fill_mask(&batch.input(), &[padding.unwrap() as u32], 3)
        .unwrap_err();
    assert!(matches!(error, ModelError::MaskedPadding { .. }), "{error}");
    let error = model.fill_mask(&batch.input(), &[64], 3).unwrap_err();
    assert!(
        error.to_string().contains("`positions` holds 64"),
        "{error}"
    );
}
