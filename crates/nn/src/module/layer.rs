//! One encoder layer: attention and feed-forward, each with residual sum, dropout and layer norm.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;
use pliant_kernels::attention::Rotary;

use super::attention::{SelfAttention, SelfAttentionConfig};
use super::feed_forward::{FeedForward, FeedForwardConfig};
use super::norm::Norm;
use super::pass::{DropoutPlace, Pass};
use super::source::ParameterSource;
use crate::adapter::AdapterKind;
use crate::config::{FeedForwardActivation, NormPlacement};
use crate::error::ModelError;
use crate::operation::{dropout_residual, dropout_residual_norm};

/// Builds an [`EncoderLayer`].
#[derive(Debug)]
pub(crate) struct EncoderLayerConfig {
    /// Its number, from 0.
    pub(crate) layer: usize,
    /// The activation of its feed-forward sub-layer.
    pub(crate) activation: FeedForwardActivation,
    /// The rotation of queries and keys, shared by all layers.
    pub(crate) rotary: Option<Arc<Rotary>>,
}

impl EncoderLayerConfig {
    /// The layer with parameters `{name}.attention.…`, `{name}.intermediate.…`, `{name}.output.…`.
    ///
    /// The norm of a sub-layer has the same name wherever it stands: behind the residual sum, or before the sub-layer.
    pub(crate) fn init(
        self,
        name: &str,
        source: &mut ParameterSource<'_>,
    ) -> Result<EncoderLayer, ModelError> {
        let config = source.config();
        Ok(EncoderLayer {
            attention: SelfAttentionConfig {
                layer: self.layer,
                rotary: self.rotary,
            }
            .init(&format!("{name}.attention"), source)?,
            attention_norm: Norm::init(&format!("{name}.attention.output.LayerNorm"), source),
            feed_forward: FeedForwardConfig {
                layer: self.layer,
                activation: self.activation,
            }
            .init(name, source)?,
            feed_forward_norm: Norm::init(&format!("{name}.output.LayerNorm"), source),
            residual_factor: config.residual_factor(),
            layer: self.layer,
            norm_first: config.norm == NormPlacement::Pre,
        })
    }
}

/// One encoder layer.
#[derive(Module, Debug)]
pub(crate) struct EncoderLayer {
    attention: SelfAttention,
    attention_norm: Norm,
    feed_forward: FeedForward,
    feed_forward_norm: Norm,
    residual_factor: f32,
    layer: usize,
    norm_first: bool,
}

impl EncoderLayer {
    /// Gives both sub-layers an adapter.
    pub(crate) fn add_adapter(&mut self, kind: AdapterKind, source: &mut ParameterSource<'_>) {
        self.attention.add_adapter(kind, source);
        self.feed_forward.add_adapter(kind, source);
    }

    /// Takes the adapters away.
    pub(crate) fn remove_adapter(&mut self) {
        self.attention.remove_adapter();
        self.feed_forward.remove_adapter();
    }

    /// # Shapes
    /// - hidden, output: `[1, tokens, hidden]`
    pub(crate) fn forward(&self, hidden: Tensor<3>, pass: &mut Pass<'_>) -> Tensor<3> {
        let (layer, norm) = (self.layer, &self.attention_norm);
        let input = if self.norm_first {
            norm.forward(hidden.clone())
        } else {
            hidden.clone()
        };
        let branch = self.attention.forward(input, pass);
        let hidden = self.residual(
            branch,
            hidden,
            DropoutPlace::AttentionOutput { layer },
            norm,
            pass,
        );
        pass.output(
            || format!("bert.encoder.layer.{layer}.attention.output"),
            &hidden,
        );

        let norm = &self.feed_forward_norm;
        let input = if self.norm_first {
            norm.forward(hidden.clone())
        } else {
            hidden.clone()
        };
        let branch = self.feed_forward.forward(input, pass);
        let hidden = self.residual(
            branch,
            hidden,
            DropoutPlace::FeedForwardOutput { layer },
            norm,
            pass,
        );
        pass.output(|| format!("bert.encoder.layer.{layer}.output"), &hidden);
        hidden
    }

    /// `residual · factor + dropout(branch + bias)`, normalised unless the norm stands before the sub-layer.
    fn residual(
        &self,
        (branch, bias): (Tensor<3>, Tensor<1>),
        residual: Tensor<3>,
        place: DropoutPlace,
        norm: &Norm,
        pass: &Pass<'_>,
    ) -> Tensor<3> {
        let [_, _, hidden_size] = residual.dims();
        let dropout = pass.hidden_dropout(place, hidden_size);
        let factor = self.residual_factor;
        if self.norm_first {
            dropout_residual(branch, bias, residual, factor, dropout)
        } else {
            dropout_residual_norm(branch, bias, residual, norm.vectors(), factor, dropout)
        }
    }
}
