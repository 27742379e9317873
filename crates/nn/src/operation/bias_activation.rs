//! `y = f(u + bias)`, fixed or learnable; only `u` is kept, the rest is computed again in the backward pass.

use std::sync::Arc;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_activation::Activation;

use super::buffer::{columns, float_tensor, values, values_mut};
use super::pool::Buffer;
use super::record::{Operation, three, two};

/// `f(u + bias)`; `coefficients` belong to a learnable function and are absent for a fixed one.
///
/// # Shapes
/// - u: `[batch, sequence, channels]`
/// - bias: `[channels]`
/// - coefficients: `[count]`, the flat buffer of [`Activation::coefficient_tensors`]
/// - output: `[batch, sequence, channels]`
pub(crate) fn bias_activation<const D: usize>(
    u: Tensor<D>,
    bias: Tensor<1>,
    coefficients: Option<Tensor<1>>,
    activation: &Arc<Activation>,
) -> Tensor<D> {
    let operation = BiasActivation {
        activation: Arc::clone(activation),
    };
    match coefficients {
        Some(coefficients) => three(u, bias, coefficients, operation),
        None => two(u, bias, operation),
    }
}

#[derive(Debug, Clone)]
struct BiasActivation {
    activation: Arc<Activation>,
}

impl Operation<2> for BiasActivation {
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
        let (du, dbias, _) = self.gradients(&u, &bias, &[], gradient, wanted[1]);
        [wanted[0].then_some(du), dbias]
    }
}

impl Operation<3> for BiasActivation {
    type Saved = [FlexTensor; 3];

    fn forward(&self, inputs: [FlexTensor; 3], _tracked: bool) -> (FlexTensor, Self::Saved) {
        (
            self.value(&inputs[0], &inputs[1], values(&inputs[2])),
            inputs,
        )
    }

    fn backward(
        self,
        [u, bias, coefficients]: Self::Saved,
        gradient: FlexTensor,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let (du, dbias, dcoefficients) =
            self.gradients(&u, &bias, values(&coefficients), gradient, wanted[1]);
        [
            wanted[0].then_some(du),
            dbias,
            wanted[2].then_some(dcoefficients),
        ]
    }
}

impl BiasActivation {
    fn value(&self, u: &FlexTensor, bias: &FlexTensor, coefficients: &[f32]) -> FlexTensor {
        let input = values(u);
        let mut y = Buffer::stale(input.len());
        self.activation
            .forward(coefficients, input, Some(values(bias)), columns(u), &mut y);
        float_tensor(y, u.layout().shape().clone())
    }

    /// The gradients of `u` (in the memory of the incoming one), of the bias if it is wanted, and of the coefficients.
    fn gradients(
        &self,
        u: &FlexTensor,
        bias: &FlexTensor,
        coefficients: &[f32],
        mut gradient: FlexTensor,
        bias_wanted: bool,
    ) -> (FlexTensor, Option<FlexTensor>, FlexTensor) {
        let channels = columns(u);
        let mut dcoefficients = Buffer::stale(coefficients.len());
        let mut dbias = bias_wanted.then(|| Buffer::stale(channels));
        self.activation.backward_in_place(
            coefficients,
            values(u),
            Some(values(bias)),
            channels,
            values_mut(&mut gradient),
            dbias.as_deref_mut(),
            &mut dcoefficients,
        );
        let count = dcoefficients.len();
        (
            gradient,
            dbias.map(|dbias| float_tensor(dbias, [channels])),
            float_tensor(dcoefficients, [count]),
        )
    }
}
