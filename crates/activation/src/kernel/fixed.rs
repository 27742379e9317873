//! Functions without coefficients: the definition itself, read in vector lanes, where the values lie.

use super::bias_or_none;
use super::lanes::Fast;
use super::sums::{rows_per_chunk, with_column_sums};
use crate::family::Fixed;
use pliant_kernels::dispatch::Arithmetic;
use pliant_kernels::{parallel, simd};

/// `y[i] = f(x[i] + bias[i % channels])`
pub(crate) fn forward<F: Fixed>(
    function: F,
    x: &[f32],
    bias: Option<&[f32]>,
    channels: usize,
    y: &mut [f32],
) {
    let bias = bias_or_none(bias, channels);
    let length = parallel::rows_per_chunk(channels) * channels;
    parallel::for_each_chunk(y, length, |chunk, y| {
        let x = &x[chunk * length..][..y.len()];
        for (x, y) in x.chunks(channels).zip(y.chunks_mut(channels)) {
            value(function, x, &bias, y);
        }
    });
}

/// `dx[i] = dy[i] f'(x[i] + bias[i % channels])`, and its sum over the rows; without `dy`, `dx` holds it.
pub(crate) fn backward<F: Fixed>(
    function: F,
    x: &[f32],
    bias: Option<&[f32]>,
    dy: Option<&[f32]>,
    channels: usize,
    dx: &mut [f32],
    dbias: Option<&mut [f32]>,
) {
    let bias = bias_or_none(bias, channels);
    let length = rows_per_chunk(channels) * channels;
    with_column_sums(dx, length, channels, dbias, |chunk, dx, column_sums| {
        let range = chunk * length..chunk * length + dx.len();
        if let Some(dy) = dy {
            dx.copy_from_slice(&dy[range.clone()]);
        }
        for (x, dx) in x[range].chunks(channels).zip(dx.chunks_mut(channels)) {
            slope(function, x, &bias, dx, column_sums);
        }
    });
}

#[inline(always)]
fn value_body<A: Arithmetic, F: Fixed>(function: F, x: &[f32], bias: &[f32], y: &mut [f32]) {
    for ((x, bias), y) in x.iter().zip(bias).zip(y) {
        *y = function.value(&Fast::<A>::new(x + bias)).0;
    }
}
simd! {
    /// `y = f(x + bias)`, one row.
    fn value<F: Fixed>(function: F, x: &[f32], bias: &[f32], y: &mut [f32]) = value_body;
}

#[inline(always)]
fn slope_body<A: Arithmetic, F: Fixed>(
    function: F,
    x: &[f32],
    bias: &[f32],
    dy_to_dx: &mut [f32],
    column_sums: &mut [f32],
) {
    let operands = x.iter().zip(bias).zip(dy_to_dx).zip(column_sums);
    for (((x, bias), dy_to_dx), column_sum) in operands {
        let dx = *dy_to_dx * function.derivative(&Fast::<A>::new(x + bias)).0;
        *dy_to_dx = dx;
        *column_sum += dx;
    }
}
simd! {
    /// `dy_to_dx` from dy to dx, which is added to `column_sums`; one row.
    fn slope<F: Fixed>(function: F, x: &[f32], bias: &[f32], dy_to_dx: &mut [f32], column_sums: &mut [f32]) = slope_body;
}
