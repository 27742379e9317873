//! Multi-head self-attention from fused queries, keys and values: scores, masking, softmax, dropout, weighted sum.

use std::sync::Arc;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_kernels::Precision;
use pliant_kernels::attention::{self as kernel, Dropout, Rotary, Shape};

use super::buffer::{columns, float_tensor, values, with_columns};
use super::pool::Buffer;
use super::record::{Operation, one};

/// The plain arguments of [`attention`].
#[derive(Debug, Clone)]
pub(crate) struct AttentionOperation {
    /// Sizes of the batch and of the heads.
    pub(crate) shape: Shape,
    /// 1 for a token, 0 for padding `[batch, sequence]`.
    pub(crate) attention_mask: Arc<[u8]>,
    /// The rotation of queries and keys, if positions are rotary.
    pub(crate) rotary: Option<Arc<Rotary>>,
    /// The format of the operands of its products.
    pub(crate) precision: Precision,
    /// Dropout of the attention weights.
    pub(crate) dropout: Option<Dropout>,
}

/// Self-attention.
///
/// # Shapes
/// - qkv: `[batch, sequence, 3 * hidden]`, that is `[batch, sequence, 3, heads, head_size]`
/// - output: `[batch, sequence, hidden]`
pub(crate) fn attention(qkv: Tensor<3>, operation: AttentionOperation) -> Tensor<3> {
    one(qkv, operation)
}

impl Operation<1> for AttentionOperation {
    /// Input, output and the logarithm of each row's softmax denominator.
    type Saved = [FlexTensor; 3];

    fn forward(&self, [qkv]: [FlexTensor; 1], _tracked: bool) -> (FlexTensor, Self::Saved) {
        let hidden = columns(&qkv) / 3;
        let rows = self.shape.batch * self.shape.sequence;
        let mut output = Buffer::stale(rows * hidden);
        let mut log_sum_exp = Buffer::stale(rows * self.shape.heads);
        kernel::forward(
            self.precision,
            &self.shape,
            values(&qkv),
            &self.attention_mask,
            self.rotary.as_deref(),
            self.dropout.as_ref(),
            &mut output,
            &mut log_sum_exp,
        );
        let output = float_tensor(output, with_columns(&qkv, hidden));
        let log_sum_exp = float_tensor(
            log_sum_exp,
            [self.shape.batch, self.shape.heads, self.shape.sequence],
        );
        (output.clone(), [qkv, output, log_sum_exp])
    }

    fn backward(
        self,
        [qkv, output, log_sum_exp]: Self::Saved,
        gradient: FlexTensor,
        _wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let input = values(&qkv);
        let mut dqkv = Buffer::stale(input.len());
        kernel::backward(
            self.precision,
            &self.shape,
            input,
            &self.attention_mask,
            self.rotary.as_deref(),
            self.dropout.as_ref(),
            values(&output),
            values(&log_sum_exp),
            values(&gradient),
            &mut dqkv,
        );
        [Some(float_tensor(dqkv, qkv.layout().shape().clone()))]
    }
}
