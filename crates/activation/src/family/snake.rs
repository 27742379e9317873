//! Snake: `x + sin²(ax)/a`, with `a = exp(log_frequency)` so that it stays above 0.
//!
//! `f' = 1 + sin(2ax)`; `∂f/∂a = (x·sin(2ax) − sin²(ax)/a)/a`, times `a` for the logarithm that is learned. The start of `a` is
//! the option `frequency`. Ziyin, Hartwig, Ueda 2020, equation 3.

use super::parametric::{Parametric, ParametricFamily, SHARE};
use crate::number::Number;
use crate::spec::{Parameter, ParameterKind};

pub(super) static FAMILY: ParametricFamily<Snake, 1> = ParametricFamily {
    name: "snake",
    parameters: &[
        Parameter {
            name: "frequency",
            positional: true,
            kind: ParameterKind::Number { default: 1.0 },
        },
        SHARE,
    ],
    source: "Ziyin, Hartwig, Ueda 2020, arXiv 2006.08195, equation 3",
    note: "The logarithm of the frequency is learned. Inputs beyond 1,000 lose digits of the sine in f32; its values stay bounded.",
    examples: &["snake(0.5)"],
    make: |numbers| Snake {
        frequency: numbers[0],
    },
    check: |numbers| {
        if (1e-3..=1e3).contains(&numbers[0]) {
            Ok(())
        } else {
            Err(("frequency", "frequency must be from 0.001 to 1000".into()))
        }
    },
};

/// Beyond it the rounding of `2ax` is seen in the sine.
const PRECISE: f64 = 1000.0;

#[derive(Clone, Copy, Debug)]
pub(super) struct Snake {
    frequency: f64,
}

impl Parametric<1> for Snake {
    fn symbols(self) -> Vec<(&'static str, Vec<String>)> {
        vec![("log_frequency", vec!["log_a".into()])]
    }
    fn start(self) -> [f64; 1] {
        [libm::log(self.frequency)]
    }
    fn effective<N: Number>(self, _index: usize, coefficient: &N) -> N {
        coefficient.exp()
    }
    fn effective_slope<N: Number>(self, _index: usize, coefficient: &N) -> N {
        coefficient.exp()
    }
    fn precise_within(self) -> f64 {
        PRECISE
    }
    #[inline(always)]
    fn value<N: Number>(self, [a]: &[N; 1], x: &N) -> N {
        let s = (a.clone() * x.clone()).sin();
        x.clone() + s.clone() * s / a.clone()
    }
    #[inline(always)]
    fn derivative<N: Number>(self, [a]: &[N; 1], x: &N) -> N {
        N::constant(1.0) + (N::constant(2.0) * a.clone() * x.clone()).sin()
    }
    #[inline(always)]
    fn gradient<N: Number>(self, [a]: &[N; 1], x: &N) -> [N; 1] {
        let s = (a.clone() * x.clone()).sin();
        let double = (N::constant(2.0) * a.clone() * x.clone()).sin();
        [(x.clone() * double - s.clone() * s / a.clone()) / a.clone()]
    }
}
