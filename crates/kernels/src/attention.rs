//! Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1) with padding mask, rotary positions and dropout.
//!
//! Padding is left out: a [`TokenLayout`] says which tokens of a padded batch there are, and a token attends to the
//! tokens of its sequence. A task is one head of one sequence, in the forward pass a part of its queries where there are
//! few heads. It works on blocks of queries, so that the scores of a block stay in the cache and memory grows linearly
//! with the sequence; the backward pass computes the probabilities again from two statistics of each row.

mod gradient;
mod heads;
mod output;
pub mod reference;
mod rotary;
mod softmax;

pub use rotary::Rotary;

use std::ops::Range;

use rayon::prelude::*;

use crate::Precision;
use crate::dropout::Mask;
use crate::random::{GROUP, Stream};
use crate::tokens::TokenLayout;
use heads::{Common, Head, Interleaved};

/// Sizes of the heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
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

/// Dropout on the probabilities. Key `k` of query `q` (positions in the padded sequence) in head `h` of sequence `s` has
/// index `(((first_sequence + s) * heads + h) * length + q) * stride + k` in the stream, whatever the micro-batch and
/// whatever is left out; the stride is the length rounded up to a multiple of 64.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Probability of an attention weight to become 0, in `[0, 1)`, rounded to a multiple of 2⁻¹⁶.
    pub probability: f32,
    /// Random numbers of this step and layer.
    pub stream: Stream,
    /// Index of the first sequence of the batch inside the step's whole batch.
    pub first_sequence: u64,
}

impl Dropout {
    /// The mask of one head of one sequence, and the elements between two queries.
    fn mask(&self, heads: usize, length: usize, sequence: usize, head: usize) -> (Mask, usize) {
        let stride = length.next_multiple_of(GROUP);
        let heads = self
            .first_sequence
            .wrapping_add(sequence as u64)
            .wrapping_mul(heads as u64)
            .wrapping_add(head as u64);
        let first = heads.wrapping_mul((length * stride) as u64);
        (Mask::new(self.probability, self.stream, first), stride)
    }
}

/// Queries of a block over so many keys: at most 256 KiB of scores.
fn block_rows(keys: usize) -> usize {
    (64 * 1024 / keys.max(1)).clamp(16, 128)
}

/// Heads of sequences from which on a task of the forward pass is a whole one.
const ENOUGH_TASKS: usize = 32;
/// Queries of a task where there are fewer.
const TASK_QUERIES: usize = 64;

/// `output = dropout(softmax(q kᵀ / √head_size)) v` for every head, over the tokens of each sequence.
///
/// qkv `[tokens, 3, heads, head_size]`; output `[tokens, heads * head_size]`; statistics `[heads, tokens, 2]`: the largest
/// score of a row and the reciprocal of its softmax denominator, for the backward pass.
///
/// # Panics
/// If a slice does not have the length of its shape, the rotary table does not fit, or the dropout probability does
/// not lie in `[0, 1)`.
pub fn forward(
    precision: Precision,
    shape: &Shape,
    layout: &TokenLayout,
    qkv: &[f32],
    rotary: Option<&Rotary>,
    dropout: Option<&Dropout>,
    output: &mut [f32],
    statistics: &mut [f32],
) {
    let common = Common {
        precision,
        shape: *shape,
        layout,
        rotary,
        dropout,
        qkv,
    };
    check(&common, output, statistics);
    let (output, statistics) = (Interleaved::new(output), Interleaved::new(statistics));
    let few = shape.heads * layout.sequences() < ENOUGH_TASKS;
    let task_queries = if few { TASK_QUERIES } else { usize::MAX };
    for_each_task(&common, task_queries, |head, queries| {
        output::compute(head, queries, &output, &statistics);
    });
}

/// Gradient of [`forward`] by qkv (overwritten), given what the forward pass wrote and the gradient by its output.
///
/// # Panics
/// As [`forward`].
pub fn backward(
    precision: Precision,
    shape: &Shape,
    layout: &TokenLayout,
    qkv: &[f32],
    rotary: Option<&Rotary>,
    dropout: Option<&Dropout>,
    output: &[f32],
    statistics: &[f32],
    doutput: &[f32],
    dqkv: &mut [f32],
) {
    let common = Common {
        precision,
        shape: *shape,
        layout,
        rotary,
        dropout,
        qkv,
    };
    check(&common, output, statistics);
    assert_eq!(doutput.len(), output.len(), "doutput is as output");
    assert_eq!(dqkv.len(), qkv.len(), "dqkv is as qkv");
    let dqkv = Interleaved::new(dqkv);
    for_each_task(&common, usize::MAX, |head, _| {
        gradient::compute(head, output, statistics, doutput, &dqkv);
    });
}

/// Calls `work(head, queries)` for every head of every sequence and at most so many of its queries; the longest
/// sequences first, so that no thread is left with one at the end.
fn for_each_task(
    common: &Common<'_>,
    task_queries: usize,
    work: impl Fn(&Head<'_>, &Range<usize>) + Sync,
) {
    let layout = common.layout;
    let tokens = |sequence: usize| layout.rows(sequence).len();
    let mut sequences: Vec<usize> = (0..layout.sequences()).collect();
    sequences.sort_by_key(|sequence| std::cmp::Reverse(tokens(*sequence)));
    let mut tasks = Vec::new();
    for sequence in sequences {
        let tokens = tokens(sequence);
        for number in 0..common.shape.heads {
            for first in (0..tokens).step_by(task_queries) {
                tasks.push((
                    sequence,
                    number,
                    first..tokens.min(first.saturating_add(task_queries)),
                ));
            }
        }
    }
    tasks
        .par_iter()
        .with_max_len(1)
        .for_each(|(sequence, number, queries)| {
            work(&Head::new(common, *sequence, *number), queries);
        });
}

fn check(common: &Common<'_>, output: &[f32], statistics: &[f32]) {
    let (shape, layout) = (&common.shape, common.layout);
    assert_eq!(
        common.qkv.len(),
        layout.tokens() * 3 * shape.hidden(),
        "qkv is [tokens, 3, heads, head_size]"
    );
    assert_eq!(
        output.len(),
        layout.tokens() * shape.hidden(),
        "output is [tokens, heads * head_size]"
    );
    assert_eq!(
        statistics.len(),
        shape.heads * layout.tokens() * 2,
        "statistics are [heads, tokens, 2]"
    );
    assert!(
        common
            .rotary
            .is_none_or(|rotary| rotary.fits(layout.length(), shape.head_size)),
        "the rotary table is for another head size or shorter sequences than {}",
        layout.length()
    );
}

#[cfg(test)]
mod tests;
