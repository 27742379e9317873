//! The small number trait every formula is written in, and its readings as `f64` and `f32`.

use crate::table::Table;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// What a formula needs from a number.
///
/// The selections and the sign fix what happens at a kink: `sign(0) = 0`, [`Number::where_positive`] takes the other
/// branch at 0 and [`Number::where_negative`] too.
pub trait Number:
    Clone
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// A constant of the formula.
    fn constant(value: f64) -> Self;
    /// `|self|`; its derivative is [`Number::sign`].
    #[must_use]
    fn abs(&self) -> Self;
    /// −1, 0 or 1; 0 at 0 as in PyTorch.
    #[must_use]
    fn sign(&self) -> Self;
    /// e to the power of `self`.
    #[must_use]
    fn exp(&self) -> Self;
    /// The error function.
    #[must_use]
    fn erf(&self) -> Self;
    /// Natural logarithm.
    #[must_use]
    fn ln(&self) -> Self;
    /// Square root.
    #[must_use]
    fn sqrt(&self) -> Self;
    /// Sine.
    #[must_use]
    fn sin(&self) -> Self;
    /// Hyperbolic tangent.
    #[must_use]
    fn tanh(&self) -> Self;
    /// `1 / (1 + exp(-self))`.
    #[must_use]
    fn sigmoid(&self) -> Self;
    /// `otherwise` where `self ≤ 0`, else `positive` (so that a NaN reaches the first branch).
    #[must_use]
    fn where_positive(&self, positive: Self, otherwise: Self) -> Self;
    /// `negative` where `self < 0`, else `otherwise`.
    #[must_use]
    fn where_negative(&self, negative: Self, otherwise: Self) -> Self;
    /// `self * factor + addend`, with one rounding where the reading can.
    #[must_use]
    fn mul_add(&self, factor: &Self, addend: &Self) -> Self;
    /// The value of a table there.
    #[must_use]
    fn tabulated(&self, table: &'static Table) -> Self {
        table.value(self)
    }
    /// The slope of a table there.
    #[must_use]
    fn tabulated_slope(&self, table: &'static Table) -> Self {
        table.slope(self)
    }
}

impl Number for f64 {
    #[inline(always)]
    fn constant(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn abs(&self) -> Self {
        f64::abs(*self)
    }
    #[inline(always)]
    fn sign(&self) -> Self {
        f64::from(i8::from(*self > 0.0) - i8::from(*self < 0.0))
    }
    // `libm` and not the platform's functions: the fit then gives the same bytes everywhere.
    fn exp(&self) -> Self {
        libm::exp(*self)
    }
    fn erf(&self) -> Self {
        libm::erf(*self)
    }
    fn ln(&self) -> Self {
        libm::log(*self)
    }
    fn sqrt(&self) -> Self {
        f64::sqrt(*self)
    }
    fn sin(&self) -> Self {
        libm::sin(*self)
    }
    fn tanh(&self) -> Self {
        libm::tanh(*self)
    }
    fn sigmoid(&self) -> Self {
        1.0 / (1.0 + libm::exp(-*self))
    }
    #[inline(always)]
    fn where_positive(&self, positive: Self, otherwise: Self) -> Self {
        if *self <= 0.0 { otherwise } else { positive }
    }
    #[inline(always)]
    fn where_negative(&self, negative: Self, otherwise: Self) -> Self {
        if *self < 0.0 { negative } else { otherwise }
    }
    #[inline(always)]
    fn mul_add(&self, factor: &Self, addend: &Self) -> Self {
        self * factor + addend
    }
}
