//! The masked-language model: the one type that the other crates use.

mod gradients;
mod input;
mod network;
mod observation;
mod passes;
mod site;
mod storage;
mod weights;

use std::path::Path;
use std::sync::Arc;
pub(crate) use storage::load_config;

use pliant_kernels::Precision;

pub use gradients::Gradients;
pub use input::{DropoutKey, ModelInput};
pub use site::Site;

use crate::config::ModelConfig;
use crate::error::ModelError;
use crate::module::{ParameterSource, Pooler};
use crate::operation::{MemoryLease, PackedWeights, values};
use crate::parameter::ParameterInfo;
use network::Network;
use weights::Place;

/// Changes the values of all parameters at once: (parameters, their values).
type ApplyToAll<'a> = &'a mut dyn FnMut(&[ParameterInfo], Vec<&mut [f32]>);

/// A BERT encoder with a masked-language-model head whose projection is tied to the word embeddings.
#[derive(Debug)]
pub struct MaskedLanguageModel {
    config: ModelConfig,
    /// Absent only while [`MaskedLanguageModel::change`] runs: changing buffers in place needs the network by value.
    network: Option<Network>,
    parameters: Vec<ParameterInfo>,
    places: Arc<[Place]>,
    sites: Vec<Site>,
    copied_buffers: usize,
    precision: Precision,
    /// Belongs to the present values of the parameters.
    packed_weights: Arc<PackedWeights>,
    /// Dropped last: memory of tensors is kept for reuse while there is a model.
    _memory: MemoryLease,
}

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
    fn undrawn(config: &ModelConfig, seed: u64) -> Result<Self, ModelError> {
        config.validate()?;
        let mut source = ParameterSource::new(config, seed);
        let network = Network::init(config, &mut source)?;
        let (parameters, places) = weights::arrange(&network, source.into_slices());
        Ok(Self {
            config: config.clone(),
            sites: site::sites(config)?,
            network: Some(network),
            parameters,
            places: places.into(),
            copied_buffers: 0,
            precision: Precision::F32,
            packed_weights: Arc::default(),
            _memory: MemoryLease::default(),
        })
    }

    /// Sets the number format of the operands of matrix products, f32 unless said otherwise. The parameters stay f32.
    pub fn set_precision(&mut self, precision: Precision) {
        self.precision = precision;
    }

    /// The number format of the operands of matrix products.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// What the model is made of.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> &[ParameterInfo] {
        &self.parameters
    }

    /// Every place where an activation function stands, first layer first.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The values of a parameter, flat in its shape.
    ///
    /// # Panics
    /// If there is no parameter of this index.
    pub fn read(&self, index: usize) -> Vec<f32> {
        let place = &self.places[index];
        values(&weights::buffers(self.network())[place.buffer])[place.range.clone()].to_vec()
    }

    /// Overwrites the values of a parameter.
    ///
    /// # Errors
    /// [`ModelError::ParameterLength`] if the number of values is another.
    ///
    /// # Panics
    /// If there is no parameter of this index.
    pub fn write(&mut self, index: usize, values: &[f32]) -> Result<(), ModelError> {
        let (info, place) = (&self.parameters[index], self.places[index].clone());
        if values.len() != info.count() {
            return Err(ModelError::ParameterLength {
                name: info.name.clone(),
                expected: info.count(),
                found: values.len(),
            });
        }
        self.change(&mut |buffer, own| {
            if buffer == place.buffer {
                own[place.range.clone()].copy_from_slice(values);
            }
        });
        Ok(())
    }

    /// Runs `apply(index, parameter, values)` over all parameters in order; the values are changed in place.
    ///
    /// # Errors
    /// None so far; the signature leaves room for devices that can fail.
    pub fn update(
        &mut self,
        apply: &mut dyn FnMut(usize, &ParameterInfo, &mut [f32]),
    ) -> Result<(), ModelError> {
        let parameters = std::mem::take(&mut self.parameters);
        let places = Arc::clone(&self.places);
        let mut next = 0;
        self.change(&mut |buffer, values| {
            while let Some(place) = places.get(next).filter(|place| place.buffer == buffer) {
                apply(next, &parameters[next], &mut values[place.range.clone()]);
                next += 1;
            }
        });
        self.parameters = parameters;
        Ok(())
    }

    /// Runs `apply(parameters, values)` once, with the values of all parameters in order; they are changed in place.
    ///
    /// # Errors
    /// None so far; the signature leaves room for devices that can fail.
    pub fn update_all(&mut self, apply: ApplyToAll<'_>) -> Result<(), ModelError> {
        if let Some(network) = self.network.take() {
            let (parameters, places) = (&self.parameters, &self.places);
            let (network, copied) = weights::change_all(network, |buffers| {
                apply(parameters, split(buffers, places));
            });
            self.network = Some(network);
            self.packed_weights = Arc::default();
            self.copied_buffers += copied;
        }
        Ok(())
    }

    /// Writes `config.json` and `model.safetensors` into a folder, creating it. Equal models give equal bytes.
    ///
    /// # Errors
    /// [`ModelError::File`] if the folder cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), ModelError> {
        storage::save(
            folder,
            &self.config,
            &self.parameters,
            &self.places,
            &weights::buffers(self.network()),
        )
    }

    /// Reads a model that [`MaskedLanguageModel::save`] wrote.
    ///
    /// # Errors
    /// What is wrong with the files; [`ModelError::Tensors`] lists every tensor that does not fit.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        let mut model = Self::undrawn(&storage::load_config(folder)?, 0)?;
        let mut values = storage::load_values(folder, &model.parameters)?
            .into_iter()
            .zip(model.places.iter())
            .peekable();
        let mut buffer_values = |buffer: usize| {
            let mut whole = Vec::new();
            while let Some((part, _)) = values.next_if(|(_, place)| place.buffer == buffer) {
                if whole.is_empty() {
                    whole = part;
                } else {
                    whole.extend_from_slice(&part);
                }
            }
            whole
        };
        model.network = model
            .network
            .take()
            .map(|network| weights::replace(network, &mut buffer_values));
        Ok(model)
    }

    #[expect(
        clippy::expect_used,
        reason = "only `change` and `load` take the network, and they put it back"
    )]
    fn network(&self) -> &Network {
        self.network
            .as_ref()
            .expect("the network is in place between calls")
    }

    /// Runs `change(buffer, values)` over all buffers in place.
    fn change(&mut self, change: &mut dyn FnMut(usize, &mut [f32])) {
        if let Some(network) = self.network.take() {
            let (network, copied) = weights::change(network, change);
            self.network = Some(network);
            self.packed_weights = Arc::default();
            self.copied_buffers += copied;
        }
    }
}

/// The values of each place; places are in the order of the buffers and, within one, side by side.
fn split<'a>(buffers: Vec<&'a mut [f32]>, places: &[Place]) -> Vec<&'a mut [f32]> {
    let mut slices = Vec::with_capacity(places.len());
    let mut places = places.iter().peekable();
    for (buffer, mut rest) in buffers.into_iter().enumerate() {
        while let Some(place) = places.next_if(|place| place.buffer == buffer) {
            let (own, others) = rest.split_at_mut(place.range.len());
            slices.push(own);
            rest = others;
        }
    }
    slices
}

#[cfg(test)]
mod tests;
