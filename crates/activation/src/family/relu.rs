//! Rectified linear unit; its derivative at 0 is 0, as in PyTorch.

use super::fixed::{Fixed, FixedFamily};
use crate::number::Number;

pub(super) static FAMILY: FixedFamily<Relu> = FixedFamily {
    name: "relu",
    parameters: &[],
    source: "Nair, Hinton 2010, ICML",
    start_only: false,
    examples: &[],
    make: |_| Relu,
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Relu;

impl Fixed for Relu {
    #[inline(always)]
    fn value<N: Number>(self, x: &N) -> N {
        x.where_positive(x.clone(), N::constant(0.0))
    }
    #[inline(always)]
    fn derivative<N: Number>(self, x: &N) -> N {
        x.where_positive(N::constant(1.0), N::constant(0.0))
    }
    fn kinks(self) -> &'static [f64] {
        &[0.0]
    }
}
