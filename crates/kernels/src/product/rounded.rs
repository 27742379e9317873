//! bf16 without instructions for it: copies of the operands, rounded to nearest even.

use super::View;
use crate::scratch::Scratch;

/// The value as a bf16, in f32. Subnormal values become zero, as the instructions for bf16 have it.
pub(super) fn round(value: f32) -> f32 {
    if value.is_nan() {
        return value;
    }
    if value.abs() < f32::MIN_POSITIVE {
        return 0.0_f32.copysign(value);
    }
    let bits = value.to_bits();
    let even = (bits >> 16) & 1;
    f32::from_bits(bits.wrapping_add(0x7fff + even) & 0xffff_0000)
}

/// Calls `product` with rounded copies of `factor * left` and `right`. The factor comes before the rounding, as in the
/// panels of the engines with instructions for bf16.
pub(super) fn with(
    left: View<'_>,
    right: View<'_>,
    factor: f32,
    product: impl FnOnce(View<'_>, View<'_>),
) {
    let mut left_values = Scratch::new(left.rows * left.columns);
    let mut right_values = Scratch::new(right.rows * right.columns);
    let left = copy(left, factor, &mut left_values);
    let right = copy(right, 1.0, &mut right_values);
    product(left, right);
}

/// `factor` times the view's values, rounded, without gaps, in the order in which they lie.
fn copy<'a>(view: View<'_>, factor: f32, values: &'a mut [f32]) -> View<'a> {
    if view.column_stride != 1 {
        return copy(view.transposed(), factor, values).transposed();
    }
    if view.columns > 0 {
        for (row, values) in values.chunks_exact_mut(view.columns).enumerate() {
            let start = row * view.row_stride;
            for (value, target) in view.values[start..start + view.columns].iter().zip(values) {
                *target = round(factor * *value);
            }
        }
    }
    View::new(values, view.rows, view.columns)
}
