//! The places where an activation function stands.

use pliant_activation::Activation;

use crate::config::{ModelConfig, Place, resolve_activation};
use crate::error::ModelError;

/// An activation site of a model.
#[derive(Debug, Clone)]
pub struct Site {
    /// `layer.0`, `layer.1`, …, `pooler`; with additions also `layer.0.feed_forward_input` and `layer.0.attention_output`.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// The function; of a layer with a gate, that of the gate.
    pub activation: Activation,
    /// Number of channels it runs over.
    pub channels: usize,
    /// Names of its coefficient tensors among the model's parameters, in the order of [`Activation::coefficient_tensors`].
    pub parameter_names: Vec<String>,
}

impl Site {
    /// The encoder layer whose feed-forward activation it is; `None` for any other place.
    pub fn layer(&self) -> Option<usize> {
        match self.place {
            Place::FeedForward { layer } => Some(layer),
            _ => None,
        }
    }
}

/// The sites in the encoder: the feed-forward activations of the layers that the configuration selects, then the additions.
pub(crate) fn layer_sites(config: &ModelConfig) -> Result<Vec<Site>, ModelError> {
    let selected = config.sites.resolve(config.layers)?;
    let functions = config.layer_activations()?;
    let mut sites = Vec::new();
    for (layer, function) in functions.into_iter().enumerate() {
        if selected[layer] {
            let place = Place::FeedForward { layer };
            let own = config.feed_forward(function, &place.site())?;
            sites.push(site(place, Activation::clone(&own.function), own.channels)?);
        }
    }
    for place in config.added_places() {
        if let Some(function) = config.added_function(place)? {
            sites.push(site(place, function, config.hidden_size)?);
        }
    }
    Ok(sites)
}

/// The pooler, if the configuration selects it.
pub(crate) fn pooler_site(config: &ModelConfig) -> Result<Option<Site>, ModelError> {
    if !config.sites.pooler() {
        return Ok(None);
    }
    let (place, channels) = (Place::Pooler, config.hidden_size);
    let activation = resolve_activation(config.pooler_activation(), channels, &place.site())?;
    site(place, activation, channels).map(Some)
}

fn site(place: Place, activation: Activation, channels: usize) -> Result<Site, ModelError> {
    let name = place.site();
    let tensors =
        activation
            .coefficient_tensors(channels)
            .map_err(|source| ModelError::Activation {
                site: name.clone(),
                source,
            })?;
    let module = place.module();
    let parameter_names = tensors
        .iter()
        .filter(|_| activation.is_learnable())
        .map(|tensor| format!("{module}.activation.{}", tensor.name))
        .collect();
    Ok(Site {
        name,
        place,
        activation,
        channels,
        parameter_names,
    })
}
