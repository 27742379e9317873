//! `y = f(x)`, fixed or learnable; only `x` is kept, the rest is computed again in the backward pass.

use std::sync::Arc;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_activation::Activation;

use super::buffer::{columns, float_tensor, values, values_mut};
use super::pool::Buffer;
use super::record::{Operation, one, two};

/// `f(x)`; `coefficients` belong to a learnable function and are absent for a fixed one.
///
/// # Shapes
/// - x: `[…, channels]`
/// - coefficients: `[count]`, the flat buffer of [`Activation::coefficient_tensors`]
/// - output: `[…, channels]`
pub(crate) fn activation<const D: usize>(
    x: Tensor<D>,
    coefficients: Option<Tensor<1>>,
    activation: &Arc<Activation>,
) -> Tensor<D> {
    let operation = ActivationOperation {
        activation: Arc::clone(activation),
    };
    match coefficients {
        Some(coefficients) => two(x, coefficients, operation),
        None => one(x, operation),
    }
}

#[derive(Debug, Clone)]
struct ActivationOperation {
    activation: Arc<Activation>,
}

impl Operation<1> for ActivationOperation {
    type Saved = [FlexTensor; 1];

    fn forward(&self, inputs: [FlexTensor; 1], _tracked: bool) -> (FlexTensor, Self::Saved) {
        (value(&self.activation, &inputs[0], None, &[]), inputs)
    }

    fn backward(
        self,
        [x]: Self::Saved,
        gradient: FlexTensor,
        wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let gradients = gradients(&self.activation, &x, None, &[], gradient, false);
        [wanted[0].then_some(gradients.input)]
    }
}

impl Operation<2> for ActivationOperation {
    type Saved = [FlexTensor; 2];

    fn forward(&self, inputs: [FlexTensor; 2], _tracked: bool) -> (FlexTensor, Self::Saved) {
        let y = value(&self.activation, &inputs[0], None, values(&inputs[1]));
        (y, inputs)
    }

    fn backward(
        self,
        [x, coefficients]: Self::Saved,
        gradient: FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let gradients = gradients(
            &self.activation,
            &x,
            None,
            values(&coefficients),
            gradient,
            false,
        );
        [
            wanted[0].then_some(gradients.input),
            wanted[1].then_some(gradients.coefficients),
        ]
    }
}

/// `f(x + bias)`.
pub(super) fn value(
    activation: &Activation,
    x: &FlexTensor,
    bias: Option<&FlexTensor>,
    coefficients: &[f32],
) -> FlexTensor {
    let input = values(x);
    let mut y = Buffer::stale(input.len());
    activation.forward(coefficients, input, bias.map(values), columns(x), &mut y);
    float_tensor(y, x.layout().shape().clone())
}

/// What [`gradients`] gives.
pub(super) struct ActivationGradients {
    /// As the input.
    pub(super) input: FlexTensor,
    /// `[channels]`, if it was wanted.
    pub(super) bias: Option<FlexTensor>,
    /// As the flat buffer of the coefficients.
    pub(super) coefficients: FlexTensor,
}

/// The gradients of `f(x + bias)`; that of the input lies in the memory of the incoming one.
pub(super) fn gradients(
    activation: &Activation,
    x: &FlexTensor,
    bias: Option<&FlexTensor>,
    coefficients: &[f32],
    mut gradient: FlexTensor,
    bias_wanted: bool,
) -> ActivationGradients {
    let channels = columns(x);
    let mut dcoefficients = Buffer::stale(coefficients.len());
    let mut dbias = bias_wanted.then(|| Buffer::stale(channels));
    activation.backward_in_place(
        coefficients,
        values(x),
        bias.map(values),
        channels,
        values_mut(&mut gradient),
        dbias.as_deref_mut(),
        &mut dcoefficients,
    );
    let count = dcoefficients.len();
    ActivationGradients {
        input: gradient,
        bias: dbias.map(|dbias| float_tensor(dbias, [channels])),
        coefficients: float_tensor(dcoefficients, [count]),
    }
}
