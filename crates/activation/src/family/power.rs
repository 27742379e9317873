//! `x^n`: the start of a polynomial whose highest term is alone. It has no guard of its own, so it is no activation by
//! itself; `polynomial(start=power, coefficients=fixed)` is the guarded cube.

use super::fixed::{Fixed, FixedFamily};
use crate::number::Number;
use crate::spec::{Parameter, ParameterKind};

pub(super) static FAMILY: FixedFamily<Power> = FixedFamily {
    name: "power",
    parameters: &[Parameter {
        name: "exponent",
        positional: true,
        kind: ParameterKind::Integer {
            default: 3,
            smallest: 1,
            largest: 5,
        },
    }],
    source: "start values only",
    start_only: true,
    examples: &[],
    make: |numbers| Power {
        exponent: numbers.first().map_or(3, |exponent| *exponent as usize),
    },
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Power {
    exponent: usize,
}

/// The power by multiplication.
fn raised<N: Number>(x: &N, exponent: usize) -> N {
    (0..exponent).fold(N::constant(1.0), |power, _| power * x.clone())
}

impl Fixed for Power {
    fn value<N: Number>(self, x: &N) -> N {
        raised(x, self.exponent)
    }
    fn derivative<N: Number>(self, x: &N) -> N {
        N::constant(self.exponent as f64) * raised(x, self.exponent.saturating_sub(1))
    }
}
