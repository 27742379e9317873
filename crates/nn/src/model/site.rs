//! The places where an activation function stands.

use pliant_activation::{Activation, ActivationSpec};

use crate::config::{ModelConfig, resolve_activation};
use crate::error::ModelError;

/// An activation site of a model.
#[derive(Debug, Clone)]
pub struct Site {
    /// `layer.0`, `layer.1`, …, `pooler`.
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

/// The sites in the encoder: the layers that the configuration selects.
pub(crate) fn layer_sites(config: &ModelConfig) -> Result<Vec<Site>, ModelError> {
    let selected = config.sites.resolve(config.layers)?;
    let functions = config.layer_activations()?;
    let layers = selected
        .iter()
        .enumerate()
        .filter(|(_, selected)| **selected)
        .map(|(layer, _)| layer);
    layers
        .map(|layer| {
            site(
                functions[layer],
                format!("layer.{layer}"),
                Some(layer),
                config.intermediate_size,
                &format!("bert.encoder.layer.{layer}.intermediate"),
            )
        })
        .collect()
}

/// The pooler, if the configuration selects it.
pub(crate) fn pooler_site(config: &ModelConfig) -> Result<Option<Site>, ModelError> {
    if !config.sites.pooler() {
        return Ok(None);
    }
    site(
        config.pooler_activation(),
        "pooler".to_owned(),
        None,
        config.hidden_size,
        "bert.pooler",
    )
    .map(Some)
}

fn site(
    spec: &ActivationSpec,
    name: String,
    layer: Option<usize>,
    channels: usize,
    parameters: &str,
) -> Result<Site, ModelError> {
    let activation = resolve_activation(spec, channels, &name)?;
    let tensors =
        activation
            .coefficient_tensors(channels)
            .map_err(|source| ModelError::Activation {
                site: name.clone(),
                source,
            })?;
    let parameter_names = tensors
        .iter()
        .map(|tensor| format!("{parameters}.activation.{}", tensor.name))
        .collect();
    Ok(Site {
        name,
        layer,
        activation,
        channels,
        parameter_names,
    })
}
