//! The places where an activation function stands.

use pliant_activation::Activation;

use crate::config::{ModelConfig, resolve_activation};
use crate::error::ModelError;

/// An activation site of a model.
#[derive(Debug, Clone)]
pub struct Site {
    /// `layer.0`, `layer.1`, …, `pooler`.
    pub name: String,
    /// The encoder layer; `None` for a site outside the layers.
    pub layer: Option<usize>,
    /// The function; of a layer with a gate, that of the gate.
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
            let name = format!("layer.{layer}");
            let own = config.feed_forward(functions[layer], &name)?;
            site(
                name,
                Some(layer),
                Activation::clone(&own.function),
                own.channels,
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
    let (name, channels) = ("pooler", config.hidden_size);
    let activation = resolve_activation(config.pooler_activation(), channels, name)?;
    site(name.to_owned(), None, activation, channels, "bert.pooler").map(Some)
}

fn site(
    name: String,
    layer: Option<usize>,
    activation: Activation,
    channels: usize,
    parameters: &str,
) -> Result<Site, ModelError> {
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
