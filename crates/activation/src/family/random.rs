//! A smooth function drawn from a seed: a start that knows nothing of what works.

use pliant_kernels::random::{Purpose, Stream, name_key};

use super::fixed::{Fixed, FixedFamily};
use crate::number::Number;
use crate::spec::{Parameter, ParameterKind};

const NAME: &str = "random";

pub(super) static FAMILY: FixedFamily<Random> = FixedFamily {
    name: NAME,
    parameters: &[Parameter {
        name: "seed",
        positional: true,
        kind: ParameterKind::Integer {
            default: 1,
            smallest: 0,
            largest: 1_000_000,
        },
    }],
    source: "sum of three hyperbolic tangents with normal weights, slopes and offsets; start values only",
    start_only: true,
    examples: &[],
    make: |numbers| Random::of(numbers.first().map_or(1, |seed| *seed as u64)),
};

/// Terms of the sum.
const TERMS: usize = 3;

/// `Σ w·tanh(s·x + o)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Random {
    /// (weight, slope, offset)
    terms: [(f64, f64, f64); TERMS],
}

impl Random {
    fn of(seed: u64) -> Self {
        let stream = Stream::new(seed, Purpose::Initialisation, name_key(NAME));
        let mut drawn = 0;
        let mut normal = || {
            drawn += 1;
            stream.normal(drawn - 1)
        };
        Self {
            terms: [(); TERMS].map(|()| (normal(), normal(), normal())),
        }
    }
}

impl Fixed for Random {
    fn value<N: Number>(self, x: &N) -> N {
        self.terms
            .into_iter()
            .map(|(weight, slope, offset)| {
                N::constant(weight) * (N::constant(slope) * x.clone() + N::constant(offset)).tanh()
            })
            .fold(N::constant(0.0), |sum, term| sum + term)
    }
    fn derivative<N: Number>(self, x: &N) -> N {
        self.terms
            .into_iter()
            .map(|(weight, slope, offset)| {
                let y = (N::constant(slope) * x.clone() + N::constant(offset)).tanh();
                N::constant(weight * slope) * (N::constant(1.0) - y.clone() * y)
            })
            .fold(N::constant(0.0), |sum, term| sum + term)
    }
}
