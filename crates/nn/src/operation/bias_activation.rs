//! `y = f(u + bias)`, fixed or learnable; only `u` is kept, the rest is computed again in the backward pass.

use std::sync::Arc;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_activation::Activation;

use super::activation::{gradients, value};
use super::buffer::values;
use super::record::{Operation, three, two};

/// `f(u + bias)`; `coefficients` belong to a learnable function and are absent for a fixed one.
///
/// # Shapes
/// - u: `[…, channels]`
/// - bias: `[channels]`
/// - coefficients: `[count]`, the flat buffer of [`Activation::coefficient_tensors`]
/// - output: `[…, channels]`
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
        let y = value(&self.activation, &inputs[0], Some(&inputs[1]), &[]);
        (y, inputs)
    }

    fn backward(
        self,
        [u, bias]: Self::Saved,
        gradient: FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let gradients = gradients(&self.activation, &u, Some(&bias), &[], gradient, wanted[1]);
        [wanted[0].then_some(gradients.input), gradients.bias]
    }
}

impl Operation<3> for BiasActivation {
    type Saved = [FlexTensor; 3];

    fn forward(&self, inputs: [FlexTensor; 3], _tracked: bool) -> (FlexTensor, Self::Saved) {
        let [u, bias, coefficients] = &inputs;
        let y = value(&self.activation, u, Some(bias), values(coefficients));
        (y, inputs)
    }

    fn backward(
        self,
        [u, bias, coefficients]: Self::Saved,
        gradient: FlexTensor,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let gradients = gradients(
            &self.activation,
            &u,
            Some(&bias),
            values(&coefficients),
            gradient,
            wanted[1],
        );
        [
            wanted[0].then_some(gradients.input),
            gradients.bias,
            wanted[2].then_some(gradients.coefficients),
        ]
    }
}
