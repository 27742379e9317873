//! The backward pass of one head.
#![allow(unsafe_code)]

use super::heads::{Head, Interleaved, Part};
use super::{block_rows, softmax};
use crate::dispatch::Arithmetic;
use crate::math::sum_lanes;
use crate::product::{Mode, Threads, View, multiply};
use crate::scratch::Scratch;

pub(super) fn compute(
    head: &Head<'_>,
    output: &[f32],
    statistics: &[f32],
    doutput: &[f32],
    dqkv: &Interleaved<'_>,
) {
    let (tokens, size) = (head.tokens, head.shape.head_size);
    let block = block_rows(tokens).min(tokens);
    let mut key_rows = Scratch::new(tokens * size);
    let mut query_rows = Scratch::new(block * size);
    let mut scores = Scratch::new(block * tokens);
    let mut dscores = Scratch::new(block * tokens);
    let mut dkey = Scratch::new(tokens * size);
    let mut dquery = Scratch::new(block * size);
    let mut dots = Scratch::new(block);
    let key = head.turned_part(Part::Key, &(0..tokens), &mut key_rows);
    let value = head.part(Part::Value, &(0..tokens));
    for first in (0..tokens).step_by(block) {
        let queries = first..tokens.min(first + block);
        let rows = queries.len();
        let scores = &mut scores[..rows * tokens];
        let dscores = &mut dscores[..rows * tokens];
        let dots = &mut dots[..rows];
        let mode = if first == 0 {
            Mode::Overwrite
        } else {
            Mode::Add
        };
        let query = head.turned_part(Part::Query, &queries, &mut query_rows);
        let gradient = head.output_rows(doutput, &queries);
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
            head.kept_factor(),
            Mode::Overwrite,
            Threads::One,
            dscores,
        );
        let start = head.output_start(first);
        let stride = head.shape.hidden();
        dot_products(&output[start..], &doutput[start..], size, stride, dots);
        softmax::gradients(
            scores,
            dscores,
            tokens,
            head.mask.map(|(mask, _)| mask),
            head.positions,
            first,
            head.mask.map_or(0, |(_, stride)| stride),
            &statistics[head.statistics(&queries)],
            dots,
        );
        let probabilities = View::new(scores, rows, tokens);
        let dscores = View::new(dscores, rows, tokens);
        // SAFETY: the values of this head.
        unsafe {
            dqkv.multiply(
                head.precision,
                probabilities.transposed(),
                gradient,
                head.kept_factor(),
                mode,
                head.qkv_start(Part::Value, 0),
                head.qkv_stride(),
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
        // SAFETY: the queries of this head.
        unsafe { head.store_part(Part::Query, &queries, dquery, dqkv) };
    }
    // SAFETY: the keys of this head.
    unsafe { head.store_part(Part::Key, &(0..tokens), &mut dkey, dqkv) };
}

#[inline(always)]
fn dot_products_body<A: Arithmetic>(
    a: &[f32],
    b: &[f32],
    size: usize,
    stride: usize,
    dots: &mut [f32],
) {
    for (row, dot) in dots.iter_mut().enumerate() {
        let range = row * stride..row * stride + size;
        let (a, a_rest) = a[range.clone()].as_chunks::<16>();
        let (b, b_rest) = b[range].as_chunks::<16>();
        let mut lanes = [0.0_f32; 16];
        for (a, b) in a.iter().zip(b) {
            for lane in 0..16 {
                lanes[lane] = A::mul_add(a[lane], b[lane], lanes[lane]);
            }
        }
        for (lane, (a, b)) in lanes.iter_mut().zip(a_rest.iter().zip(b_rest)) {
            *lane = A::mul_add(*a, *b, *lane);
        }
        *dot = sum_lanes(lanes);
    }
}
crate::simd! {
    /// The products of rows of `size` elements, `stride` apart.
    fn dot_products(a: &[f32], b: &[f32], size: usize, stride: usize, dots: &mut [f32]) = dot_products_body;
}
