//! Correction-regularised ReLU: `max(0, x) + ε·x·exp(−x²/2)`.
//!
//! `f' = [x > 0] + ε·(1 − x²)·exp(−x²/2)`, `∂f/∂ε = x·exp(−x²/2)`. The correction is what entropy-based activation
//! optimisation (EAFO) adds to ReLU under standard normal inputs. ε starts at the option `epsilon`; a negative ε makes a hump.
//! It must not be decayed. Sun et al. 2024, section 4.

use super::parametric::{Parametric, ParametricFamily, SHARE};
use crate::number::Number;
use crate::spec::{Parameter, ParameterKind};

pub(super) static FAMILY: ParametricFamily<Crrelu, 1> = ParametricFamily {
    name: "crrelu",
    parameters: &[
        Parameter {
            name: "epsilon",
            positional: true,
            kind: ParameterKind::Number { default: 0.01 },
        },
        SHARE,
    ],
    source: "Sun et al. 2024, EAFO, arXiv 2405.12954",
    note: "The step of ReLU's derivative at 0 remains.",
    examples: &["crrelu(-0.3)"],
    make: |numbers| Crrelu {
        epsilon: numbers[0],
    },
    check: |_| Ok(()),
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Crrelu {
    epsilon: f64,
}

/// `exp(−x²/2)`; 0 where the square leaves the range.
#[inline(always)]
fn bell<N: Number>(x: &N) -> N {
    (N::constant(-0.5) * x.clone() * x.clone()).exp()
}

impl Parametric<1> for Crrelu {
    fn symbols(self) -> Vec<(&'static str, Vec<String>)> {
        vec![("epsilon", vec!["eps".into()])]
    }
    fn start(self) -> [f64; 1] {
        [self.epsilon]
    }
    #[inline(always)]
    fn value<N: Number>(self, [epsilon]: &[N; 1], x: &N) -> N {
        x.where_positive(x.clone(), N::constant(0.0)) + epsilon.clone() * (x.clone() * bell(x))
    }
    #[inline(always)]
    fn derivative<N: Number>(self, [epsilon]: &[N; 1], x: &N) -> N {
        // In this order a square that overflows meets a bell of 0 only as a factor of 0.
        let e = bell(x);
        let correction = e.clone() - x.clone() * (x.clone() * e);
        x.where_positive(N::constant(1.0), N::constant(0.0)) + epsilon.clone() * correction
    }
    #[inline(always)]
    fn gradient<N: Number>(self, _c: &[N; 1], x: &N) -> [N; 1] {
        [x.clone() * bell(x)]
    }
    fn kinks(self, _c: &[f64; 1]) -> Vec<f64> {
        vec![0.0]
    }
}
