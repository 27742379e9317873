//! What trains: a selection of the parameters, or an adapter added to the model and later merged into it.

use std::collections::BTreeMap;

use super::{TaskModel, weights};
use crate::adapter::AdapterKind;
use crate::error::ModelError;
use crate::module::ParameterSource;

impl TaskModel {
    /// Says for each parameter whether it trains; at first all do. Those that do not get no gradient and no product of
    /// their own, and there is no backward pass below the lowest one that does. The weights (and the biases) of queries,
    /// keys and values of a layer are one product: if one of them trains, the work is done for all three. Sums over rows
    /// that a fused sweep makes on its way (biases, norms, activation coefficients) are made and thrown away.
    ///
    /// # Panics
    /// If there is not one value for each parameter.
    pub fn set_trainable(&mut self, trainable: &[bool]) {
        assert_eq!(
            trainable.len(),
            self.parameters.len(),
            "one value for each parameter"
        );
        let buffers = self.places.last().map_or(0, |place| place.buffer + 1);
        let mut tracked = vec![false; buffers];
        for (place, trains) in self.places.iter().zip(trainable) {
            tracked[place.buffer] |= trains;
        }
        self.trainable = trainable.into();
        self.network = self
            .network
            .take()
            .map(|network| weights::set_tracked(network, &tracked));
    }

    /// The adapter that has been added and not merged.
    pub fn adapter(&self) -> Option<AdapterKind> {
        self.adapter
    }

    /// Adds an adapter to every layer, drawn from (seed, its names); the model computes what it did before. The parameters
    /// are renumbered; all that are new train.
    ///
    /// # Errors
    /// [`ModelError::AdapterPresent`] if the model has one, [`ModelError::AdapterValue`] if the rank does not fit.
    pub fn add_adapter(&mut self, adapter: &AdapterKind, seed: u64) -> Result<(), ModelError> {
        adapter.validate(self.config.hidden_size)?;
        if let Some(present) = self.adapter {
            return Err(ModelError::AdapterPresent { present });
        }
        let config = self.config.clone();
        self.rearrange(|network, slices| {
            let mut source = ParameterSource::new(&config, seed);
            network.add_adapter(*adapter, &mut source);
            slices.extend(source.into_slices());
        });
        self.adapter = Some(*adapter);
        Ok(())
    }

    /// Takes the adapter into weights and biases, which then compute the same without it, and removes it. The parameters
    /// are renumbered.
    ///
    /// # Errors
    /// [`ModelError::AdapterMissing`] if the model has none.
    pub fn merge_adapter(&mut self) -> Result<(), ModelError> {
        let Some(adapter) = self.adapter else {
            return Err(ModelError::AdapterMissing);
        };
        let values = self.named_values();
        self.update(&mut |_, info, weight| match adapter {
            AdapterKind::Ia3 => merge_factors(&info.name, &info.shape, weight, &values),
            AdapterKind::Lora { rank, alpha } => {
                merge_product(&info.name, weight, &values, rank, alpha);
            }
        })?;
        self.drop_adapter();
        Ok(())
    }

    /// Removes the adapter as if it had not been there.
    pub(super) fn drop_adapter(&mut self) {
        self.rearrange(|network, _| network.remove_adapter());
        self.adapter = None;
    }

    /// Adds or removes parameters: `change(network, slices)`, where slices of what is not there any more may stay.
    fn rearrange(
        &mut self,
        change: impl FnOnce(
            &mut super::network::Network<crate::module::TaskOutput>,
            &mut Vec<crate::module::Slice>,
        ),
    ) {
        let Some(mut network) = self.network.take() else {
            return;
        };
        let before: BTreeMap<String, bool> = self
            .parameters
            .iter()
            .map(|info| info.name.clone())
            .zip(self.trainable.iter().copied())
            .collect();
        let mut slices = weights::slices(&network, &self.parameters, &self.places);
        change(&mut network, &mut slices);
        let (parameters, places) = weights::arrange(&network, slices);
        self.trainable = parameters
            .iter()
            .map(|info| before.get(&info.name).copied().unwrap_or(true))
            .collect();
        (self.parameters, self.places) = (parameters, places.into());
        self.network = Some(network);
        self.packed_weights = std::sync::Arc::default();
    }
}

/// Multiplies the rows of a key or value projection (weight and bias) by the factors of its outputs, and the columns of a
/// feed-forward output by those of its inputs.
fn merge_factors(
    name: &str,
    shape: &[usize],
    weight: &mut [f32],
    values: &BTreeMap<String, Vec<f32>>,
) {
    if let Some(projection) = name
        .strip_suffix(".weight")
        .or_else(|| name.strip_suffix(".bias"))
        && let Some(factors) = values.get(&format!("{projection}.ia3_l"))
    {
        let width = weight.len() / factors.len();
        for (row, factor) in weight.chunks_exact_mut(width).zip(factors) {
            for value in row {
                *value *= factor;
            }
        }
    } else if let Some(layer) = name.strip_suffix(".output.dense.weight")
        && let Some(factors) = values.get(&format!("{layer}.intermediate.ia3_l"))
    {
        let inputs = shape.last().copied().unwrap_or(1);
        for row in weight.chunks_exact_mut(inputs) {
            for (value, factor) in row.iter_mut().zip(factors) {
                *value *= factor;
            }
        }
    }
}

/// Adds `alpha / rank · B A` to a weight that has both.
fn merge_product(
    name: &str,
    weight: &mut [f32],
    values: &BTreeMap<String, Vec<f32>>,
    rank: usize,
    alpha: f32,
) {
    let Some(projection) = name.strip_suffix(".weight") else {
        return;
    };
    let half = |letter: &str| values.get(&format!("{projection}.lora_{letter}.weight"));
    let (Some(down), Some(up)) = (half("A"), half("B")) else {
        return;
    };
    let inputs = down.len() / rank;
    let factor = f64::from(alpha / rank as f32);
    for (row, up) in weight.chunks_exact_mut(inputs).zip(up.chunks_exact(rank)) {
        for (column, value) in row.iter_mut().enumerate() {
            let product: f64 = up
                .iter()
                .zip(down.chunks_exact(inputs))
                .map(|(up, down)| f64::from(*up) * f64::from(down[column]))
                .sum();
            *value = (f64::from(*value) + factor * product) as f32;
        }
    }
}
