//! Models: the types that the other crates use.

mod adapter_file;
mod any;
mod fill_mask;
mod freeze;
mod gradients;
mod hidden;
mod input;
mod masked_lm;
mod network;
mod observation;
mod passes;
mod site;
mod storage;
mod task;
mod task_input;
mod task_passes;
mod tuning;
mod weights;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
pub(crate) use storage::load_config;

use pliant_kernels::Precision;

pub use any::AnyModel;
pub use freeze::FrozenSite;
pub use gradients::Gradients;
pub use input::{DropoutKey, ModelInput};
pub use masked_lm::MaskedLanguageModel;
pub use site::Site;
pub use task::TaskModel;
pub use task_input::{TaskInput, TaskScore, TaskTarget};

use crate::adapter::AdapterKind;
use crate::config::{ConfigDocument, ModelConfig};
use crate::error::ModelError;
use crate::module::{Head, Slice};
use crate::operation::{MemoryLease, PackedWeights, values};
use crate::parameter::ParameterInfo;
use network::Network;
use weights::Place;

/// Changes the values of all parameters at once: (parameters, their values).
type ApplyToAll<'a> = &'a mut dyn FnMut(&[ParameterInfo], Vec<&mut [f32]>);

/// A BERT encoder whose activation functions may learn, with the head `H`: a [`MaskedLanguageModel`] or a [`TaskModel`].
#[derive(Debug)]
pub struct Model<H: Head> {
    config: ModelConfig,
    /// Absent only while a method changes buffers in place, which needs the network by value.
    network: Option<Network<H>>,
    parameters: Vec<ParameterInfo>,
    places: Arc<[Place]>,
    /// For each parameter whether it has gradients.
    trainable: Arc<[bool]>,
    /// What has been added to the encoder.
    adapter: Option<AdapterKind>,
    sites: Vec<Site>,
    copied_buffers: usize,
    precision: Precision,
    /// Belongs to the present values of the parameters.
    packed_weights: Arc<PackedWeights>,
    /// Dropped last: memory of tensors is kept for reuse while there is a model.
    _memory: MemoryLease,
}

impl<H: Head> Model<H> {
    /// A model of a network; its values are drawn when they are first needed.
    fn of(config: &ModelConfig, network: Network<H>, slices: Vec<Slice>, sites: Vec<Site>) -> Self {
        let (parameters, places) = weights::arrange(&network, slices);
        Self {
            config: config.clone(),
            sites,
            network: Some(network),
            trainable: vec![true; parameters.len()].into(),
            parameters,
            places: places.into(),
            adapter: None,
            copied_buffers: 0,
            precision: Precision::F32,
            packed_weights: Arc::default(),
            _memory: MemoryLease::default(),
        }
    }

    /// Sets the number format of the operands of matrix products, f32 unless said otherwise. The parameters stay f32.
    pub fn set_precision(&mut self, precision: Precision) {
        self.precision = precision;
    }

    /// The number format of the operands of matrix products.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Sets the probabilities with which training drops hidden values and attention weights, here and in the
    /// configuration.
    ///
    /// # Errors
    /// [`ModelError::OutOfRange`] if one lies outside `[0, 1)`; the model stays as it is.
    pub fn set_dropout(&mut self, hidden: f64, attention: f64) -> Result<(), ModelError> {
        let config = ModelConfig {
            dropout: hidden,
            attention_dropout: attention,
            ..self.config.clone()
        };
        config.validate()?;
        self.config = config;
        Ok(())
    }

    /// What the model is made of.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> &[ParameterInfo] {
        &self.parameters
    }

    /// Every place where an activation function stands: layers first, in order, then the pooler if it is one.
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
            self.packed_weights = self.packed_weights.next().into();
            self.copied_buffers += copied;
        }
        Ok(())
    }

    /// Writes the folder of a model.
    fn save_as(&self, document: &ConfigDocument, folder: &Path) -> Result<(), ModelError> {
        storage::save(
            folder,
            document,
            &self.parameters,
            &self.places,
            &weights::buffers(self.network()),
        )
    }

    /// Gives parameters the values that `take(parameter)` returns; those for which it returns none keep theirs. A buffer whose
    /// parts all have values is not drawn.
    fn fill(
        &mut self,
        take: &mut dyn FnMut(&ParameterInfo) -> Option<Vec<f32>>,
    ) -> Result<(), ModelError> {
        let mut single: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
        let places = self.places.iter().enumerate();
        let mut parameters = self.parameters.iter().zip(places).peekable();
        let mut buffer_values = |buffer: usize| {
            let mut parts = Vec::new();
            while let Some((info, (index, _))) =
                parameters.next_if(|(_, (_, place))| place.buffer == buffer)
            {
                parts.push((index, take(info)));
            }
            if parts.iter().all(|(_, part)| part.is_some()) {
                return parts
                    .into_iter()
                    .filter_map(|(_, part)| part)
                    .reduce(|mut whole, part| {
                        whole.extend_from_slice(&part);
                        whole
                    });
            }
            let given = parts.into_iter();
            single.extend(given.filter_map(|(index, part)| Some((index, part?))));
            None
        };
        self.network = self
            .network
            .take()
            .map(|network| weights::replace(network, &mut buffer_values));
        self.packed_weights = self.packed_weights.next().into();
        if single.is_empty() {
            return Ok(());
        }
        self.update(&mut |index, _, own| {
            if let Some(values) = single.get(&index) {
                own.copy_from_slice(values);
            }
        })
    }

    /// The values of all parameters by name.
    fn named_values(&self) -> BTreeMap<String, Vec<f32>> {
        let buffers = weights::buffers(self.network());
        self.parameters
            .iter()
            .zip(self.places.iter())
            .map(|(info, place)| {
                let own = &values(&buffers[place.buffer])[place.range.clone()];
                (info.name.clone(), own.to_vec())
            })
            .collect()
    }

    #[expect(
        clippy::expect_used,
        reason = "only methods that change the network take it, and they put it back"
    )]
    fn network(&self) -> &Network<H> {
        self.network
            .as_ref()
            .expect("the network is in place between calls")
    }

    /// Runs `change(buffer, values)` over all buffers in place.
    fn change(&mut self, change: &mut dyn FnMut(usize, &mut [f32])) {
        if let Some(network) = self.network.take() {
            let (network, copied) = weights::change(network, change);
            self.network = Some(network);
            self.packed_weights = self.packed_weights.next().into();
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
