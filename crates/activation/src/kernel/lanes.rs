//! Blocks of vector lanes, and the formulas' numbers inside the vector kernels.

use crate::number::Number;
use crate::table::Table;
use pliant_kernels::dispatch::Arithmetic;
use pliant_kernels::{math, simd};
use std::marker::PhantomData;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Lanes that are computed together: a vector of AVX-512, two of AVX2.
pub(super) const LANES: usize = 16;
/// Vectors of a block: small enough for the first cache, large enough to pay for a call.
pub(super) const VECTORS: usize = 32;
pub(super) const BLOCK: usize = LANES * VECTORS;

pub(super) type Lane = [f32; LANES];
pub(super) type Block = [Lane; VECTORS];

/// `out[i] = x[i] + bias[(first + i) % channels]`; zeros up to the end of the last vector. Returns the vectors in use.
pub(super) fn stage(x: &[f32], bias: Option<&[f32]>, first: usize, out: &mut Block) -> usize {
    let vectors = x.len().div_ceil(LANES);
    let flat = &mut out.as_flattened_mut()[..vectors * LANES];
    match bias {
        Some(bias) => add(x, bias, first, flat),
        None => flat[..x.len()].copy_from_slice(x),
    }
    flat[x.len()..].fill(0.0);
    vectors
}

#[inline(always)]
fn add_body<A: Arithmetic>(x: &[f32], bias: &[f32], first: usize, out: &mut [f32]) {
    let mut position = 0;
    while position < x.len() {
        let channel = (first + position) % bias.len();
        let run = (bias.len() - channel).min(x.len() - position);
        let out = &mut out[position..position + run];
        for ((out, x), bias) in out
            .iter_mut()
            .zip(&x[position..position + run])
            .zip(&bias[channel..channel + run])
        {
            *out = x + bias;
        }
        position += run;
    }
}
simd! { fn add(x: &[f32], bias: &[f32], first: usize, out: &mut [f32]) = add_body; }

/// Whether any magnitude is beyond the limit. NaN is not.
#[inline(always)]
fn any_beyond_body<A: Arithmetic>(x: &[Lane], limit: f32) -> bool {
    // One flat loop: of a loop over vectors of lanes the compiler makes gathers.
    let found = x
        .as_flattened()
        .iter()
        .fold(0, |found, x| found | u32::from(x.abs() > limit));
    found != 0
}
simd! { pub(super) fn any_beyond(x: &[Lane], limit: f32) -> bool = any_beyond_body; }

/// An f32 whose operations are those of the instruction set in use.
#[derive(Debug)]
pub(super) struct Fast<A>(pub(super) f32, PhantomData<A>);

impl<A> Fast<A> {
    #[inline(always)]
    pub(super) fn new(value: f32) -> Self {
        Self(value, PhantomData)
    }
}

impl<A> Clone for Fast<A> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $operator:tt) => {
        impl<A> $trait for Fast<A> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self::new(self.0 $operator other.0)
            }
        }
    };
}
impl<A> Copy for Fast<A> {}

operator!(Add, add, +);
operator!(Sub, sub, -);
operator!(Mul, mul, *);
operator!(Div, div, /);

impl<A> Neg for Fast<A> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self::new(-self.0)
    }
}

/// −1, 0 or 1.
#[inline(always)]
pub(super) fn sign(x: f32) -> f32 {
    let magnitude = if x == 0.0 { 0.0 } else { 1.0_f32 };
    magnitude.copysign(x)
}

impl<A: Arithmetic> Number for Fast<A> {
    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self::new(value as f32)
    }
    #[inline(always)]
    fn abs(&self) -> Self {
        Self::new(self.0.abs())
    }
    #[inline(always)]
    fn sign(&self) -> Self {
        Self::new(sign(self.0))
    }
    #[inline(always)]
    fn exp(&self) -> Self {
        Self::new(math::exp::<A>(self.0))
    }
    #[inline(always)]
    fn erf(&self) -> Self {
        Self::new(math::erf::<A>(self.0))
    }
    #[inline(always)]
    fn ln(&self) -> Self {
        // Only transforms of coefficients take logarithms, and those are read with f64.
        Self::new(libm::logf(self.0))
    }
    #[inline(always)]
    fn sqrt(&self) -> Self {
        Self::new(self.0.sqrt())
    }
    #[inline(always)]
    fn sin(&self) -> Self {
        Self::new(math::sin::<A>(self.0))
    }
    #[inline(always)]
    fn tanh(&self) -> Self {
        Self::new(math::tanh::<A>(self.0))
    }
    #[inline(always)]
    fn sigmoid(&self) -> Self {
        Self::new(math::sigmoid::<A>(self.0))
    }
    #[inline(always)]
    fn where_positive(&self, positive: Self, otherwise: Self) -> Self {
        Self::new(if self.0 <= 0.0 {
            otherwise.0
        } else {
            positive.0
        })
    }
    #[inline(always)]
    fn where_negative(&self, negative: Self, otherwise: Self) -> Self {
        Self::new(if self.0 < 0.0 {
            negative.0
        } else {
            otherwise.0
        })
    }
    #[inline(always)]
    fn mul_add(&self, factor: &Self, addend: &Self) -> Self {
        Self::new(A::mul_add(self.0, factor.0, addend.0))
    }
    #[inline(always)]
    fn tabulated(&self, table: &'static Table) -> Self {
        Self::new(table.fast_value(self.0))
    }
    #[inline(always)]
    fn tabulated_slope(&self, table: &'static Table) -> Self {
        Self::new(table.fast_slope(self.0))
    }
}
