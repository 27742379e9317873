//! Chosen rows of a tensor: only masked positions go through the head.

use std::sync::Arc;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_kernels::gather as kernel;

use super::buffer::{columns, float_tensor, values};
use super::pool::Buffer;
use super::record::{Operation, one};

/// The rows of `x` at `indices`.
///
/// # Shapes
/// - x: `[1, tokens, hidden]`
/// - output: `[indices, hidden]`
pub(crate) fn gather_rows(x: Tensor<3>, indices: Arc<[u32]>) -> Tensor<2> {
    one(x, GatherRows { indices })
}

#[derive(Debug, Clone)]
struct GatherRows {
    indices: Arc<[u32]>,
}

impl Operation<1> for GatherRows {
    /// The shape of the input.
    type Saved = Vec<usize>;

    fn forward(&self, [x]: [FlexTensor; 1], _tracked: bool) -> (FlexTensor, Vec<usize>) {
        let columns = columns(&x);
        let mut out = Buffer::stale(self.indices.len() * columns);
        kernel::rows(values(&x), &self.indices, columns, &mut out);
        (
            float_tensor(out, [self.indices.len(), columns]),
            x.layout().shape().to_vec(),
        )
    }

    fn backward(
        self,
        shape: Vec<usize>,
        gradient: FlexTensor,
        _wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let mut dx = Buffer::zeroed(shape.iter().product());
        kernel::scatter_rows(
            values(&gradient),
            &self.indices,
            columns(&gradient),
            &mut dx,
        );
        [Some(float_tensor(dx, shape))]
    }
}
