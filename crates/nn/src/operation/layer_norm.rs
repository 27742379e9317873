//! Layer norm over the last axis (Ba et al. 2016).

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_kernels::norm as kernel;

use super::buffer::{columns, float_tensor, values};
use super::pool::Buffer;
use super::record::{Operation, three};

/// `(x - mean) / √(variance + epsilon) · weight + bias`.
///
/// # Shapes
/// - x, output: `[…, hidden]`
/// - weight, bias: `[hidden]`
pub(crate) fn layer_norm<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f32,
) -> Tensor<D> {
    three(x, weight, bias, LayerNorm { epsilon })
}

#[derive(Debug, Clone)]
struct LayerNorm {
    epsilon: f32,
}

impl Operation<3> for LayerNorm {
    /// Input, weight, and mean and reciprocal deviation of each row.
    type Saved = [FlexTensor; 4];

    fn forward(
        &self,
        [x, weight, bias]: [FlexTensor; 3],
        _tracked: bool,
    ) -> (FlexTensor, Self::Saved) {
        let (input, columns) = (values(&x), columns(&x));
        let rows = input.len() / columns;
        let mut y = Buffer::stale(input.len());
        let mut mean = Buffer::stale(rows);
        let mut reciprocal_deviation = Buffer::stale(rows);
        kernel::forward(
            input,
            values(&weight),
            values(&bias),
            self.epsilon,
            columns,
            &mut y,
            &mut mean,
            &mut reciprocal_deviation,
        );
        let y = float_tensor(y, x.layout().shape().clone());
        (
            y,
            [
                x,
                weight,
                float_tensor(mean, [rows]),
                float_tensor(reciprocal_deviation, [rows]),
            ],
        )
    }

    fn backward(
        self,
        [x, weight, mean, reciprocal_deviation]: Self::Saved,
        gradient: FlexTensor,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let (input, columns) = (values(&x), columns(&x));
        let mut dx = Buffer::stale(input.len());
        let mut dweight = Buffer::stale(columns);
        let mut dbias = Buffer::stale(columns);
        kernel::backward(
            values(&gradient),
            input,
            values(&weight),
            values(&mean),
            values(&reciprocal_deviation),
            columns,
            &mut dx,
            &mut dweight,
            &mut dbias,
        );
        [
            wanted[0].then(|| float_tensor(dx, x.layout().shape().clone())),
            wanted[1].then(|| float_tensor(dweight, [columns])),
            wanted[2].then(|| float_tensor(dbias, [columns])),
        ]
    }
}
