//! What a model reads.

use crate::config::ModelConfig;
use crate::error::ModelError;

/// A batch of token sequences with masked positions. All slices are row-major.
#[derive(Debug, Clone, Copy)]
pub struct ModelInput<'a> {
    /// Number of sequences (batch).
    pub sequences: usize,
    /// Tokens of each sequence, padding included.
    pub length: usize,
    /// Token ids `[sequences, length]`.
    pub ids: &'a [u32],
    /// Token types `[sequences, length]`.
    pub type_ids: &'a [u32],
    /// 1 for a token, 0 for padding `[sequences, length]`. Padding may stand anywhere, is left out of all work and
    /// changes no result.
    pub attention_mask: &'a [u8],
    /// Flat positions in `[sequences * length]` that are predicted; none is padding.
    pub masked_positions: &'a [u32],
    /// The token expected at each masked position.
    pub labels: &'a [u32],
    /// Index of the first sequence inside the step's whole batch: dropout follows it, not the micro-batch.
    pub first_sequence: u64,
}

/// What dropout is keyed by, beside the sequence and the place in the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DropoutKey {
    /// The run's seed.
    pub seed: u64,
    /// The optimizer step.
    pub step: u64,
}

impl ModelInput<'_> {
    /// Checks lengths and ranges against a model.
    pub(crate) fn validate(&self, config: &ModelConfig) -> Result<(), ModelError> {
        if self.sequences == 0 {
            return Err(ModelError::InputLength {
                field: "sequences",
                found: 0,
                expected: 1,
                meaning: "at least one",
            });
        }
        if self.length == 0 || self.length > config.max_positions {
            return Err(ModelError::InputRange {
                field: "length",
                position: 0,
                value: self.length as u64,
                bound: config.max_positions as u64 + 1,
            });
        }
        let tokens = self.sequences * self.length;
        for (field, found) in [
            ("ids", self.ids.len()),
            ("type_ids", self.type_ids.len()),
            ("attention_mask", self.attention_mask.len()),
        ] {
            if found != tokens {
                return Err(ModelError::InputLength {
                    field,
                    found,
                    expected: tokens,
                    meaning: "sequences * length",
                });
            }
        }
        if self.labels.len() != self.masked_positions.len() {
            return Err(ModelError::InputLength {
                field: "labels",
                found: self.labels.len(),
                expected: self.masked_positions.len(),
                meaning: "one for each masked position",
            });
        }
        within("ids", self.ids, config.vocabulary_size)?;
        within("type_ids", self.type_ids, config.type_vocabulary_size)?;
        within("masked_positions", self.masked_positions, tokens)?;
        within("labels", self.labels, config.vocabulary_size)?;
        let padding = |place: &&u32| self.attention_mask[**place as usize] == 0;
        match self.masked_positions.iter().find(padding) {
            None => Ok(()),
            Some(place) => Err(ModelError::MaskedPadding { position: *place }),
        }
    }
}

/// Refuses the first value that is not below `bound`.
fn within(field: &'static str, values: &[u32], bound: usize) -> Result<(), ModelError> {
    match values.iter().position(|value| *value as usize >= bound) {
        None => Ok(()),
        Some(position) => Err(ModelError::InputRange {
            field,
            position,
            value: u64::from(values[position]),
            bound: bound as u64,
        }),
    }
}
