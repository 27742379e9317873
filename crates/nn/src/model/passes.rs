//! Passes over a batch: loss and gradients, score, and looks inside.

use std::sync::Arc;

use burn::module::Module;
use pliant_kernels::masked_lm::Score;

use super::network::ForwardBatch;
use super::observation::{FirstNonFinite, SiteInputs};
use super::{DropoutKey, Gradients, MaskedLanguageModel, ModelInput, weights};
use crate::error::ModelError;
use crate::module::{Observer, PassDropout};
use crate::operation::{Products, end_pass, values};

/// Tokens of a forward pass up to which packing a weight takes a noticeable share of the product's time, so that the
/// packed form is kept for the next pass.
const FEW_TOKENS: usize = 1024;

impl MaskedLanguageModel {
    /// Loss and gradients of `scale` times the summed cross-entropy (nats) over the masked positions.
    ///
    /// Without `dropout` nothing is dropped; with it, what is dropped depends on (seed, step, sequence in the step) only.
    /// Without masked positions the score is zero and no gradient arrives.
    ///
    /// # Errors
    /// [`ModelError::InputLength`], [`ModelError::InputRange`] or [`ModelError::MaskedPadding`] if the input does not
    /// fit the model.
    pub fn forward_backward(
        &self,
        input: &ModelInput<'_>,
        dropout: Option<DropoutKey>,
        scale: f32,
    ) -> Result<(Score, Gradients), ModelError> {
        input.validate(&self.config)?;
        let network = self.network();
        if input.masked_positions.is_empty() {
            let none = self.places.last().map_or(0, |place| place.buffer + 1);
            let buffers = std::iter::repeat_with(|| None).take(none).collect();
            return Ok((
                Score::default(),
                Gradients::new(buffers, Arc::clone(&self.places)),
            ));
        }
        let batch = ForwardBatch::new(input, scale);
        let dropout = dropout.map(|key| PassDropout {
            key,
            first_sequence: input.first_sequence,
        });
        let products = Products {
            precision: self.precision,
            packed: None,
        };
        let loss = network.loss(&batch, &mut batch.pass(products, dropout, None));
        let gradients = weights::gradients(network, loss.backward());
        end_pass();
        Ok((
            batch.outcome.score(),
            Gradients::new(gradients, Arc::clone(&self.places)),
        ))
    }

    /// The score over the masked positions, without dropout and without gradient work. Passes over few tokens keep packed
    /// weights until the parameters change: up to 6 bytes a weight.
    ///
    /// # Errors
    /// [`ModelError::InputLength`], [`ModelError::InputRange`] or [`ModelError::MaskedPadding`] if the input does not
    /// fit the model.
    pub fn score(&self, input: &ModelInput<'_>) -> Result<Score, ModelError> {
        self.look(input, None)
    }

    /// Shows the inputs of every activation site (after the bias) on a batch, without dropout: `sink(site index,
    /// [tokens, channels])`, the real tokens of all sequences one after the other, without padding.
    ///
    /// # Errors
    /// As [`Self::score`]; masked positions and labels are not looked at.
    pub fn observe(
        &self,
        input: &ModelInput<'_>,
        sink: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), ModelError> {
        let mut site_of_layer = vec![None; self.config.layers];
        for (index, site) in self.sites.iter().enumerate() {
            if let Some(layer) = site.layer {
                site_of_layer[layer] = Some(index);
            }
        }
        let without_head = ModelInput {
            masked_positions: &[],
            labels: &[],
            ..*input
        };
        self.look(
            &without_head,
            Some(&mut SiteInputs {
                site_of_layer,
                sink,
            }),
        )
        .map(|_| ())
    }

    /// The first place of the forward pass (without dropout) whose output is not finite, for example
    /// `bert.encoder.layer.1.intermediate.activation`; before it the first parameter that is not.
    ///
    /// # Errors
    /// [`ModelError::InputLength`], [`ModelError::InputRange`] or [`ModelError::MaskedPadding`] if the input does not
    /// fit the model.
    pub fn first_non_finite(&self, input: &ModelInput<'_>) -> Result<Option<String>, ModelError> {
        let buffers = weights::buffers(self.network());
        let damaged = self
            .parameters
            .iter()
            .zip(self.places.iter())
            .find(|(_, place)| {
                !values(&buffers[place.buffer])[place.range.clone()]
                    .iter()
                    .all(|value| value.is_finite())
            });
        if let Some((info, _)) = damaged {
            return Ok(Some(info.name.clone()));
        }
        let mut first = FirstNonFinite::default();
        self.look(input, Some(&mut first))?;
        Ok(first.name)
    }

    /// Runs forward on the plain device: nothing is recorded, nothing dropped.
    fn look(
        &self,
        input: &ModelInput<'_>,
        observer: Option<&mut dyn Observer>,
    ) -> Result<Score, ModelError> {
        input.validate(&self.config)?;
        let network = self.network().valid();
        let batch = ForwardBatch::new(input, 1.0);
        if batch.is_empty() {
            return Ok(Score::default());
        }
        let few = input.sequences * input.length <= FEW_TOKENS;
        let products = Products {
            precision: self.precision,
            packed: few.then(|| Arc::clone(&self.packed_weights)),
        };
        let mut pass = batch.pass(products, None, observer);
        if input.masked_positions.is_empty() {
            network.encode(&batch, &mut pass);
        } else {
            network.loss(&batch, &mut pass);
        }
        end_pass();
        Ok(batch.outcome.score())
    }
}
