//! GELU by the hyperbolic tangent.

use super::fixed::{Fixed, FixedFamily};
use crate::number::Number;

pub(super) static FAMILY: FixedFamily<GeluTanh> = FixedFamily {
    name: "gelu_tanh",
    parameters: &[],
    source: "Hendrycks, Gimpel 2016, arXiv 1606.08415, section 2",
    start_only: false,
    examples: &[],
    make: |_| GeluTanh,
};

#[derive(Clone, Copy, Debug)]
pub(super) struct GeluTanh;

impl Fixed for GeluTanh {
    #[inline(always)]
    fn value<N: Number>(self, x: &N) -> N {
        N::constant(0.5) * x.clone() * (N::constant(1.0) + inner(x).tanh())
    }
    #[inline(always)]
    fn derivative<N: Number>(self, x: &N) -> N {
        let t = inner(x).tanh();
        let slope = N::constant(SCALE)
            * (x.clone() * x.clone()).mul_add(&N::constant(3.0 * CUBIC), &N::constant(1.0));
        let one = N::constant(1.0);
        N::constant(0.5) * (one.clone() + t.clone() + x.clone() * slope * (one - t.clone() * t))
    }
}

/// `√(2/π) (x + 0.044715 x³)`
#[inline(always)]
fn inner<N: Number>(x: &N) -> N {
    N::constant(SCALE)
        * x.clone()
        * (x.clone() * x.clone()).mul_add(&N::constant(CUBIC), &N::constant(1.0))
}

const SCALE: f64 = 0.797_884_560_802_865_4;
const CUBIC: f64 = 0.044_715;
