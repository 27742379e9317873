//! `residual · factor + dropout(y + bias)`, and dropout alone.

use std::sync::Arc;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_kernels::linear;
use pliant_kernels::residual::{self as kernel, Dropout};

use super::buffer::{columns, float_tensor, values};
use super::pool::Buffer;
use super::record::{Operation, one, three};

/// Dropout of hidden values.
#[derive(Debug, Clone)]
pub(crate) struct HiddenDropout {
    /// What is dropped.
    pub(crate) dropout: Dropout,
    /// For each row its number in `[batch * sequence]`; `None` if all rows are there.
    pub(crate) row_index: Option<Arc<[u32]>>,
}

impl HiddenDropout {
    pub(super) fn row_index(&self) -> Option<&[u32]> {
        self.row_index.as_deref()
    }
}

/// `residual · factor + dropout(y + bias)`.
///
/// # Shapes
/// - y, residual, output: `[…, hidden]`
/// - bias: `[hidden]`
pub(crate) fn dropout_residual<const D: usize>(
    y: Tensor<D>,
    bias: Tensor<1>,
    residual: Tensor<D>,
    factor: f32,
    dropout: Option<HiddenDropout>,
) -> Tensor<D> {
    three(y, bias, residual, DropoutResidual { factor, dropout })
}

/// `dropout(x)`; `x` itself without dropout.
///
/// # Shapes
/// - x, output: `[…, hidden]`
pub(crate) fn dropout<const D: usize>(x: Tensor<D>, dropout: Option<HiddenDropout>) -> Tensor<D> {
    match dropout {
        Some(dropout) => one(x, DropoutAlone { dropout }),
        None => x,
    }
}

#[derive(Debug, Clone)]
struct DropoutResidual {
    factor: f32,
    dropout: Option<HiddenDropout>,
}

impl DropoutResidual {
    fn mask(&self) -> (Option<&Dropout>, Option<&[u32]>) {
        let dropout = self.dropout.as_ref();
        (
            dropout.map(|dropout| &dropout.dropout),
            dropout.and_then(HiddenDropout::row_index),
        )
    }
}

impl Operation<3> for DropoutResidual {
    type Saved = ();

    fn forward(&self, [y, bias, residual]: [FlexTensor; 3], _tracked: bool) -> (FlexTensor, ()) {
        let input = values(&y);
        let mut out = Buffer::stale(input.len());
        let (dropout, row_index) = self.mask();
        kernel::forward(
            input,
            Some(values(&bias)),
            values(&residual),
            self.factor,
            columns(&y),
            dropout,
            row_index,
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
        let (dropout, row_index) = self.mask();
        kernel::backward(
            dout,
            self.factor,
            columns,
            dropout,
            row_index,
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
    dropout: HiddenDropout,
}

impl DropoutAlone {
    fn apply(&self, x: &FlexTensor) -> FlexTensor {
        let input = values(x);
        let mut out = Buffer::stale(input.len());
        let HiddenDropout { dropout, .. } = &self.dropout;
        let row_index = self.dropout.row_index();
        kernel::dropout(input, columns(x), dropout, row_index, &mut out);
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
