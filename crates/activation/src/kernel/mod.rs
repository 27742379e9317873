//! The fast kernels, f32 on slices.

pub(crate) mod fixed;
mod lanes;
pub(crate) mod rational;
mod sums;
