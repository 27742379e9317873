//! The logistic function.

use super::fixed::{Fixed, FixedFamily};
use crate::number::Number;

pub(super) static FAMILY: FixedFamily<Sigmoid> = FixedFamily {
    name: "sigmoid",
    parameters: &[],
    source: "logistic function",
    start_only: false,
    examples: &[],
    make: |_| Sigmoid,
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Sigmoid;

impl Fixed for Sigmoid {
    #[inline(always)]
    fn value<N: Number>(self, x: &N) -> N {
        x.sigmoid()
    }
    #[inline(always)]
    fn derivative<N: Number>(self, x: &N) -> N {
        let s = x.sigmoid();
        s.clone() * (N::constant(1.0) - s)
    }
}
