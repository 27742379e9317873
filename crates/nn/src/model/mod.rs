//! The masked-language model: the one type that the other crates use.

mod gradients;
mod input;

use std::path::Path;

use pliant_activation::Activation;
use pliant_kernels::masked_lm::Score;

pub use gradients::Gradients;
pub use input::{DropoutKey, ModelInput};

use crate::config::ModelConfig;
use crate::error::ModelError;
use crate::parameter::ParameterInfo;

/// A place in the model where an activation function stands.
#[derive(Debug, Clone)]
pub struct Site {
    /// `layer.0`, `layer.1`, …
    pub name: String,
    /// The encoder layer; `None` for a site outside the layers.
    pub layer: Option<usize>,
    /// The function.
    pub activation: Activation,
    /// Number of channels it runs over.
    pub channels: usize,
    /// Names of its coefficient tensors among the model's parameters, in the order of [`Activation::coefficient_tensors`].
    pub parameter_names: Vec<String>,
}

/// A BERT encoder with a masked-language-model head whose projection is tied to the word embeddings.
#[derive(Debug)]
pub struct MaskedLanguageModel {
    config: ModelConfig,
    parameters: Vec<ParameterInfo>,
    sites: Vec<Site>,
}

impl MaskedLanguageModel {
    /// Builds a model; each tensor is drawn from (seed, its name), so that models that differ only in their activation
    /// functions start from equal weights.
    pub fn new(config: &ModelConfig, seed: u64) -> Result<Self, ModelError> {
        config.validate()?;
        let _ = seed;
        Err(ModelError::Framework("not built".to_owned()))
    }

    /// What the model is made of.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The parameters that a model of this configuration has, without building it.
    pub fn describe(config: &ModelConfig) -> Result<Vec<ParameterInfo>, ModelError> {
        config.validate()?;
        Ok(Vec::new())
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> &[ParameterInfo] {
        &self.parameters
    }

    /// Every place where an activation function stands, first layer first.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The values of a parameter.
    pub fn read(&self, index: usize) -> Vec<f32> {
        vec![0.0; self.parameters[index].count()]
    }

    /// Overwrites the values of a parameter.
    pub fn write(&mut self, index: usize, values: &[f32]) -> Result<(), ModelError> {
        let _ = (index, values);
        Ok(())
    }

    /// Loss and gradients of `scale` times the summed cross-entropy (nats) over the masked positions.
    ///
    /// Without `dropout` nothing is dropped; with it, what is dropped depends on (seed, step, sequence in the step) only.
    /// Without masked positions the score is zero and no gradient arrives.
    pub fn forward_backward(
        &self,
        input: &ModelInput<'_>,
        dropout: Option<DropoutKey>,
        scale: f32,
    ) -> Result<(Score, Gradients), ModelError> {
        let _ = (input, dropout, scale);
        Err(ModelError::Framework("not built".to_owned()))
    }

    /// The score over the masked positions, without dropout and without gradient work.
    pub fn score(&self, input: &ModelInput<'_>) -> Result<Score, ModelError> {
        let _ = input;
        Err(ModelError::Framework("not built".to_owned()))
    }

    /// Runs `apply(index, parameter, values)` over all parameters in order; the values are changed in place.
    pub fn update(
        &mut self,
        apply: &mut dyn FnMut(usize, &ParameterInfo, &mut [f32]),
    ) -> Result<(), ModelError> {
        let _ = apply;
        Ok(())
    }

    /// Shows the inputs of every activation site (after the bias) on a batch, without dropout: `sink(site index,
    /// [sequences, length, channels])`. Padding is part of what is shown.
    pub fn observe(
        &self,
        input: &ModelInput<'_>,
        sink: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), ModelError> {
        let _ = (input, sink);
        Ok(())
    }

    /// The first place of the forward pass (without dropout) whose output is not finite, e.g. `bert.encoder.layer.1.intermediate.activation`.
    pub fn first_non_finite(&self, input: &ModelInput<'_>) -> Result<Option<String>, ModelError> {
        let _ = input;
        Ok(None)
    }

    /// Writes `config.json` and `model.safetensors` into a folder, creating it. Equal models give equal bytes.
    pub fn save(&self, folder: &Path) -> Result<(), ModelError> {
        let _ = folder;
        Ok(())
    }

    /// Reads a model that [`MaskedLanguageModel::save`] wrote.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        let _ = folder;
        Err(ModelError::Framework("not built".to_owned()))
    }
}
