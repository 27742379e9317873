//! Hyperbolic tangent.

use super::fixed::{Fixed, FixedFamily};
use crate::number::Number;

pub(super) static FAMILY: FixedFamily<Tanh> = FixedFamily {
    name: "tanh",
    parameters: &[],
    source: "hyperbolic tangent",
    start_only: false,
    examples: &[],
    make: |_| Tanh,
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Tanh;

impl Fixed for Tanh {
    #[inline(always)]
    fn value<N: Number>(self, x: &N) -> N {
        x.tanh()
    }
    #[inline(always)]
    fn derivative<N: Number>(self, x: &N) -> N {
        let t = x.tanh();
        N::constant(1.0) - t.clone() * t
    }
}
