//! bf16 without instructions for it: copies of the operands, rounded to nearest even.

use super::{Threads, View};
use crate::dispatch::Arithmetic;
use crate::parallel;
use crate::scratch::Scratch;

/// The value as a bf16, in f32. Subnormal values become zero, as the instructions for bf16 have it.
#[inline(always)]
pub(super) fn round(value: f32) -> f32 {
    // All three answers are worked out and one is taken: a branch would keep the loop over a row from being vectorised.
    let bits = value.to_bits();
    let magnitude = bits & !SIGN;
    let even = (bits >> 16) & 1;
    let nearest = bits.wrapping_add(0x7fff + even) & 0xffff_0000;
    let finite = if magnitude < f32::MIN_POSITIVE.to_bits() {
        bits & SIGN
    } else {
        nearest
    };
    let is_nan = magnitude > f32::INFINITY.to_bits();
    f32::from_bits(if is_nan { bits } else { finite })
}

const SIGN: u32 = 0x8000_0000;

#[inline(always)]
fn round_row_body<A: Arithmetic>(factor: f32, values: &[f32], rounded: &mut [f32]) {
    for (value, rounded) in values.iter().zip(rounded) {
        *rounded = round(factor * *value);
    }
}
crate::simd! {
    /// `rounded = round(factor * values)`, element by element.
    fn round_row(factor: f32, values: &[f32], rounded: &mut [f32]) = round_row_body;
}

/// Calls `product` with rounded copies of `factor * left` and `right`. The factor comes before the rounding, as in the
/// panels of the engines with instructions for bf16.
pub(super) fn with(
    left: View<'_>,
    right: View<'_>,
    factor: f32,
    threads: Threads,
    product: impl FnOnce(View<'_>, View<'_>),
) {
    let mut left_values = Scratch::new(left.rows * left.columns);
    let mut right_values = Scratch::new(right.rows * right.columns);
    let left = copy(left, factor, threads, &mut left_values);
    let right = copy(right, 1.0, threads, &mut right_values);
    product(left, right);
}

/// `factor` times the view's values, rounded, without gaps, in the order in which they lie.
fn copy<'a>(view: View<'_>, factor: f32, threads: Threads, values: &'a mut [f32]) -> View<'a> {
    if view.column_stride != 1 {
        return copy(view.transposed(), factor, threads, values).transposed();
    }
    if view.columns > 0 {
        let rows = match threads {
            Threads::One => view.rows.max(1),
            Threads::All => parallel::rows_per_chunk(view.columns),
        };
        parallel::for_each_chunk(values, rows * view.columns, |chunk, values| {
            for (row, values) in values.chunks_exact_mut(view.columns).enumerate() {
                let start = (chunk * rows + row) * view.row_stride;
                round_row(factor, &view.values[start..start + view.columns], values);
            }
        });
    }
    View::new(values, view.rows, view.columns)
}
