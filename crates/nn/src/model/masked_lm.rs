//! The masked-language model: built, saved and loaded.

use std::path::Path;

use super::network::Network;
use super::{Model, site, storage, weights};
use crate::config::{ConfigDocument, ModelConfig};
use crate::error::ModelError;
use crate::module::{MaskedLmHead, ParameterSource, Pooler};
use crate::parameter::ParameterInfo;

/// A BERT encoder with a masked-language-model head whose projection is tied to the word embeddings.
pub type MaskedLanguageModel = Model<MaskedLmHead>;

impl MaskedLanguageModel {
    /// Builds a model; each tensor is drawn from (seed, its name), so that models that differ only in their activation
    /// functions start from equal weights.
    ///
    /// # Errors
    /// What [`ModelConfig::validate`] finds.
    pub fn new(config: &ModelConfig, seed: u64) -> Result<Self, ModelError> {
        let model = Self::undrawn(config, seed)?;
        weights::buffers(model.network());
        Ok(model)
    }

    /// The parameters that a model of this configuration has, without building it.
    ///
    /// # Errors
    /// What [`ModelConfig::validate`] finds.
    pub fn describe(config: &ModelConfig) -> Result<Vec<ParameterInfo>, ModelError> {
        Ok(Self::undrawn(config, 0)?.parameters)
    }

    /// The parameters of the pooler that fine-tuning puts on this encoder; no part of this model.
    ///
    /// # Errors
    /// What [`ModelConfig::validate`] finds.
    pub fn describe_pooler(config: &ModelConfig) -> Result<Vec<ParameterInfo>, ModelError> {
        config.validate()?;
        let mut source = ParameterSource::new(config, 0);
        Pooler::init("bert.pooler", &mut source)?;
        Ok(source
            .into_slices()
            .into_iter()
            .map(|slice| slice.info)
            .collect())
    }

    /// A model whose values are drawn when they are first needed.
    pub(super) fn undrawn(config: &ModelConfig, seed: u64) -> Result<Self, ModelError> {
        config.validate()?;
        let mut source = ParameterSource::new(config, seed);
        let network = Network::init(config, &mut source, |source| {
            MaskedLmHead::init("cls.predictions", source)
        })?;
        let slices = source.into_slices();
        Ok(Self::of(
            config,
            network,
            slices,
            site::layer_sites(config)?,
        ))
    }

    /// Writes `config.json` and `model.safetensors` into a folder, creating it. Equal models give equal bytes.
    ///
    /// # Errors
    /// [`ModelError::File`] if the folder cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), ModelError> {
        self.save_as(&ConfigDocument::of(&self.config), folder)
    }

    /// Reads a model that [`MaskedLanguageModel::save`] wrote.
    ///
    /// # Errors
    /// What is wrong with the files; [`ModelError::Tensors`] lists every tensor that does not fit;
    /// [`ModelError::OtherHead`] if the folder holds a task model.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        let described = storage::load_config(folder)?;
        if let Some(head) = described.head {
            return Err(ModelError::OtherHead {
                folder: folder.to_owned(),
                found: head.kind(),
                expected: "masked-language",
            });
        }
        let mut model = Self::undrawn(&described.config, 0)?;
        let mut values = storage::load_values(folder, &model.parameters)?;
        model.fill(&mut |info| values.remove(&info.name))?;
        Ok(model)
    }
}
