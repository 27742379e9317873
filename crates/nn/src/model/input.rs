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

/// The tokens of a batch, whatever is predicted from them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenInput<'a> {
    pub(crate) sequences: usize,
    pub(crate) length: usize,
    pub(crate) ids: &'a [u32],
    pub(crate) type_ids: &'a [u32],
    pub(crate) attention_mask: &'a [u8],
}

impl TokenInput<'_> {
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
        for (field, found) in [
            ("ids", self.ids.len()),
            ("type_ids", self.type_ids.len()),
            ("attention_mask", self.attention_mask.len()),
        ] {
            expect_length(field, found, self.places(), "sequences * length")?;
        }
        within("ids", self.ids, config.vocabulary_size)?;
        within("type_ids", self.type_ids, config.type_vocabulary_size)
    }

    /// Places of the batch, padding included.
    pub(crate) fn places(&self) -> usize {
        self.sequences * self.length
    }

    /// Refuses places that lie outside the batch or are padding.
    pub(crate) fn validate_places(
        &self,
        field: &'static str,
        places: &[u32],
    ) -> Result<(), ModelError> {
        within(field, places, self.places())?;
        let padding = |place: &&u32| self.attention_mask[**place as usize] == 0;
        match places.iter().find(padding) {
            None => Ok(()),
            Some(place) => Err(ModelError::MaskedPadding {
                field,
                position: *place,
            }),
        }
    }
}

impl<'a> ModelInput<'a> {
    /// The tokens alone.
    pub(crate) fn tokens(&self) -> TokenInput<'a> {
        TokenInput {
            sequences: self.sequences,
            length: self.length,
            ids: self.ids,
            type_ids: self.type_ids,
            attention_mask: self.attention_mask,
        }
    }

    /// Checks lengths and ranges against a model.
    pub(crate) fn validate(&self, config: &ModelConfig) -> Result<(), ModelError> {
        let tokens = self.tokens();
        tokens.validate(config)?;
        expect_length(
            "labels",
            self.labels.len(),
            self.masked_positions.len(),
            "one for each masked position",
        )?;
        within("labels", self.labels, config.vocabulary_size)?;
        tokens.validate_places("masked_positions", self.masked_positions)
    }
}

/// Refuses a field of another length.
pub(super) fn expect_length(
    field: &'static str,
    found: usize,
    expected: usize,
    meaning: &'static str,
) -> Result<(), ModelError> {
    if found == expected {
        Ok(())
    } else {
        Err(ModelError::InputLength {
            field,
            found,
            expected,
            meaning,
        })
    }
}

/// Refuses the first value that is not below `bound`.
pub(super) fn within(field: &'static str, values: &[u32], bound: usize) -> Result<(), ModelError> {
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
