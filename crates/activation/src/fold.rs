//! A learned function as a fixed one between two affine maps, which the neighbouring matrices can take in.

use crate::spec::ActivationSpec;

/// `f(x) = output_scale · g(input_scale · x + input_shift) + output_shift` for every `x`, with a fixed `g`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    /// `g`
    pub function: ActivationSpec,
    /// On the input, taken in by the matrix before.
    pub input_scale: f64,
    /// On the input, taken in by the bias before.
    pub input_shift: f64,
    /// On the output, taken in by the matrix behind.
    pub output_scale: f64,
    /// On the output, taken in by the bias behind.
    pub output_shift: f64,
}

impl Fold {
    /// `g` by itself, `None` if `text` is no activation.
    pub(crate) fn plain(text: &str) -> Option<Self> {
        Some(Self::of(text.parse().ok()?))
    }

    /// `g` by itself.
    pub(crate) fn of(function: ActivationSpec) -> Self {
        Self {
            function,
            input_scale: 1.0,
            input_shift: 0.0,
            output_scale: 1.0,
            output_shift: 0.0,
        }
    }
}
