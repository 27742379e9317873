//! What is measured: the model, the batches, and how much work and memory they are.

use std::ops::Range;

use pliant_activation::ActivationSpec;
use pliant_data::Batch;
use pliant_kernels::random::{Purpose, Stream};
use pliant_nn::{Initialisation, ModelConfig, NormPlacement, Positions, Preset};

use crate::TrainError;
use crate::trainable::Feed;

/// Words of the vocabulary: those of BERT.
pub const VOCABULARY: usize = 30_522;

/// Share of the tokens that is predicted.
const MASKED: f64 = 0.15;

/// Probability of dropout, of hidden values and of attention weights.
const DROPOUT: f64 = 0.1;

/// Sequences of a training step where nothing else is said.
pub const fn default_batch(preset: Preset) -> usize {
    match preset {
        Preset::Tiny | Preset::Mini => 32,
        Preset::Small | Preset::Medium => 16,
        Preset::Base => 8,
    }
}

/// BERT of this size: norms after the sub-layers and on the embeddings, learned positions, dropout 0.1.
pub(super) fn model_config(
    preset: Preset,
    activation: ActivationSpec,
) -> Result<ModelConfig, TrainError> {
    Ok(ModelConfig {
        norm: NormPlacement::Post,
        embedding_norm: true,
        positions: Positions::Learned,
        initialisation: Initialisation::Normal { deviation: 0.02 },
        dropout: DROPOUT,
        attention_dropout: DROPOUT,
        ..preset.config(VOCABULARY, activation)?
    })
}

/// Batches of tokens that are drawn uniformly, a part of them masked: a pure function of the step.
#[derive(Clone, Copy, Debug)]
pub(super) struct DrawnTokens {
    pub(super) seed: u64,
    pub(super) batch: usize,
    pub(super) sequence: usize,
}

impl DrawnTokens {
    fn tokens(self) -> usize {
        self.batch * self.sequence
    }

    pub(super) fn masked_tokens(self) -> usize {
        ((self.tokens() as f64 * MASKED) as usize).max(1)
    }

    /// The masked positions of a step, ascending: those with the smallest of as many drawn numbers.
    fn masked_positions(self, step: u64) -> Vec<u32> {
        let stream = Stream::new(self.seed, Purpose::MaskSelection, step);
        let mut drawn: Vec<(u64, u32)> = (0..self.tokens() as u32)
            .map(|position| (stream.bits64(u64::from(position)), position))
            .collect();
        let count = self.masked_tokens();
        if count < drawn.len() {
            drawn.select_nth_unstable(count);
            drawn.truncate(count);
        }
        let mut positions: Vec<u32> = drawn.into_iter().map(|(_, position)| position).collect();
        positions.sort_unstable();
        positions
    }
}

impl Feed for DrawnTokens {
    type Batch = Batch;
    fn batch_size(&self, _step: u64) -> usize {
        self.batch
    }

    fn rows(&self, step: u64, rows: Range<usize>) -> Batch {
        let stream = Stream::new(self.seed, Purpose::Probe, step);
        let word = |index: usize| stream.below(index as u64, VOCABULARY as u64) as u32;
        let flat = rows.start * self.sequence..rows.end * self.sequence;
        let masked = self
            .masked_positions(step)
            .into_iter()
            .filter(|position| flat.contains(&(*position as usize)));
        let (masked_positions, labels) = masked
            .map(|position| {
                let label = word(self.tokens() + position as usize);
                (position - flat.start as u32, label)
            })
            .unzip();
        Batch {
            sequences: rows.len(),
            length: self.sequence,
            ids: flat.clone().map(word).collect(),
            type_ids: vec![0; flat.len()],
            attention_mask: vec![1; flat.len()],
            masked_positions,
            labels,
            first_sequence: rows.start as u64,
            sequence_ids: rows.map(|row| (step, row as u64)).collect(),
        }
    }

    fn loss_rows(&self, _step: u64) -> usize {
        self.masked_tokens()
    }

    fn validation(&self, _batch: usize) -> Box<dyn Iterator<Item = Batch> + '_> {
        Box::new(std::iter::empty())
    }
}

