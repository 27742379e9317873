//! The most probable tokens at places of a text.

use burn_flex::FlexTensor;
use pliant_kernels::masked_lm::most_probable;

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
        let tokens = input.tokens();
        tokens.validate(&self.config)?;
        tokens.validate_places("positions", positions)?;
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        let batch = ForwardBatch::new(&tokens);
        let rows = batch.rows(positions);
        let [hidden, words, bias]: [FlexTensor; 3] =
            self.look(&tokens, &batch, None, |network, pass| {
                let (hidden, words, bias) = network.projection(&batch, &rows, pass);
                [primitive(hidden), primitive(words), primitive(bias)]
            });
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
}
