//! A model of either kind, for what is done to both alike.

use std::collections::BTreeMap;
use std::path::Path;

use pliant_activation::ActivationSpec;

use pliant_kernels::Precision;

use super::{MaskedLanguageModel, ModelInput, Site, TaskInput, TaskModel, weights};
use crate::config::{ModelConfig, Sites};
use crate::error::ModelError;
use crate::head::TaskHead;
use crate::parameter::ParameterInfo;

/// A masked-language model or a task model.
#[derive(Debug)]
pub enum AnyModel {
    /// With a masked-language head.
    MaskedLanguage(Box<MaskedLanguageModel>),
    /// With a task's head.
    Task(Box<TaskModel>),
}

/// Runs the same on either kind.
macro_rules! either {
    ($any:expr, $model:ident => $result:expr) => {
        match $any {
            AnyModel::MaskedLanguage($model) => $result,
            AnyModel::Task($model) => $result,
        }
    };
}

impl AnyModel {
    /// Builds a model of the values that `take(parameter)` returns; those for which it returns none are drawn from (seed, their
    /// names). With a head for a task, or without one a masked-language model.
    ///
    /// # Errors
    /// What [`ModelConfig::validate`] and [`TaskHead::validate`] find.
    ///
    /// # Panics
    /// If a parameter is given the wrong number of values.
    pub fn with_values(
        config: &ModelConfig,
        head: Option<TaskHead>,
        seed: u64,
        take: &mut dyn FnMut(&ParameterInfo) -> Option<Vec<f32>>,
    ) -> Result<Self, ModelError> {
        let mut model = match head {
            None => Self::MaskedLanguage(Box::new(MaskedLanguageModel::undrawn(config, seed)?)),
            Some(head) => Self::Task(Box::new(TaskModel::undrawn(config, head, seed)?)),
        };
        either!(&mut model, model => {
            model.fill(take)?;
            weights::buffers(model.network());
        });
        Ok(model)
    }

