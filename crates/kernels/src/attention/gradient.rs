//! The backward pass of one head.
#![allow(unsafe_code)]

use super::block_rows;
use super::heads::{Head, Interleaved, Padding, Part};
use super::softmax;
use crate::dispatch::Arithmetic;
use crate::dropout::Mask;
use crate::math::sum_by2;
use crate::product::{Mode, Threads, View, multiply};
use crate::scratch::Scratch;

pub(super) fn compute(
    head: &Head<'_>,
    padding: &Padding,
    mask: Option<Mask>,
    output: &[f32],
    log_sum_exp: &[f32],
    doutput: &[f32],
    dqkv: &Interleaved<'_>,
) {
    let (sequence, size) = (head.shape.sequence, head.shape.head_size);
    let stride = head.qkv_stride();
    let keys = padding.keys;
    // Keys and values behind the last real one get nothing, and without any real one the queries neither.
    for position in 0..sequence {
        for (part, reached) in [
            (Part::Query, sequence.min(keys * sequence)),
            (Part::Key, keys),
            (Part::Value, keys),
        ] {
            if position >= reached {
                // SAFETY: the row of this head at this position.
                unsafe { dqkv.row(head.qkv_start(part, position), size) }.fill(0.0);
            }
        }
    }
    if keys == 0 {
        return;
    }
    let block = block_rows(sequence);
    let mut key_rows = Scratch::new(keys * size);
    let mut query_rows = Scratch::new(block * size);
    let mut scores = Scratch::new(block * keys);
    let mut dscores = Scratch::new(block * keys);
    let mut dkey = Scratch::new(keys * size);
    let mut dquery = Scratch::new(block * size);
    let mut dots = Scratch::new(block);
    let key = head.turned_rows(Part::Key, 0, keys, &mut key_rows);
    let value = head.rows(Part::Value, 0, keys);
    for first in (0..sequence).step_by(block) {
        let rows = block.min(sequence - first);
        let scores = &mut scores[..rows * keys];
        let dscores = &mut dscores[..rows * keys];
        let dots = &mut dots[..rows];
        let mode = if first == 0 {
            Mode::Overwrite
        } else {
            Mode::Add
        };
        let query = head.turned_rows(Part::Query, first, rows, &mut query_rows);
        let gradient = head.output_rows(doutput, first, rows);
        multiply(
            head.precision,
            query,
            key.transposed(),
            head.factor(),
            Mode::Overwrite,
            Threads::One,
            scores,
        );
        multiply(
            head.precision,
            gradient,
            value.transposed(),
            1.0,
            Mode::Overwrite,
            Threads::One,
            dscores,
        );
        for (row, dot) in dots.iter_mut().enumerate() {
            let start = head.output_start(first + row);
            *dot = dot_product(&output[start..start + size], &doutput[start..start + size]);
        }
        let sums = &log_sum_exp[first..first + rows];
        softmax::gradients(
            scores,
            dscores,
            keys,
            &padding.bias,
            mask,
            first,
            sequence,
            sums,
            dots,
        );
        let probabilities = View::new(scores, rows, keys);
        let dscores = View::new(dscores, rows, keys);
        // SAFETY: the values of this head.
        unsafe {
            dqkv.multiply(
                head.precision,
                probabilities.transposed(),
                gradient,
                1.0,
                mode,
                head.qkv_start(Part::Value, 0),
                stride,
            );
        }
        multiply(
            head.precision,
            dscores.transposed(),
            query,
            head.factor(),
            mode,
            Threads::One,
            &mut dkey,
        );
        let dquery = &mut dquery[..rows * size];
        multiply(
            head.precision,
            dscores,
            key,
            head.factor(),
            Mode::Overwrite,
            Threads::One,
            dquery,
        );
        store(head, Part::Query, first, dquery, dqkv);
    }
    store(head, Part::Key, 0, &mut dkey, dqkv);
}

/// Turns the rows of a gradient back and puts them in their place.
fn store(head: &Head<'_>, part: Part, first: usize, rows: &mut [f32], dqkv: &Interleaved<'_>) {
    if let Some(rotary) = head.rotary {
        rotary.turn_back(first, rows);
    }
    let size = head.shape.head_size;
    for (row, values) in rows.chunks_exact(size).enumerate() {
        // SAFETY: the row of this head at this position.
        unsafe { dqkv.row(head.qkv_start(part, first + row), size) }.copy_from_slice(values);
    }
}

#[inline(always)]
fn dot_product_body<A: Arithmetic>(a: &[f32], b: &[f32]) -> f32 {
    sum_by2(a, b, |a, b| f64::from(a) * f64::from(b)) as f32
}
crate::simd! { fn dot_product(a: &[f32], b: &[f32]) -> f32 = dot_product_body; }
