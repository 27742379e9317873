//! What stands between the two projections of a feed-forward layer.

use std::sync::Arc;

use pliant_activation::gated::inner_size;
use pliant_activation::{Activation, ActivationSpec};

use super::{ModelConfig, resolve_activation};
use crate::error::ModelError;

/// The activation of a feed-forward layer, ready for use.
#[derive(Debug, Clone)]
pub(crate) struct FeedForwardActivation {
    /// The function of single values; that of the gate, if there is one.
    pub(crate) function: Arc<Activation>,
    /// Channels that it is applied to.
    pub(crate) channels: usize,
    /// Whether its outputs are multiplied by those of a second projection.
    pub(crate) is_gated: bool,
}

impl ModelConfig {
    /// Channels between the projections of a feed-forward layer with this activation: `intermediate_size`, or for a layer with
    /// a gate, which has three matrices, two thirds of it to the nearest multiple of 8.
    pub fn inner_size(&self, activation: &ActivationSpec) -> usize {
        match activation.gated() {
            Some(_) => inner_size(self.intermediate_size),
            None => self.intermediate_size,
        }
    }

    /// Channels of all projections of the feed-forward layers together, so that each of their matrices is as wide as this is
    /// in its part: two times the inner size of a layer, or three times where there is a gate.
    ///
    /// # Errors
    /// As [`layer_activations`](Self::layer_activations).
    pub fn projected_channels(&self) -> Result<usize, ModelError> {
        let layers = self.layer_activations()?;
        let channels = layers.into_iter().map(|activation| {
            let matrices = if activation.gated().is_some() { 3 } else { 2 };
            matrices * self.inner_size(activation)
        });
        Ok(channels.sum())
    }

    /// Resolves the activation of the feed-forward layer `site`.
    pub(crate) fn feed_forward(
        &self,
        activation: &ActivationSpec,
        site: &str,
    ) -> Result<FeedForwardActivation, ModelError> {
        let channels = self.inner_size(activation);
        let function = resolve_activation(activation.elementwise(), channels, site)?;
        Ok(FeedForwardActivation {
            function: Arc::new(function),
            channels,
            is_gated: activation.gated().is_some(),
        })
    }
}