/// Additions and multiplications of the matrix products of a forward pass. With T tokens in sequences of S, M of them
/// masked, hidden size H, feed-forward size I, L layers and V words (with a gate, 3 times its smaller size for `2 · I`):
///
/// `L · (2·T·H·3H + 2·T·H·H + 2 · 2·T·H·I + 2 · 2·T·S·H) + 2·M·H·H + 2·M·H·V`
///
/// (projections to query, key and value; attention's output; feed-forward; scores and mixture of attention; the head's
/// transformation and projection).
///
/// # Errors
/// Sites that the model does not have.
pub(super) fn forward_flops(config: &ModelConfig, tokens: &DrawnTokens) -> Result<f64, TrainError> {
    let [rows, sequence, masked, hidden, projected, layers, words] = [
        tokens.tokens(),
        tokens.sequence,
        tokens.masked_tokens(),
        config.hidden_size,
        config.projected_channels()?,
        config.layers,
        config.vocabulary_size,
    ]
    .map(|size| size as f64);
    let attention = 8.0 * rows * hidden * hidden + 4.0 * rows * sequence * hidden;
    let feed_forward = 2.0 * rows * hidden * projected;
    Ok(layers * attention + feed_forward + 2.0 * masked * hidden * (hidden + words))
}

/// Bytes that a pass needs at the least, about: the weights; for training also their gradients and two moments, and
/// eight hidden and two feed-forward tensors (with a gate, three smaller ones) of every layer that wait for the backward pass.
///
/// # Errors
/// Sites that the model does not have.
pub(super) fn memory_bytes(
    config: &ModelConfig,
    tokens: &DrawnTokens,
    parameters: usize,
    training: bool,
) -> Result<u64, TrainError> {
    let layers = 8 * config.hidden_size * config.layers + config.projected_channels()?;
    let (copies, channels) = if training {
        (4, layers)
    } else {
        (1, layers / config.layers.max(1))
    };
    Ok(4 * (copies * parameters + tokens.tokens() * channels) as u64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const TOKENS: DrawnTokens = DrawnTokens {
        seed: 1,
        batch: 4,
        sequence: 32,
    };

    #[test]
    fn a_batch_is_drawn_and_does_not_depend_on_how_it_is_cut() {
        let whole = TOKENS.rows(7, 0..4);
        assert_eq!(whole.ids.len(), 128);
        assert_eq!(whole.masked_positions.len(), 19);
        assert!(whole.masked_positions.is_sorted_by(|a, b| a < b));
        assert!(whole.ids.iter().all(|id| (*id as usize) < VOCABULARY));
        let parts = [TOKENS.rows(7, 0..1), TOKENS.rows(7, 1..4)];
        assert_eq!([&*parts[0].ids, &*parts[1].ids].concat(), whole.ids);
        assert_eq!(
            [&*parts[0].labels, &*parts[1].labels].concat(),
            whole.labels
        );
        let second = parts[1].masked_positions.iter().map(|flat| flat + 32);
        let flat: Vec<u32> = parts[0]
            .masked_positions
            .iter()
            .copied()
            .chain(second)
            .collect();
        assert_eq!(flat, whole.masked_positions);
        assert_ne!(TOKENS.rows(8, 0..4).ids, whole.ids);
        assert_ne!(
            TOKENS.rows(8, 0..4).masked_positions,
            whole.masked_positions
        );
    }

    #[test]
    fn the_work_of_known_sizes() {
        let gelu: ActivationSpec = "gelu".parse().unwrap();
        let config = |preset| model_config(preset, gelu.clone()).unwrap();
        let tokens = |batch| DrawnTokens {
            seed: 1,
            batch,
            sequence: 128,
        };
        let gigaflops = |preset, batch| {
            (1e-9 * forward_flops(&config(preset), &tokens(batch)).unwrap()).round()
        };
        // A layer: 8·4096·256² = 2.147e9, 4·4096·256·1024 = 4.295e9, 4·4096·128·256 = 0.537e9; head 2·614·256·30778 = 9.675e9.
        assert_eq!(
            gigaflops(Preset::Mini, 32),
            (4.0_f64 * 6.979 + 9.675).round()
        );
        // 8·1024·768² = 4.832e9, 4·1024·768·3072 = 9.664e9, 4·1024·128·768 = 0.403e9; head 2·153·768·31290 = 7.353e9.
        assert_eq!(
            gigaflops(Preset::Base, 8),
            (12.0_f64 * 14.899 + 7.353).round()
        );
        // 3 matrices of 2048 are 2 of 3072; of 344, 1032 for 1024: 4096·2·128·8 = 8.389e6 in each of 2 layers.
        let work = |preset, activation: &str| {
            let config = model_config(preset, activation.parse().unwrap()).unwrap();
            forward_flops(&config, &tokens(32)).unwrap()
        };
        let same = work(Preset::Base, "glu(silu)") - work(Preset::Base, "gelu");
        assert!(same.abs() < 1.0, "{same}");
        let more = work(Preset::Tiny, "glu(silu)") - work(Preset::Tiny, "gelu");
        assert!((more - 2.0 * 8_388_608.0).abs() < 1.0, "{more}");
    }
}
