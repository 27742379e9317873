//! A linear layer in the layout of `PyTorch`.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::source::{ParameterSource, Part};

use crate::initialisation::Draw;
use crate::operation::{Products, linear, linear_with_bias};
use crate::parameter::Role;

/// Sizes, role and start of a [`Linear`].
#[derive(Debug)]
pub(crate) struct LinearConfig {
    /// Size of the last axis of the input.
    pub(crate) inputs: usize,
    /// Size of the last axis of the output.
    pub(crate) outputs: usize,
    /// Role of the weight matrix.
    pub(crate) role: Role,
    /// How the weight matrix is drawn.
    pub(crate) draw: Draw,
}

impl LinearConfig {
    /// The layer with parameters `{name}.weight` and `{name}.bias`.
    pub(crate) fn init(self, name: &str, source: &mut ParameterSource<'_>) -> Linear {
        Linear {
            weight: source.single(
                format!("{name}.weight"),
                self.role,
                [self.outputs, self.inputs],
                self.draw,
            ),
            bias: source.single(
                format!("{name}.bias"),
                Role::Bias,
                [self.outputs],
                Draw::Constant(0.0),
            ),
        }
    }
}

/// Layers over the same input as one product: one after the other in memory, each under its own name.
pub(crate) fn fused(
    layers: Vec<(String, LinearConfig)>,
    source: &mut ParameterSource<'_>,
) -> Linear {
    let inputs = layers.first().map_or(0, |(_, layer)| layer.inputs);
    let outputs = layers.iter().map(|(_, layer)| layer.outputs).sum();
    let (mut weights, mut biases) = (Vec::new(), Vec::new());
    for (name, layer) in layers {
        weights.push(Part {
            name: format!("{name}.weight"),
            role: layer.role,
            shape: vec![layer.outputs, layer.inputs],
            draw: layer.draw,
        });
        biases.push(Part {
            name: format!("{name}.bias"),
            role: Role::Bias,
            shape: vec![layer.outputs],
            draw: Draw::Constant(0.0),
        });
    }
    Linear {
        weight: source.fused([outputs, inputs], weights),
        bias: source.fused([outputs], biases),
    }
}

/// Weight `[outputs, inputs]` and bias `[outputs]`. The bias is added by the operation that follows the product.
#[derive(Module, Debug)]
pub(crate) struct Linear {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl Linear {
    /// The product without the bias.
    ///
    /// # Shapes
    /// - x: `[…, inputs]`
    /// - output: `[…, outputs]`
    pub(crate) fn product<const D: usize>(&self, x: Tensor<D>, products: &Products) -> Tensor<D> {
        linear(x, self.weight.val(), products)
    }

    /// The product with the bias.
    ///
    /// # Shapes
    /// - x: `[…, inputs]`
    /// - output: `[…, outputs]`
    pub(crate) fn forward<const D: usize>(&self, x: Tensor<D>, products: &Products) -> Tensor<D> {
        linear_with_bias(x, self.weight.val(), self.bias.val(), products)
    }

    /// The bias `[outputs]`.
    pub(crate) fn bias(&self) -> Tensor<1> {
        self.bias.val()
    }
}
