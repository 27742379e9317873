//! `y = x · weightᵀ (+ bias)`.

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_kernels::linear as kernel;

use super::buffer::{columns, float_tensor, values, with_columns};
use super::packed::Products;
use super::pool::Buffer;
use super::record::{Operation, three, two};
use super::timing::Direction;

/// `x · weightᵀ`.
///
/// # Shapes
/// - x: `[batch, sequence, inputs]`
/// - weight: `[outputs, inputs]`
/// - output: `[batch, sequence, outputs]`
pub(crate) fn linear<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    products: &Products,
) -> Tensor<D> {
    two(x, weight, Linear::new(products))
}

/// `x · weightᵀ + bias`.
///
/// # Shapes
/// - x: `[batch, sequence, inputs]`
/// - weight: `[outputs, inputs]`
/// - bias: `[outputs]`
/// - output: `[batch, sequence, outputs]`
pub(crate) fn linear_with_bias<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    products: &Products,
) -> Tensor<D> {
    three(x, weight, bias, Linear::new(products))
}

#[derive(Debug, Clone)]
struct Linear {
    products: Products,
}

/// The input (for the weight's gradient) and the weight (for the input's).
type Saved = (FlexTensor, FlexTensor);

impl Operation<2> for Linear {
    type Saved = Saved;

    fn forward(&self, [x, weight]: [FlexTensor; 2], _tracked: bool) -> (FlexTensor, Saved) {
        (self.product(&x, &weight, None), (x, weight))
    }

    fn backward(
        self,
        (x, weight): Saved,
        gradient: FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        self.input_and_weight(&x, &weight, &gradient, wanted)
    }
}

impl Operation<3> for Linear {
    type Saved = Saved;

    fn forward(&self, [x, weight, bias]: [FlexTensor; 3], _tracked: bool) -> (FlexTensor, Saved) {
        (self.product(&x, &weight, Some(&bias)), (x, weight))
    }

    fn backward(
        self,
        (x, weight): Saved,
        gradient: FlexTensor,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let [dx, dweight] = self.input_and_weight(&x, &weight, &gradient, [wanted[0], wanted[1]]);
        let dbias = wanted[2].then(|| {
            let outputs = columns(&gradient);
            let gradient = values(&gradient);
            let mut dbias = Buffer::stale(outputs);
            kernel::backward_bias(gradient, gradient.len() / outputs, outputs, &mut dbias);
            float_tensor(dbias, [outputs])
        });
        [dx, dweight, dbias]
    }
}

impl Linear {
    fn new(products: &Products) -> Self {
        Self {
            products: products.clone(),
        }
    }

    fn product(
        &self,
        x: &FlexTensor,
        weight: &FlexTensor,
        bias: Option<&FlexTensor>,
    ) -> FlexTensor {
        let inputs = columns(x);
        let (data, matrix) = (values(x), values(weight));
        let (rows, outputs) = (data.len() / inputs, matrix.len() / inputs);
        let mut y = Buffer::stale(rows * outputs);
        let (precision, bias) = (self.products.precision, bias.map(values));
        let packed = self.products.packed.as_ref();
        let forward = Direction::Forward;
        match packed.and_then(|packed| packed.of(weight, precision, forward, inputs, outputs)) {
            Some(packed) => packed.forward(data, bias, rows, &mut y),
            None => {
                kernel::forward(precision, data, matrix, bias, rows, inputs, outputs, &mut y);
            }
        }
        float_tensor(y, with_columns(x, outputs))
    }

    fn input_and_weight(
        &self,
        x: &FlexTensor,
        weight: &FlexTensor,
        gradient: &FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let (inputs, outputs) = (columns(x), columns(gradient));
        let (data, matrix, dy) = (values(x), values(weight), values(gradient));
        let rows = data.len() / inputs;
        let precision = self.products.precision;
        let dx = wanted[0].then(|| {
            let mut dx = Buffer::stale(data.len());
            let packed = self.products.packed.as_ref();
            let backward = Direction::Backward;
            match packed.and_then(|packed| packed.of(weight, precision, backward, inputs, outputs))
            {
                Some(packed) => packed.backward_input(dy, rows, &mut dx),
                None => {
                    kernel::backward_input(precision, dy, matrix, rows, inputs, outputs, &mut dx);
                }
            }
            float_tensor(dx, x.layout().shape().clone())
        });
        let dweight = wanted[1].then(|| {
            let mut dweight = Buffer::stale(matrix.len());
            kernel::backward_weight(precision, dy, data, rows, inputs, outputs, &mut dweight);
            float_tensor(dweight, [outputs, inputs])
        });
        [dx, dweight]
    }
}
