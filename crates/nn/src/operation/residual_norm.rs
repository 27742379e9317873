//! `norm(residual · factor + dropout(y + bias))`: the end of a sub-layer whose norm stands behind it.

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_kernels::residual_norm::{self as kernel, Parameters, VectorGradients};

use super::buffer::{columns, float_tensor, values, values_mut};
use super::dropout_residual::HiddenDropout;
use super::pool::Buffer;
use super::record::{Operation, five};

/// The vectors of a layer norm and what is added to the variance.
#[derive(Debug)]
pub(crate) struct NormVectors {
    /// `[hidden]`
    pub(crate) weight: Tensor<1>,
    /// `[hidden]`
    pub(crate) bias: Tensor<1>,
    pub(crate) epsilon: f32,
}

/// `norm(residual · factor + dropout(y + bias))`.
///
/// # Shapes
/// - y, residual, output: `[…, hidden]`
/// - bias: `[hidden]`
pub(crate) fn dropout_residual_norm<const D: usize>(
    y: Tensor<D>,
    bias: Tensor<1>,
    residual: Tensor<D>,
    norm: NormVectors,
    factor: f32,
    dropout: Option<HiddenDropout>,
) -> Tensor<D> {
    let operation = DropoutResidualNorm {
        factor,
        epsilon: norm.epsilon,
        dropout,
    };
    five(y, bias, residual, norm.weight, norm.bias, operation)
}

#[derive(Debug, Clone)]
struct DropoutResidualNorm {
    factor: f32,
    epsilon: f32,
    dropout: Option<HiddenDropout>,
}

impl DropoutResidualNorm {
    fn parameters<'a>(
        &'a self,
        bias: &'a FlexTensor,
        weight: &'a FlexTensor,
        norm_bias: &'a FlexTensor,
    ) -> Parameters<'a> {
        Parameters {
            bias: values(bias),
            factor: self.factor,
            weight: values(weight),
            norm_bias: values(norm_bias),
            epsilon: self.epsilon,
            dropout: self.dropout.as_ref().map(|dropout| &dropout.dropout),
            row_index: self.dropout.as_ref().and_then(HiddenDropout::row_index),
        }
    }
}

impl Operation<5> for DropoutResidualNorm {
    /// The normalised sum, reciprocal deviations, and the three vectors.
    type Saved = [FlexTensor; 5];

    fn forward(
        &self,
        [mut y, bias, residual, weight, norm_bias]: [FlexTensor; 5],
        _tracked: bool,
    ) -> (FlexTensor, Self::Saved) {
        let (shape, columns) = (y.layout().shape().clone(), columns(&y));
        // The product that made `y` does not need it again, so its memory takes the normalised sum.
        let normal = values_mut(&mut y);
        let rows = normal.len() / columns;
        let mut out = Buffer::stale(normal.len());
        let mut deviation = Buffer::stale(rows);
        kernel::forward(
            &self.parameters(&bias, &weight, &norm_bias),
            normal,
            values(&residual),
            &mut out,
            &mut deviation,
        );
        let deviation = float_tensor(deviation, [rows]);
        (
            float_tensor(out, shape),
            [y, deviation, bias, weight, norm_bias],
        )
    }

    fn backward(
        self,
        [mut normal, deviation, bias, weight, norm_bias]: Self::Saved,
        mut gradient: FlexTensor,
        wanted: [bool; 5],
    ) -> [Option<FlexTensor>; 5] {
        let columns = columns(&gradient);
        let [mut dbias, mut dweight, mut dnorm_bias] = [(); 3].map(|()| Buffer::stale(columns));
        let gradients = VectorGradients {
            bias: &mut dbias,
            weight: &mut dweight,
            norm_bias: &mut dnorm_bias,
        };
        kernel::backward(
            &self.parameters(&bias, &weight, &norm_bias),
            values_mut(&mut gradient),
            values_mut(&mut normal),
            values(&deviation),
            gradients,
        );
        let vector = |wanted: bool, values: Buffer| wanted.then(|| float_tensor(values, [columns]));
        [
            wanted[0].then_some(normal),
            vector(wanted[1], dbias),
            wanted[2].then_some(gradient),
            vector(wanted[3], dweight),
            vector(wanted[4], dnorm_bias),
        ]
    }
}
