//! Task models: built on an encoder, saved and loaded.

use std::path::Path;

use super::network::Network;
use super::{MaskedLanguageModel, Model, site, storage, weights};
use crate::config::{ConfigDocument, ModelConfig};
use crate::error::ModelError;
use crate::head::TaskHead;
use crate::module::{ParameterSource, TaskOutput};

/// A BERT encoder with a head for classification, regression or spans.
pub type TaskModel = Model<TaskOutput>;

/// What the names of the encoder's parameters begin with; all others belong to a head.
const ENCODER: [&str; 2] = ["bert.embeddings.", "bert.encoder."];

/// Whether a parameter belongs to the encoder, embeddings included.
pub(super) fn is_encoder(name: &str) -> bool {
    ENCODER.iter().any(|beginning| name.starts_with(beginning))
}

impl TaskModel {
    /// Builds a model; each tensor is drawn from (seed, its name).
    ///
    /// # Errors
    /// What [`ModelConfig::validate`] and [`TaskHead::validate`] find.
    pub fn new(config: &ModelConfig, head: TaskHead, seed: u64) -> Result<Self, ModelError> {
        let model = Self::undrawn(config, head, seed)?;
        weights::buffers(model.network());
        Ok(model)
    }

    /// Puts a head on the encoder of a masked-language model or of another task model (whose adapter, if it has one, is
    /// merged). Pooler and head are drawn from (seed, their names), or kept if the folder's model has the same head.
    ///
    /// # Errors
    /// What is wrong with the folder or the head; [`ModelError::Tensors`] lists every tensor that does not fit.
    pub fn from_encoder(folder: &Path, head: TaskHead, seed: u64) -> Result<Self, ModelError> {
        let described = storage::load_config(folder)?;
        let mut model = Self::undrawn(&described.config, head, seed)?;
        let is_same = described.head.as_ref() == Some(model.head());
        let mut values = if described.head.is_some() {
            let mut other = Self::load(folder)?;
            if other.adapter.is_some() {
                other.merge_adapter()?;
            }
            other.named_values()
        } else {
            let parameters = MaskedLanguageModel::describe(&described.config)?;
            storage::load_values(folder, &parameters)?
        };
        model.fill(&mut |info| {
            values
                .remove(&info.name)
                .filter(|_| is_same || is_encoder(&info.name))
        })?;
        weights::buffers(model.network());
        Ok(model)
    }

    /// Whether a folder holds a task model (and not a masked-language model).
    ///
    /// # Errors
    /// [`ModelError::File`] or [`ModelError::ConfigFile`] if its `config.json` cannot be read.
    pub fn is_in(folder: &Path) -> Result<bool, ModelError> {
        Ok(storage::load_config(folder)?.head.is_some())
    }

    /// Reads a model that [`TaskModel::save`] wrote.
    ///
    /// # Errors
    /// What is wrong with the files; [`ModelError::Tensors`] lists every tensor that does not fit;
    /// [`ModelError::OtherHead`] if the folder holds a masked-language model.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        let described = storage::load_config(folder)?;
        let Some(head) = described.head else {
            return Err(ModelError::OtherHead {
                folder: folder.to_owned(),
                found: "masked-language",
                expected: "task",
            });
        };
        let mut model = Self::undrawn(&described.config, head, 0)?;
        if let Some(adapter) = &described.adapter {
            model.add_adapter(adapter, 0)?;
        }
        let mut values = storage::load_values(folder, &model.parameters)?;
        model.fill(&mut |info| values.remove(&info.name))?;
        Ok(model)
    }

    /// Writes `config.json` and `model.safetensors` into a folder, creating it; an adapter that is not merged goes with
    /// them. Equal models give equal bytes.
    ///
    /// # Errors
    /// [`ModelError::File`] if the folder cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), ModelError> {
        let document = ConfigDocument::of(&self.config).with_head(self.head(), self.adapter);
        self.save_as(&document, folder)
    }

    /// What the model predicts.
    pub fn head(&self) -> &TaskHead {
        self.network().head.head()
    }

    /// The parameters that a model of this configuration has, without building it.
    ///
    /// # Errors
    /// What [`ModelConfig::validate`] and [`TaskHead::validate`] find.
    pub fn describe(
        config: &ModelConfig,
        head: TaskHead,
    ) -> Result<Vec<crate::ParameterInfo>, ModelError> {
        Ok(Self::undrawn(config, head, 0)?.parameters)
    }

    /// A model whose values are drawn when they are first needed.
    pub(super) fn undrawn(
        config: &ModelConfig,
        head: TaskHead,
        seed: u64,
    ) -> Result<Self, ModelError> {
        config.validate()?;
        head.validate()?;
        let mut sites = site::layer_sites(config)?;
        if head != TaskHead::Span {
            sites.extend(site::pooler_site(config)?);
        }
        let mut source = ParameterSource::new(config, seed);
        let network = Network::init(config, &mut source, |source| TaskOutput::init(head, source))?;
        let slices = source.into_slices();
        Ok(Self::of(config, network, slices, sites))
    }
}
