//! The fast kernels, f32 on slices.

pub(crate) mod fixed;
mod lanes;
pub(crate) mod parametric;
mod pieces;
pub(crate) mod poly_norm;
pub(crate) mod rational;
mod sums;

pub(crate) use pieces::Pieces;

use std::borrow::Cow;

/// The bias, or what leaves every input as it is, also a negative zero.
fn bias_or_none(bias: Option<&[f32]>, channels: usize) -> Cow<'_, [f32]> {
    bias.map_or_else(|| vec![-0.0; channels].into(), Into::into)
}
