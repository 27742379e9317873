//! The places where an activation function stands.

use pliant_activation::Activation;

use crate::config::{ModelConfig, resolve_activation};
use crate::error::ModelError;

/// An activation site of a model.
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

/// The sites of a masked-language model: the layers that the configuration selects.
pub(crate) fn sites(config: &ModelConfig) -> Result<Vec<Site>, ModelError> {
    let selected = config.sites.resolve(config.layers)?;
    let layers = selected
        .iter()
        .enumerate()
        .filter(|(_, selected)| **selected)
        .map(|(layer, _)| layer);
    layers
        .map(|layer| {
            let name = format!("layer.{layer}");
            let channels = config.intermediate_size;
            let activation = resolve_activation(&config.activation, channels, &name)?;
            let tensors = activation.coefficient_tensors(channels).map_err(|source| {
                ModelError::Activation {
                    site: name.clone(),
                    source,
                }
            })?;
            let parameter_names = tensors
                .iter()
                .map(|tensor| {
                    format!(
                        "bert.encoder.layer.{layer}.intermediate.activation.{}",
                        tensor.name
                    )
                })
                .collect();
            Ok(Site {
                name,
                layer: Some(layer),
                activation,
                channels,
                parameter_names,
            })
        })
        .collect()
}
