//! `residual · factor + dropout(y + bias)`, and dropout alone.

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_kernels::linear;
use pliant_kernels::residual::{self as kernel, Dropout};

use super::buffer::{columns, float_tensor, values};
use super::pool::Buffer;
use super::record::{Operation, one, three};

/// `residual · factor + dropout(y + bias)`.
///
/// # Shapes
/// - y, residual, output: `[batch, sequence, hidden]`
/// - bias: `[hidden]`
pub(crate) fn dropout_residual(
    y: Tensor<3>,
    bias: Tensor<1>,
    residual: Tensor<3>,
    factor: f32,
    dropout: Option<Dropout>,
) -> Tensor<3> {
    three(y, bias, residual, DropoutResidual { factor, dropout })
}

/// `dropout(x)`; `x` itself without dropout.
///
/// # Shapes
/// - x, output: `[batch, sequence, hidden]`
pub(crate) fn dropout(x: Tensor<3>, dropout: Option<Dropout>) -> Tensor<3> {
    match dropout {
        Some(dropout) => one(x, DropoutAlone { dropout }),
        None => x,
    }
}

#[derive(Debug, Clone)]
struct DropoutResidual {
    factor: f32,
    dropout: Option<Dropout>,
}

impl Operation<3> for DropoutResidual {
    type Saved = ();

    fn forward(&self, [y, bias, residual]: [FlexTensor; 3], _tracked: bool) -> (FlexTensor, ()) {
        let input = values(&y);
        let mut out = Buffer::stale(input.len());
        kernel::forward(
            input,
            Some(values(&bias)),
            values(&residual),
            self.factor,
            columns(&y),
            self.dropout.as_ref(),
            &mut out,
        );
        (float_tensor(out, y.layout().shape().clone()), ())
    }

    fn backward(self, (): (), gradient: FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let columns = columns(&gradient);
        let mut dbias = Buffer::stale(columns);
        if self.factor == 1.0 && self.dropout.is_none() {
            // A plain sum: both addends have the gradient itself, so it is shared instead of copied.
            let dout = values(&gradient);
            linear::backward_bias(dout, dout.len() / columns, columns, &mut dbias);
            let dbias = wanted[1].then(|| float_tensor(dbias, [columns]));
            return [
                wanted[0].then(|| gradient.clone()),
                dbias,
                wanted[2].then_some(gradient),
            ];
        }
        let dout = values(&gradient);
        let mut dy = Buffer::stale(dout.len());
        let mut dresidual = Buffer::stale(dout.len());
        kernel::backward(
            dout,
            self.factor,
            columns,
            self.dropout.as_ref(),
            &mut dy,
            Some(&mut dbias),
            &mut dresidual,
        );
        let shape = gradient.layout().shape();
        [
            wanted[0].then(|| float_tensor(dy, shape.clone())),
            wanted[1].then(|| float_tensor(dbias, [columns])),
            wanted[2].then(|| float_tensor(dresidual, shape.clone())),
        ]
    }
}

#[derive(Debug, Clone)]
struct DropoutAlone {
    dropout: Dropout,
}

impl DropoutAlone {
    fn apply(&self, x: &FlexTensor) -> FlexTensor {
        let input = values(x);
        let mut out = Buffer::stale(input.len());
        kernel::dropout(input, &self.dropout, &mut out);
        float_tensor(out, x.layout().shape().clone())
    }
}

impl Operation<1> for DropoutAlone {
    type Saved = ();

    fn forward(&self, [x]: [FlexTensor; 1], _tracked: bool) -> (FlexTensor, ()) {
        (self.apply(&x), ())
    }

    fn backward(self, (): (), gradient: FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        [Some(self.apply(&gradient))]
    }
}
