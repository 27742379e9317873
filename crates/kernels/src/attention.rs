//! Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1) with padding mask, rotary positions and dropout.
//!
//! A task is one head of one sequence. It works on blocks of query rows, so that the scores of a block stay in the cache
//! and memory grows linearly with the sequence; the backward pass computes the probabilities again from the
//! log-sum-exp of each row. Padding keys get no weight and no gradient; keys behind the last real one are not computed.

mod gradient;
mod heads;
mod output;
pub mod reference;
mod rotary;
mod softmax;

pub use rotary::Rotary;

use rayon::prelude::*;

use crate::Precision;
use crate::dropout::Mask;
use crate::random::Stream;
use heads::{Head, Interleaved, Padding};

/// Sizes of the operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Sequences.
    pub batch: usize,
    /// Positions of a sequence.
    pub sequence: usize,
    /// Heads.
    pub heads: usize,
    /// Channels of a head.
    pub head_size: usize,
}

impl Shape {
    /// `heads * head_size`
    pub const fn hidden(&self) -> usize {
        self.heads * self.head_size
    }
}

/// Dropout on the probabilities. Key `k` of query `q` in head `h` of sequence `s` has index
/// `(((first_sequence + s) * heads + h) * sequence + q) * sequence + k` in the stream, whatever the micro-batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Probability of an attention weight to become 0, in `[0, 1)`.
    pub probability: f32,
    /// Random numbers of this step and layer.
    pub stream: Stream,
    /// Index of the first sequence of the slice inside the step's whole batch.
    pub first_sequence: u64,
}

impl Dropout {
    /// The mask of one head of one sequence.
    fn mask(&self, shape: &Shape, sequence: usize, head: usize) -> Mask {
        let per_head = (shape.sequence * shape.sequence) as u64;
        let heads = self
            .first_sequence
            .wrapping_add(sequence as u64)
            .wrapping_mul(shape.heads as u64)
            .wrapping_add(head as u64);
        Mask::new(self.probability, self.stream, heads.wrapping_mul(per_head))
    }
}

/// Query rows of a block: about 128 KiB of scores.
fn block_rows(sequence: usize) -> usize {
    (32 * 1024 / sequence.max(1)).clamp(16, 128)
}

/// `output = dropout(softmax(q kᵀ / √head_size + mask)) v` for every head.
///
/// qkv `[batch, sequence, 3, heads, head_size]`; `attention_mask` `[batch, sequence]`, 1 for a real token, 0 for padding;
/// output `[batch, sequence, heads * head_size]`; `log_sum_exp` `[batch, heads, sequence]` of the masked scores, for the
/// backward pass. Queries of padding attend like the others; a sequence of padding alone gives zeros.
///
/// # Panics
/// If a slice does not have the length of its shape, the rotary table does not fit, or the dropout probability does
/// not lie in `[0, 1)`.
pub fn forward(
    precision: Precision,
    shape: &Shape,
    qkv: &[f32],
    attention_mask: &[u8],
    rotary: Option<&Rotary>,
    dropout: Option<&Dropout>,
    output: &mut [f32],
    log_sum_exp: &mut [f32],
) {
    check(shape, qkv, attention_mask, rotary, output, log_sum_exp);
    if output.is_empty() {
        return;
    }
    let padding = Padding::of_each(attention_mask, shape.sequence);
    let output = Interleaved::new(output);
    log_sum_exp
        .par_chunks_mut(shape.sequence)
        .enumerate()
        .for_each(|(task, log_sum_exp)| {
            let (sequence, number) = (task / shape.heads, task % shape.heads);
            let head = Head::new(precision, shape, qkv, sequence, number, rotary);
            let mask = dropout.map(|dropout| dropout.mask(shape, sequence, number));
            output::compute(&head, &padding[sequence], mask, &output, log_sum_exp);
        });
}

/// Gradient of [`forward`] by qkv (overwritten), given what the forward pass wrote and the gradient by its output.
///
/// # Panics
/// As [`forward`].
pub fn backward(
    precision: Precision,
    shape: &Shape,
    qkv: &[f32],
    attention_mask: &[u8],
    rotary: Option<&Rotary>,
    dropout: Option<&Dropout>,
    output: &[f32],
    log_sum_exp: &[f32],
    doutput: &[f32],
    dqkv: &mut [f32],
) {
    check(shape, qkv, attention_mask, rotary, output, log_sum_exp);
    assert_eq!(doutput.len(), output.len(), "doutput is as output");
    assert_eq!(dqkv.len(), qkv.len(), "dqkv is as qkv");
    if output.is_empty() {
        return;
    }
    let padding = Padding::of_each(attention_mask, shape.sequence);
    let dqkv = Interleaved::new(dqkv);
    log_sum_exp
        .par_chunks(shape.sequence)
        .enumerate()
        .for_each(|(task, log_sum_exp)| {
            let (sequence, number) = (task / shape.heads, task % shape.heads);
            let head = Head::new(precision, shape, qkv, sequence, number, rotary);
            let mask = dropout.map(|dropout| dropout.mask(shape, sequence, number));
            gradient::compute(
                &head,
                &padding[sequence],
                mask,
                output,
                log_sum_exp,
                doutput,
                &dqkv,
            );
        });
}

fn check(
    shape: &Shape,
    qkv: &[f32],
    attention_mask: &[u8],
    rotary: Option<&Rotary>,
    output: &[f32],
    log_sum_exp: &[f32],
) {
    let tokens = shape.batch * shape.sequence;
    assert_eq!(
        qkv.len(),
        tokens * 3 * shape.hidden(),
        "qkv is [batch, sequence, 3, heads, head_size]"
    );
    assert_eq!(
        attention_mask.len(),
        tokens,
        "attention_mask is [batch, sequence]"
    );
    assert_eq!(
        output.len(),
        qkv.len() / 3,
        "output is [batch, sequence, heads * head_size]"
    );
    assert_eq!(
        log_sum_exp.len(),
        shape.batch * shape.heads * shape.sequence,
        "log_sum_exp is [batch, heads, sequence]"
    );
    assert!(
        rotary.is_none_or(|rotary| rotary.fits(shape.sequence, shape.head_size)),
        "the rotary table is for another head size or shorter sequences than {shape:?}"
    );
}

#[cfg(test)]
mod tests;
