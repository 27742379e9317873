//! Gaussian error linear unit, the exact form `x Φ(x)`.

use super::fixed::{Fixed, FixedFamily};
use crate::number::Number;

pub(super) static FAMILY: FixedFamily<Gelu> = FixedFamily {
    name: "gelu",
    parameters: &[],
    source: "Hendrycks, Gimpel 2016, arXiv 1606.08415",
    start_only: false,
    examples: &[],
    make: |_| Gelu,
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Gelu;

impl Fixed for Gelu {
    #[inline(always)]
    fn value<N: Number>(self, x: &N) -> N {
        N::constant(0.5) * x.clone() * normal_distribution(x)
    }
    #[inline(always)]
    fn derivative<N: Number>(self, x: &N) -> N {
        N::constant(0.5) * normal_distribution(x) + x.clone() * normal_density(x)
    }
}

/// `2 Φ(x)`
#[inline(always)]
fn normal_distribution<N: Number>(x: &N) -> N {
    N::constant(1.0) + (x.clone() * N::constant(std::f64::consts::FRAC_1_SQRT_2)).erf()
}

/// `φ(x)`
#[inline(always)]
fn normal_density<N: Number>(x: &N) -> N {
    N::constant(FRAC_1_SQRT_2PI) * (N::constant(-0.5) * x.clone() * x.clone()).exp()
}

const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;
