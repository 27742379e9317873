//! A linear layer in the layout of `PyTorch`.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::source::ParameterSource;

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
