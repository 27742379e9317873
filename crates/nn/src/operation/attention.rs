//! Multi-head self-attention from fused queries, keys and values: scores, masking, softmax, dropout, weighted sum.

use std::sync::Arc;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_kernels::attention::{self as kernel, Dropout, Rotary, Shape};
use pliant_kernels::{Precision, TokenLayout};

use super::buffer::{columns, float_tensor, values, with_columns};
use super::pool::Buffer;
use super::record::{Operation, one};

/// The plain arguments of [`attention`].
#[derive(Debug, Clone)]
pub(crate) struct AttentionOperation {
    /// Sizes of the heads.
    pub(crate) shape: Shape,
    /// Which tokens belong to which sequence.
    pub(crate) layout: Arc<TokenLayout>,
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
/// - qkv: `[1, tokens, 3 * hidden]`, that is `[tokens, 3, heads, head_size]`
/// - output: `[1, tokens, hidden]`
pub(crate) fn attention(qkv: Tensor<3>, operation: AttentionOperation) -> Tensor<3> {
    one(qkv, operation)
}

impl Operation<1> for AttentionOperation {
    /// Input, output and two statistics of each row of the softmax.
    type Saved = [FlexTensor; 3];

    fn forward(&self, [qkv]: [FlexTensor; 1], _tracked: bool) -> (FlexTensor, Self::Saved) {
        let hidden = columns(&qkv) / 3;
        let tokens = self.layout.tokens();
        let mut output = Buffer::stale(tokens * hidden);
        let mut statistics = Buffer::stale(tokens * self.shape.heads * 2);
        kernel::forward(
            self.precision,
            &self.shape,
            &self.layout,
            values(&qkv),
            self.rotary.as_deref(),
            self.dropout.as_ref(),
            &mut output,
            &mut statistics,
        );
        let output = float_tensor(output, with_columns(&qkv, hidden));
        let statistics = float_tensor(statistics, [self.shape.heads, tokens, 2]);
        (output.clone(), [qkv, output, statistics])
    }

    fn backward(
        self,
        [qkv, output, statistics]: Self::Saved,
        gradient: FlexTensor,
        _wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let input = values(&qkv);
        let mut dqkv = Buffer::stale(input.len());
        kernel::backward(
            self.precision,
            &self.shape,
            &self.layout,
            input,
            self.rotary.as_deref(),
            self.dropout.as_ref(),
            values(&output),
            values(&statistics),
            values(&gradient),
            &mut dqkv,
        );
        [Some(float_tensor(dqkv, qkv.layout().shape().clone()))]
    }
}
