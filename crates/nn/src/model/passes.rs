//! Passes over a batch: what all models share, and loss, gradients and score of the masked-language model.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;
use pliant_kernels::masked_lm::Score;

use super::input::TokenInput;
use super::network::{ForwardBatch, Network};
use super::observation::{FirstNonFinite, Outputs, SiteInputs};
use super::{DropoutKey, Gradients, MaskedLanguageModel, Model, ModelInput, weights};
use crate::error::ModelError;
use crate::module::{Head, MaskedTarget, Observer, Pass, PassDropout};
use crate::operation::{Products, end_pass, values};

/// Tokens of a forward pass up to which packing a weight takes a noticeable share of the product's time, so that the
/// packed form is kept for the next pass.
const FEW_TOKENS: usize = 1024;

impl<H: Head> Model<H> {
    /// Runs forward and backward; `loss` gives `[1]`.
    pub(super) fn backward(
        &self,
        batch: &ForwardBatch,
        dropout: Option<DropoutKey>,
        first_sequence: u64,
        loss: impl FnOnce(&Network<H>, &mut Pass<'_>) -> Tensor<1>,
    ) -> Gradients {
        let network = self.network();
        let dropout = dropout.map(|key| PassDropout {
            key,
            first_sequence,
            hidden: self.config.dropout,
            attention: self.config.attention_dropout,
        });
        let products = Products {
            precision: self.precision,
            packed: self
                .packed_weights
                .begin_training_pass()
                .then(|| Arc::clone(&self.packed_weights)),
        };
        let loss = loss(network, &mut batch.pass(products, dropout, None));
        let gradients = weights::gradients(network, loss.backward());
        end_pass();
        self.gradients_of(gradients)
    }

    /// Gradients of a pass that no parameter has part in.
    pub(super) fn no_gradients(&self) -> Gradients {
        let buffers = self.places.last().map_or(0, |place| place.buffer + 1);
        self.gradients_of(std::iter::repeat_with(|| None).take(buffers).collect())
    }

    fn gradients_of(&self, buffers: Vec<Option<burn_flex::FlexTensor>>) -> Gradients {
        Gradients::new(
            buffers,
            Arc::clone(&self.places),
            Arc::clone(&self.trainable),
        )
    }

    /// Runs forward on the plain device: nothing is recorded, nothing dropped.
    pub(super) fn look<R>(
        &self,
        tokens: &TokenInput<'_>,
        batch: &ForwardBatch,
        observer: Option<&mut dyn Observer>,
        run: impl FnOnce(&Network<H>, &mut Pass<'_>) -> R,
    ) -> R {
        let network = self.network().valid();
        let few = tokens.places() <= FEW_TOKENS;
        let products = Products {
            precision: self.precision,
            packed: few.then(|| Arc::clone(&self.packed_weights)),
        };
        let result = run(&network, &mut batch.pass(products, None, observer));
        end_pass();
        result
    }

    /// An observer that hands the inputs of the activations to a sink.
    pub(super) fn site_inputs<'a>(&self, sink: &'a mut dyn FnMut(usize, &[f32])) -> SiteInputs<'a> {
        SiteInputs {
            places: self.sites.iter().map(|site| site.place).collect(),
            sink,
        }
    }

    /// The first parameter that is not finite; if there is none, the first output in a pass with an observer.
    pub(super) fn first_non_finite_in(
        &self,
        pass: impl FnOnce(&mut dyn Observer),
    ) -> Option<String> {
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
            return Some(info.name.clone());
        }
        let mut first = FirstNonFinite::default();
        pass(&mut first);
        first.name
    }
}

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
        if input.masked_positions.is_empty() {
            return Ok((Score::default(), self.no_gradients()));
        }
        let batch = ForwardBatch::new(&input.tokens());
        let target = target(input, &batch, scale);
        let gradients = self.backward(&batch, dropout, input.first_sequence, |network, pass| {
            network.loss(&batch, &target, pass)
        });
        Ok((target.score.take().unwrap_or_default(), gradients))
    }

    /// The score over the masked positions, without dropout and without gradient work. Passes over few tokens keep packed
    /// weights until the parameters change: up to 6 bytes a weight.
    ///
    /// # Errors
    /// [`ModelError::InputLength`], [`ModelError::InputRange`] or [`ModelError::MaskedPadding`] if the input does not
    /// fit the model.
    pub fn score(&self, input: &ModelInput<'_>) -> Result<Score, ModelError> {
        input.validate(&self.config)?;
        Ok(self.observed_score(input, None))
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
        self.watch(input, &mut self.site_inputs(sink))
    }

    /// Shows the output of every module of the encoder on a batch; see [`super::AnyModel::outputs`].
    ///
    /// # Errors
    /// As [`Self::score`]; masked positions and labels are not looked at.
    pub fn outputs(
        &self,
        input: &ModelInput<'_>,
        sink: &mut dyn FnMut(&str, &[f32]),
    ) -> Result<(), ModelError> {
        self.watch(input, &mut Outputs { sink })
    }

    /// The first place of the forward pass (without dropout) whose output is not finite, for example
    /// `bert.encoder.layer.1.intermediate.activation`; before it the first parameter that is not.
    ///
    /// # Errors
    /// [`ModelError::InputLength`], [`ModelError::InputRange`] or [`ModelError::MaskedPadding`] if the input does not
    /// fit the model.
    pub fn first_non_finite(&self, input: &ModelInput<'_>) -> Result<Option<String>, ModelError> {
        input.validate(&self.config)?;
        Ok(self.first_non_finite_in(|observer| {
            self.observed_score(input, Some(observer));
        }))
    }

    /// Runs the encoder alone under an observer.
    fn watch(&self, input: &ModelInput<'_>, observer: &mut dyn Observer) -> Result<(), ModelError> {
        let without_head = ModelInput {
            masked_positions: &[],
            labels: &[],
            ..*input
        };
        without_head.validate(&self.config)?;
        self.observed_score(&without_head, Some(observer));
        Ok(())
    }

    /// The score on a valid input.
    fn observed_score(&self, input: &ModelInput<'_>, observer: Option<&mut dyn Observer>) -> Score {
        let tokens = input.tokens();
        let batch = ForwardBatch::new(&tokens);
        if batch.is_empty() {
            return Score::default();
        }
        self.look(&tokens, &batch, observer, |network, pass| {
            if input.masked_positions.is_empty() {
                network.encode(&batch, pass);
                return Score::default();
            }
            let target = target(input, &batch, 1.0);
            network.loss(&batch, &target, pass);
            target.score.take().unwrap_or_default()
        })
    }
}

/// What a valid input expects of the head.
fn target(input: &ModelInput<'_>, batch: &ForwardBatch, scale: f32) -> MaskedTarget {
    MaskedTarget {
        rows: batch.rows(input.masked_positions),
        labels: input.labels.into(),
        scale,
        score: Arc::default(),
    }
}
