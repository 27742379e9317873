//! Tokens at places of a text: the most probable ones, or the logits of all.

use burn_flex::FlexTensor;
use pliant_kernels::masked_lm::{logits, most_probable};

use super::network::ForwardBatch;
use super::{MaskedLanguageModel, ModelInput};
use crate::error::ModelError;
use crate::operation::{primitive, values};

impl MaskedLanguageModel {
    /// For each of `positions` (flat places of the batch, none of them padding) the `top` most probable tokens, most
    /// probable first, with their probabilities. Only these places go through the head, and their logits exist for a part of
    /// the vocabulary at a time. Masked positions and labels of the input are not looked at.
    ///
    /// # Errors
    /// [`ModelError::InputLength`], [`ModelError::InputRange`] or [`ModelError::MaskedPadding`] if the input does not
    /// fit the model.
    pub fn fill_mask(
        &self,
        input: &ModelInput<'_>,
        positions: &[u32],
        top: usize,
    ) -> Result<Vec<Vec<(u32, f32)>>, ModelError> {
        let Some([hidden, words, bias]) = self.projection(input, positions)? else {
            return Ok(Vec::new());
        };
        Ok(most_probable(
            self.precision,
            values(&hidden),
            values(&words),
            values(&bias),
            self.config.hidden_size,
            self.config.vocabulary_size,
            top,
        ))
    }

    /// The logits of every word at each of `positions` (flat places of the batch, none of them padding), `[positions,
    /// vocabulary]`. Masked positions and labels of the input are not looked at.
    ///
    /// # Errors
    /// As [`Self::fill_mask`].
    pub fn logits(
        &self,
        input: &ModelInput<'_>,
        positions: &[u32],
    ) -> Result<Vec<f32>, ModelError> {
        let Some([hidden, words, bias]) = self.projection(input, positions)? else {
            return Ok(Vec::new());
        };
        Ok(logits(
            self.precision,
            values(&hidden),
            values(&words),
            values(&bias),
            self.config.hidden_size,
            self.config.vocabulary_size,
        ))
    }

    /// What is projected on the words at some places, the words, and their biases; none without places.
    fn projection(
        &self,
        input: &ModelInput<'_>,
        positions: &[u32],
    ) -> Result<Option<[FlexTensor; 3]>, ModelError> {
        let tokens = input.tokens();
        tokens.validate(&self.config)?;
        tokens.validate_places("positions", positions)?;
        if positions.is_empty() {
            return Ok(None);
        }
        let batch = ForwardBatch::new(&tokens);
        let rows = batch.rows(positions);
        Ok(Some(self.look(&tokens, &batch, None, |network, pass| {
            let (hidden, words, bias) = network.projection(&batch, &rows, pass);
            [primitive(hidden), primitive(words), primitive(bias)]
        })))
    }
}
