//! The fast kernels, f32 on slices.

pub(crate) mod fixed;
mod lanes;
pub(crate) mod parametric;
pub(crate) mod rational;
mod sums;

use std::borrow::Cow;

/// The bias, or what leaves every input as it is, also a negative zero.
fn bias_or_none(bias: Option<&[f32]>, channels: usize) -> Cow<'_, [f32]> {
    bias.map_or_else(|| vec![-0.0; channels].into(), Into::into)
}
