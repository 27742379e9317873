//! The identity.

use super::fixed::{Fixed, FixedFamily};
use crate::number::Number;

pub(super) static FAMILY: FixedFamily<Identity> = FixedFamily {
    name: "identity",
    parameters: &[],
    source: "the input itself",
    start_only: false,
    examples: &[],
    make: |_| Identity,
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Identity;

impl Fixed for Identity {
    #[inline(always)]
    fn value<N: Number>(self, x: &N) -> N {
        x.clone()
    }
    #[inline(always)]
    fn derivative<N: Number>(self, x: &N) -> N {
        let _ = x;
        N::constant(1.0)
    }
}
