//! A range of columns: multiplied channel by channel (IA³), or with something added (`LoRA`).

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_kernels::columns as kernel;

use super::buffer::{columns, float_tensor, values, values_mut, with_columns};
use super::pool::Buffer;
use super::record::{Operation, three, two};

/// `x` with its columns from `first` on multiplied by `factors`.
///
/// # Shapes
/// - x, output: `[…, columns]`
/// - factors: `[count]`
pub(crate) fn scale_columns<const D: usize>(
    x: Tensor<D>,
    factors: Tensor<1>,
    first: usize,
) -> Tensor<D> {
    two(x, factors, ScaleColumns { first })
}

/// Queries, keys and values with `factor · query` added to the first and `factor · value` to the last.
///
/// # Shapes
/// - qkv, output: `[…, 3 * hidden]`
/// - query, value: `[…, hidden]`
pub(crate) fn add_to_query_and_value<const D: usize>(
    qkv: Tensor<D>,
    query: Tensor<D>,
    value: Tensor<D>,
    factor: f32,
) -> Tensor<D> {
    three(qkv, query, value, AddToQueryAndValue { factor })
}

#[derive(Debug, Clone)]
struct ScaleColumns {
    first: usize,
}

impl Operation<2> for ScaleColumns {
    type Saved = [FlexTensor; 2];

    fn forward(&self, inputs: [FlexTensor; 2], _tracked: bool) -> (FlexTensor, Self::Saved) {
        let [x, factors] = &inputs;
        let mut out = Buffer::stale(values(x).len());
        kernel::scale(values(x), values(factors), columns(x), self.first, &mut out);
        (float_tensor(out, x.layout().shape().clone()), inputs)
    }

    fn backward(
        self,
        [x, factors]: Self::Saved,
        mut gradient: FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let mut dfactors = Buffer::stale(values(&factors).len());
        kernel::scale_backward(
            values(&x),
            values(&factors),
            columns(&x),
            self.first,
            values_mut(&mut gradient),
            &mut dfactors,
        );
        [
            wanted[0].then_some(gradient),
            wanted[1].then(|| float_tensor(dfactors, factors.layout().shape().clone())),
        ]
    }
}

#[derive(Debug, Clone)]
struct AddToQueryAndValue {
    factor: f32,
}

impl Operation<3> for AddToQueryAndValue {
    type Saved = ();

    fn forward(
        &self,
        [mut qkv, query, value]: [FlexTensor; 3],
        _tracked: bool,
    ) -> (FlexTensor, ()) {
        let (all, hidden) = (columns(&qkv), columns(&query));
        // The product that made `qkv` does not need it again, so the sum takes its memory.
        let out = values_mut(&mut qkv);
        for (part, first) in [(&query, 0), (&value, 2 * hidden)] {
            kernel::add(values(part), hidden, self.factor, all, first, out);
        }
        (qkv, ())
    }

    fn backward(self, (): (), gradient: FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let all = columns(&gradient);
        let hidden = all / 3;
        let part = |first: usize| {
            let dout = values(&gradient);
            let mut part = Buffer::stale(dout.len() / 3);
            kernel::take(dout, all, first, self.factor, hidden, &mut part);
            float_tensor(part, with_columns(&gradient, hidden))
        };
        let (query, value) = (
            wanted[1].then(|| part(0)),
            wanted[2].then(|| part(2 * hidden)),
        );
        [wanted[0].then_some(gradient), query, value]
    }
}
