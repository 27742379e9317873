//! From tensors to slices and back, without copies where the layout allows it.

use burn::tensor::Tensor;
use burn_flex::{Flex, FlexTensor, Layout};
use burn_std::{Bytes, DType, Shape};

use super::pool::Buffer;

/// The tensor in row-major order: itself if it already is, else a copy. Views with an offset count as row-major.
pub(super) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if tensor.as_slice::<f32>().is_some() {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

/// The values of a row-major f32 tensor.
#[expect(
    clippy::expect_used,
    reason = "every tensor passes through `contiguous` and all of them are f32"
)]
pub(crate) fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice::<f32>().expect("a row-major f32 tensor")
}

/// The values of a tensor that nobody else holds, for writing; copies first if someone does.
pub(super) fn values_mut(tensor: &mut FlexTensor) -> &mut [f32] {
    let (start, end) = tensor.layout().contiguous_offsets().unwrap_or((0, 0));
    &mut tensor.storage_mut::<f32>()[start..end]
}

/// What a tensor can be made of.
pub(crate) trait TensorValues {
    /// The values as bytes, without a copy.
    fn into_bytes(self) -> Bytes;
}

impl TensorValues for Vec<f32> {
    fn into_bytes(self) -> Bytes {
        Bytes::from_elems(self)
    }
}

impl TensorValues for Buffer {
    fn into_bytes(self) -> Bytes {
        self.into()
    }
}

/// A tensor that owns `values`.
pub(crate) fn float_tensor(values: impl TensorValues, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::new(
        values.into_bytes(),
        Layout::contiguous(shape.into()),
        DType::F32,
    )
}

/// The size of the last axis.
pub(super) fn columns(tensor: &FlexTensor) -> usize {
    let shape = tensor.layout().shape();
    shape[shape.num_dims() - 1]
}

/// The shape with another last axis.
pub(super) fn with_columns(tensor: &FlexTensor, columns: usize) -> Shape {
    let mut shape = tensor.layout().shape().clone();
    let last = shape.num_dims() - 1;
    shape[last] = columns;
    shape
}

/// The row-major data behind a tensor without autodiff.
#[expect(clippy::expect_used, reason = "modules live on the Flex device only")]
pub(crate) fn primitive<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    contiguous(
        tensor
            .try_into_primitive::<Flex>()
            .expect("a plain tensor on the Flex device"),
    )
}
