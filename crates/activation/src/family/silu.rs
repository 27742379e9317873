//! Sigmoid linear unit, also called swish.

use super::fixed::{Fixed, FixedFamily};
use crate::number::Number;

pub(super) static FAMILY: FixedFamily<Silu> = FixedFamily {
    name: "silu",
    parameters: &[],
    source: "Elfwing et al. 2018, arXiv 1702.03118; swish with β = 1 in Ramachandran et al. 2017",
    start_only: false,
    examples: &[],
    make: |_| Silu,
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Silu;

impl Fixed for Silu {
    #[inline(always)]
    fn value<N: Number>(self, x: &N) -> N {
        x.clone() * x.sigmoid()
    }
    #[inline(always)]
    fn derivative<N: Number>(self, x: &N) -> N {
        let s = x.sigmoid();
        s.clone() * (N::constant(1.0) + x.clone() * (N::constant(1.0) - s))
    }
}
