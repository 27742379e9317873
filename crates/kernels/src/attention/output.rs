//! The forward pass of one head.
#![allow(unsafe_code)]

use super::block_rows;
use super::heads::{Head, Interleaved, Padding, Part};
use super::softmax;
use crate::dropout::Mask;
use crate::product::{Mode, Threads, multiply};
use crate::scratch::Scratch;

pub(super) fn compute(
    head: &Head<'_>,
    padding: &Padding,
    mask: Option<Mask>,
    output: &Interleaved<'_>,
    log_sum_exp: &mut [f32],
) {
    let (sequence, size) = (head.shape.sequence, head.shape.head_size);
    let keys = padding.keys;
    if keys == 0 {
        log_sum_exp.fill(0.0);
        for position in 0..sequence {
            // SAFETY: the row of this head at this position.
            unsafe { output.row(head.output_start(position), size) }.fill(0.0);
        }
        return;
    }
    let block = block_rows(sequence);
    let mut key_rows = Scratch::new(keys * size);
    let mut query_rows = Scratch::new(block * size);
    let mut scores = Scratch::new(block * keys);
    let key = head.turned_rows(Part::Key, 0, keys, &mut key_rows);
    let value = head.rows(Part::Value, 0, keys);
    for first in (0..sequence).step_by(block) {
        let rows = block.min(sequence - first);
        let scores = &mut scores[..rows * keys];
        let query = head.turned_rows(Part::Query, first, rows, &mut query_rows);
        multiply(
            head.precision,
            query,
            key.transposed(),
            head.factor(),
            Mode::Overwrite,
            Threads::One,
            scores,
        );
        let sums = &mut log_sum_exp[first..first + rows];
        softmax::probabilities(scores, keys, &padding.bias, mask, first, sequence, sums);
        let probabilities = crate::product::View::new(scores, rows, keys);
        // SAFETY: the rows of this head from `first` on.
        unsafe {
            output.multiply(
                head.precision,
                probabilities,
                value,
                1.0,
                Mode::Overwrite,
                head.output_start(first),
                head.shape.hidden(),
            );
        }
    }
}
