//! `y = f(g + b_g) · (v + b_v)`, f fixed or learnable; only gates and values are kept, the rest is computed again in the backward pass.

use std::sync::Arc;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_activation::Activation;
use pliant_activation::gated::GatedGradients;

use super::buffer::{columns, float_tensor, values, with_columns};
use super::pool::Buffer;
use super::record::{Operation, three, two};

/// `f(g + b_g) · (v + b_v)`; `coefficients` belong to a learnable function and are absent for a fixed one.
///
/// # Shapes
/// - u: `[…, 2 * channels]`, the gates g and behind them the values v
/// - bias: `[2 * channels]`
/// - coefficients: `[count]`, the flat buffer of [`Activation::coefficient_tensors`]
/// - output: `[…, channels]`
pub(crate) fn gated_activation<const D: usize>(
    u: Tensor<D>,
    bias: Tensor<1>,
    coefficients: Option<Tensor<1>>,
    activation: &Arc<Activation>,
) -> Tensor<D> {
    let operation = GatedActivation {
        activation: Arc::clone(activation),
    };
    match coefficients {
        Some(coefficients) => three(u, bias, coefficients, operation),
        None => two(u, bias, operation),
    }
}

#[derive(Debug, Clone)]
struct GatedActivation {
    activation: Arc<Activation>,
}

impl GatedActivation {
    fn value(&self, u: &FlexTensor, bias: &FlexTensor, coefficients: &[f32]) -> FlexTensor {
        let channels = columns(u) / 2;
        let mut y = Buffer::stale(values(u).len() / 2);
        self.activation
            .gated_forward(coefficients, values(u), values(bias), channels, &mut y);
        float_tensor(y, with_columns(u, channels))
    }

    /// By `u`, the bias and the coefficients.
    fn gradients(
        &self,
        u: &FlexTensor,
        bias: &FlexTensor,
        coefficients: &[f32],
        gradient: &FlexTensor,
    ) -> [FlexTensor; 3] {
        let mut du = Buffer::stale(values(u).len());
        let mut dbias = Buffer::stale(values(bias).len());
        let mut dcoefficients = Buffer::stale(coefficients.len());
        self.activation.gated_backward(
            coefficients,
            values(u),
            values(bias),
            values(gradient),
            columns(u) / 2,
            GatedGradients {
                inputs: &mut du,
                bias: &mut dbias,
                coefficients: &mut dcoefficients,
            },
        );
        [
            float_tensor(du, u.layout().shape().clone()),
            float_tensor(dbias, bias.layout().shape().clone()),
            float_tensor(dcoefficients, [coefficients.len()]),
        ]
    }
}

impl Operation<2> for GatedActivation {
    type Saved = [FlexTensor; 2];

    fn forward(&self, inputs: [FlexTensor; 2], _tracked: bool) -> (FlexTensor, Self::Saved) {
        (self.value(&inputs[0], &inputs[1], &[]), inputs)
    }

    fn backward(
        self,
        [u, bias]: Self::Saved,
        gradient: FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let [du, dbias, _] = self.gradients(&u, &bias, &[], &gradient);
        [wanted[0].then_some(du), wanted[1].then_some(dbias)]
    }
}

impl Operation<3> for GatedActivation {
    type Saved = [FlexTensor; 3];

    fn forward(&self, inputs: [FlexTensor; 3], _tracked: bool) -> (FlexTensor, Self::Saved) {
        let [u, bias, coefficients] = &inputs;
        (self.value(u, bias, values(coefficients)), inputs)
    }

    fn backward(
        self,
        [u, bias, coefficients]: Self::Saved,
        gradient: FlexTensor,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let [du, dbias, dcoefficients] =
            self.gradients(&u, &bias, values(&coefficients), &gradient);
        [
            wanted[0].then_some(du),
            wanted[1].then_some(dbias),
            wanted[2].then_some(dcoefficients),
        ]
    }
}
