//! What the encoder makes of tokens, without a head.

use super::network::ForwardBatch;
use super::{Model, ModelInput};
use crate::error::ModelError;
use crate::module::Head;
use crate::operation::{primitive, values};

impl<H: Head> Model<H> {
    /// The encoder's output for the real tokens, `[tokens, hidden]`, sequence after sequence without padding; nothing is
    /// dropped. Masked positions and labels of the input are not looked at.
    ///
    /// # Errors
    /// [`ModelError::InputLength`] or [`ModelError::InputRange`] if the input does not fit the model.
    pub fn hidden_states(&self, input: &ModelInput<'_>) -> Result<Vec<f32>, ModelError> {
        let tokens = input.tokens();
        tokens.validate(&self.config)?;
        let batch = ForwardBatch::new(&tokens);
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.look(&tokens, &batch, None, |network, pass| {
            values(&primitive(network.encode(&batch, pass))).to_vec()
        }))
    }
}
