//! Batches and small models for the tests.
#![allow(dead_code, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod fixture;
pub mod task;

use pliant_nn::{Gradients, Head, Model, ModelConfig, ModelInput, Preset};

/// A batch that owns its slices.
#[derive(Debug, Clone)]
pub struct OwnedBatch {
    pub sequences: usize,
    pub length: usize,
    pub ids: Vec<u32>,
    pub type_ids: Vec<u32>,
    pub attention_mask: Vec<u8>,
    pub masked_positions: Vec<u32>,
    pub labels: Vec<u32>,
    pub first_sequence: u64,
}

/// A small pseudo-random sequence, enough for test data.
fn scrambled(seed: u64, index: usize) -> u64 {
    let mut x = seed
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(index as u64 + 1);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

impl OwnedBatch {
    /// Sequences of different real lengths, padded; about one real token in six is masked.
    pub fn padded(seed: u64, sequences: usize, length: usize, vocabulary: usize) -> Self {
        let tokens = sequences * length;
        let real = |row: usize| length - (scrambled(seed ^ 1, row) as usize) % (length / 2);
        let attention_mask: Vec<u8> = (0..tokens)
            .map(|flat| u8::from(flat % length < real(flat / length)))
            .collect();
        let masked_positions: Vec<u32> = (0..tokens)
            .filter(|flat| {
                attention_mask[*flat] == 1 && scrambled(seed ^ 2, *flat).is_multiple_of(6)
            })
            .map(|flat| flat as u32)
            .collect();
        let word =
            |salt: u64, index: usize| (scrambled(seed ^ salt, index) % vocabulary as u64) as u32;
        Self {
            sequences,
            length,
            ids: (0..tokens)
                .map(|flat| {
                    if attention_mask[flat] == 1 {
                        word(3, flat)
                    } else {
                        0
                    }
                })
                .collect(),
            type_ids: (0..tokens)
                .map(|flat| u32::from(flat % length > length / 3))
                .collect(),
            labels: (0..masked_positions.len())
                .map(|index| word(4, index))
                .collect(),
            attention_mask,
            masked_positions,
            first_sequence: 0,
        }
    }

    /// The rows `first..first + count` as a micro-batch of the same step.
    pub fn rows(&self, first: usize, count: usize) -> Self {
        let range = first * self.length..(first + count) * self.length;
        let chosen: Vec<usize> = (0..self.labels.len())
            .filter(|index| range.contains(&(self.masked_positions[*index] as usize)))
            .collect();
        Self {
            sequences: count,
            length: self.length,
            ids: self.ids[range.clone()].to_vec(),
            type_ids: self.type_ids[range.clone()].to_vec(),
            attention_mask: self.attention_mask[range.clone()].to_vec(),
            masked_positions: chosen
                .iter()
                .map(|index| self.masked_positions[*index] - range.start as u32)
                .collect(),
            labels: chosen.iter().map(|index| self.labels[*index]).collect(),
            first_sequence: self.first_sequence + first as u64,
        }
    }

    pub fn input(&self) -> ModelInput<'_> {
        ModelInput {
            sequences: self.sequences,
            length: self.length,
            ids: &self.ids,
            type_ids: &self.type_ids,
            attention_mask: &self.attention_mask,
            masked_positions: &self.masked_positions,
            labels: &self.labels,
            first_sequence: self.first_sequence,
        }
    }
}

/// A 2-layer model of hidden size 32 with 60 words and dropout.
pub fn small_config(activation: &str) -> ModelConfig {
    let mut config = Preset::Tiny
        .config(60, activation.parse().unwrap())
        .unwrap();
    config.hidden_size = 32;
    config.heads = 4;
    config.intermediate_size = 64;
    config.max_positions = 24;
    config.dropout = 0.1;
    config.attention_dropout = 0.1;
    config
}

/// Index of a parameter by name.
pub fn index_of<H: Head>(model: &Model<H>, name: &str) -> usize {
    model
        .parameters()
        .iter()
        .position(|parameter| parameter.name == name)
        .unwrap_or_else(|| panic!("{name} is no parameter"))
}

pub fn norm(values: &[f32]) -> f64 {
    values
        .iter()
        .map(|value| f64::from(*value).powi(2))
        .sum::<f64>()
        .sqrt()
}

pub fn distance(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum::<f64>()
        .sqrt()
}

/// Norm over all parameters.
pub fn global_norm<H: Head>(model: &Model<H>, gradients: &Gradients) -> f64 {
    (0..model.parameters().len())
        .filter_map(|index| gradients.get(index))
        .map(|gradient| norm(gradient).powi(2))
        .sum::<f64>()
        .sqrt()
}
