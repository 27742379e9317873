//! The stack of encoder layers.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::layer::{EncoderLayer, EncoderLayerConfig};
use super::norm::Norm;
use super::pass::Pass;
use super::source::ParameterSource;
use crate::adapter::AdapterKind;
use crate::config::{FeedForwardActivation, NormPlacement};
use crate::error::ModelError;

/// Builds an [`Encoder`].
#[derive(Debug)]
pub(crate) struct EncoderConfig {
    /// The activation of each layer.
    pub(crate) activations: Vec<FeedForwardActivation>,
}

impl EncoderConfig {
    /// The encoder with parameters `{name}.layer.0.…`, and `{name}.final_norm.…` if the norms stand before the sub-layers.
    pub(crate) fn init(
        self,
        name: &str,
        source: &mut ParameterSource<'_>,
    ) -> Result<Encoder, ModelError> {
        let config = source.config();
        let rotary = config.rotary().map(Arc::new);
        let layers = self
            .activations
            .into_iter()
            .enumerate()
            .map(|(layer, activation)| {
                EncoderLayerConfig {
                    layer,
                    activation,
                    rotary: rotary.clone(),
                }
                .init(&format!("{name}.layer.{layer}"), source)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let final_norm = (config.norm == NormPlacement::Pre)
            .then(|| Norm::init(&format!("{name}.final_norm"), source));
        Ok(Encoder {
            layers,
            final_norm,
            name: name.to_owned(),
        })
    }
}

/// Encoder layers, one after the other, and a last norm if the norms stand before the sub-layers.
#[derive(Module, Debug)]
pub(crate) struct Encoder {
    layers: Vec<EncoderLayer>,
    final_norm: Option<Norm>,
    name: String,
}

impl Encoder {
    /// Gives every layer an adapter.
    pub(crate) fn add_adapter(&mut self, kind: AdapterKind, source: &mut ParameterSource<'_>) {
        for layer in &mut self.layers {
            layer.add_adapter(kind, source);
        }
    }

    /// Takes the adapters away.
    pub(crate) fn remove_adapter(&mut self) {
        for layer in &mut self.layers {
            layer.remove_adapter();
        }
    }

    /// # Shapes
    /// - hidden, output: `[1, tokens, hidden]`
    pub(crate) fn forward(&self, mut hidden: Tensor<3>, pass: &mut Pass<'_>) -> Tensor<3> {
        for layer in &self.layers {
            hidden = layer.forward(hidden, pass);
        }
        if let Some(norm) = &self.final_norm {
            hidden = norm.forward(hidden);
            pass.output(|| format!("{}.final_norm", self.name), &hidden);
        }
        hidden
    }
}
