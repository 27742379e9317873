//! Layer norm.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::source::ParameterSource;
use crate::initialisation::Draw;
use crate::operation::{NormVectors, layer_norm};
use crate::parameter::Role;

/// Weight and bias `[channels]` of a layer norm.
#[derive(Module, Debug)]
pub(crate) struct Norm {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    epsilon: f64,
}

impl Norm {
    /// The norm over the hidden size with parameters `{name}.weight` (ones) and `{name}.bias` (zeros).
    pub(crate) fn init(name: &str, source: &mut ParameterSource<'_>) -> Self {
        Self::over(source.config().hidden_size, name, source)
    }

    /// The norm over another number of channels.
    pub(crate) fn over(channels: usize, name: &str, source: &mut ParameterSource<'_>) -> Self {
        Self {
            weight: source.single(
                format!("{name}.weight"),
                Role::Norm,
                [channels],
                Draw::Constant(1.0),
            ),
            bias: source.single(
                format!("{name}.bias"),
                Role::Norm,
                [channels],
                Draw::Constant(0.0),
            ),
            epsilon: source.config().norm_epsilon,
        }
    }

    /// # Shapes
    /// - x, output: `[…, channels]`
    pub(crate) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        layer_norm(x, self.weight.val(), self.bias.val(), self.epsilon as f32)
    }

    /// What a fused operation needs of it.
    pub(crate) fn vectors(&self) -> NormVectors {
        NormVectors {
            weight: self.weight.val(),
            bias: self.bias.val(),
            epsilon: self.epsilon as f32,
        }
    }
}