    /// Reads a model folder of either kind.
    ///
    /// # Errors
    /// What is wrong with the files.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        Ok(if TaskModel::is_in(folder)? {
            Self::Task(Box::new(TaskModel::load(folder)?))
        } else {
            Self::MaskedLanguage(Box::new(MaskedLanguageModel::load(folder)?))
        })
    }

    /// Writes its folder.
    ///
    /// # Errors
    /// [`ModelError::File`] if it cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), ModelError> {
        either!(self, model => model.save(folder))
    }

    /// What it is made of.
    pub fn config(&self) -> &ModelConfig {
        either!(self, model => model.config())
    }

    /// The task's head; none for a masked-language model.
    pub fn head(&self) -> Option<&TaskHead> {
        match self {
            Self::MaskedLanguage(_) => None,
            Self::Task(model) => Some(model.head()),
        }
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> &[ParameterInfo] {
        either!(self, model => model.parameters())
    }

    /// Every place where an activation function stands.
    pub fn sites(&self) -> &[Site] {
        either!(self, model => model.sites())
    }

    /// The values of a parameter, flat in its shape.
    ///
    /// # Panics
    /// If there is no parameter of this index.
    pub fn read(&self, index: usize) -> Vec<f32> {
        either!(self, model => model.read(index))
    }

    /// Runs `apply(index, parameter, values)` over all parameters in order; the values are changed in place.
    ///
    /// # Errors
    /// As [`super::Model::update`].
    pub fn update(
        &mut self,
        apply: &mut dyn FnMut(usize, &ParameterInfo, &mut [f32]),
    ) -> Result<(), ModelError> {
        either!(self, model => model.update(apply))
    }

    /// The same weights with another activation at the given sites, which starts as it says. The other layers keep the
    /// function that all have had.
    ///
    /// # Errors
    /// [`ModelError::NotReplaceable`] where the old activation learns or differs between layers, and what
    /// [`ModelConfig::validate`] finds.
    pub fn with_activation(
        &self,
        activation: &ActivationSpec,
        sites: &Sites,
    ) -> Result<Self, ModelError> {
        let own = self.config();
        own.additions.refuse("a change of the activation")?;
        let functions = own.layer_activations()?;
        let fixed = functions
            .first()
            .map_or(&own.fixed_activation, |first| *first);
        let refuse = |reason: String| ModelError::NotReplaceable { reason };
        if let Some(learns) = functions.iter().find(|function| function.is_learnable()) {
            return Err(refuse(format!(
                "{learns} learns, and what it learned would be lost"
            )));
        }
        if let Some(other) = functions.iter().find(|function| **function != fixed) {
            return Err(refuse(format!("some layers have {fixed}, others {other}")));
        }
        if own.sites.pooler() {
            return Err(refuse(format!("the pooler has {}", own.activation)));
        }
        let config = ModelConfig {
            fixed_activation: fixed.clone(),
            activation: activation.clone(),
            sites: sites.clone(),
            ..own.clone()
        };
        let has_gate = fixed.gated().is_some();
        let mut others = config.layer_activations()?.into_iter();
        if let Some(other) = others.find(|other| other.gated().is_some() != has_gate) {
            return Err(refuse(format!(
                "{other} has other matrices than {fixed}: a layer with a gate has three, one without two"
            )));
        }
        let mut values = self.named_values();
        let head = self.head().cloned();
        // What is drawn is coefficients, whose start is no matter of chance.
        Self::with_values(&config, head, 0, &mut |info| values.remove(&info.name))
    }

    /// The values of all parameters by name.
    pub fn named_values(&self) -> BTreeMap<String, Vec<f32>> {
        either!(self, model => model.named_values())
    }

    /// Sets the number format of the operands of matrix products; see [`super::Model::set_precision`].
    pub fn set_precision(&mut self, precision: Precision) {
        either!(self, model => model.set_precision(precision));
    }

    /// Shows the inputs of every activation site on a batch; see [`MaskedLanguageModel::observe`].
    ///
    /// # Errors
    /// As [`TaskModel::logits`]; targets are not looked at.
    pub fn observe(
        &self,
        input: &TaskInput<'_>,
        sink: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), ModelError> {
        match self {
            Self::MaskedLanguage(model) => model.observe(&without_masks(input), sink),
            Self::Task(model) => model.observe(input, sink),
        }
    }

    /// Shows the output of every module on a batch, in order, without dropout: `sink(module, values)`. Values of tokens are
    /// `[tokens, channels]`, the real tokens of all sequences one after the other; the hidden states are
    /// `bert.encoder.layer.{n}.output`.
    ///
    /// # Errors
    /// As [`TaskModel::logits`]; targets are not looked at.
    pub fn outputs(
        &self,
        input: &TaskInput<'_>,
        sink: &mut dyn FnMut(&str, &[f32]),
    ) -> Result<(), ModelError> {
        match self {
            Self::MaskedLanguage(model) => model.outputs(&without_masks(input), sink),
            Self::Task(model) => model.outputs(input, sink),
        }
    }

    /// Logits: `[tokens, vocabulary]` at every real token for a masked-language model, for others see [`TaskModel::logits`].
    ///
    /// # Errors
    /// As [`TaskModel::logits`]; targets are not looked at.
    pub fn logits(&self, input: &TaskInput<'_>) -> Result<Vec<f32>, ModelError> {
        match self {
            Self::MaskedLanguage(model) => {
                let places: Vec<u32> = (0..input.attention_mask.len() as u32)
                    .filter(|place| input.attention_mask[*place as usize] != 0)
                    .collect();
                model.logits(&without_masks(input), &places)
            }
            Self::Task(model) => model.logits(input),
        }
    }
}

/// The tokens alone, for a masked-language model.
fn without_masks<'a>(input: &TaskInput<'a>) -> ModelInput<'a> {
    ModelInput {
        sequences: input.sequences,
        length: input.length,
        ids: input.ids,
        type_ids: input.type_ids,
        attention_mask: input.attention_mask,
        masked_positions: &[],
        labels: &[],
        first_sequence: input.first_sequence,
    }
}
