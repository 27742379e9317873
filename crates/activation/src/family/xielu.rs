//! Expanded integral of ELU: `α_p·x² + β·x` for x > 0, else `α_n·(exp(x) − 1 − x) + β·x`.
//!
//! `α_p = softplus(p)`, `α_n = β + softplus(n)`, so that α_p > 0 and α_n > β; p and n are learned, β is fixed. `f' = 2·α_p·x + β` or
//! `α_n·(exp(x) − 1) + β`; `∂f/∂α_p = x²` for x > 0, `∂f/∂α_n = exp(x) − 1 − x` else. Starts: α_p = α_n = 0.8, β = 0.5. Huang and
//! Schlag 2024, equation 7. Ports of the released code take `min(x, −1e-6)` inside the exponential; without it the function is
//! continuous.

use super::parametric::{Parametric, ParametricFamily, SHARE};
use crate::number::Number;
use crate::spec::{Parameter, ParameterKind};

pub(super) static FAMILY: ParametricFamily<Xielu, 2> = ParametricFamily {
    name: "xielu",
    parameters: &[
        Parameter {
            name: "positive",
            positional: false,
            kind: ParameterKind::Number { default: 0.8 },
        },
        Parameter {
            name: "negative",
            positional: false,
            kind: ParameterKind::Number { default: 0.8 },
        },
        Parameter {
            name: "beta",
            positional: false,
            kind: ParameterKind::Number { default: 0.5 },
        },
        SHARE,
    ],
    source: "Huang, Schlag 2024, arXiv 2411.13010",
    note: "Grows with the square: in f32 its outputs overflow for inputs beyond 1e18.",
    examples: &["xielu(positive=0.3, negative=1.2, beta=0.1)"],
    make: |numbers| Xielu {
        positive: numbers[0],
        negative: numbers[1],
        beta: numbers[2],
    },
    check: |numbers| {
        if numbers[0] <= 0.0 {
            Err(("positive", "positive must be above 0".into()))
        } else if numbers[1] <= numbers[2] {
            Err(("negative", "negative must be above beta".into()))
        } else {
            Ok(())
        }
    },
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Xielu {
    positive: f64,
    negative: f64,
    beta: f64,
}

/// `ln(1 + eˣ)` as `−ln σ(−x)`, which does not overflow.
fn softplus<N: Number>(x: &N) -> N {
    -(-x.clone()).sigmoid().ln()
}

/// `eˣ − 1`, without cancellation near 0.
#[inline(always)]
fn exp_minus_one<N: Number>(x: &N) -> N {
    let t = (N::constant(0.5) * x.clone()).tanh();
    N::constant(2.0) * t.clone() / (N::constant(1.0) - t)
}

impl Xielu {
    /// The negative part of the input; 0 elsewhere, so that no exponential grows.
    #[inline(always)]
    fn negative_part<N: Number>(x: &N) -> N {
        x.where_positive(N::constant(0.0), x.clone())
    }
}

impl Parametric<2> for Xielu {
    fn symbols(self) -> Vec<(&'static str, Vec<String>)> {
        [("alpha_p", "p"), ("alpha_n", "n")]
            .map(|(tensor, symbol)| (tensor, vec![symbol.into()]))
            .into()
    }
    fn start(self) -> [f64; 2] {
        [self.positive, self.negative - self.beta].map(|alpha| libm::log(libm::expm1(alpha)))
    }
    fn effective<N: Number>(self, index: usize, coefficient: &N) -> N {
        if index == 0 {
            softplus(coefficient)
        } else {
            N::constant(self.beta) + softplus(coefficient)
        }
    }
    fn effective_slope<N: Number>(self, _index: usize, coefficient: &N) -> N {
        coefficient.sigmoid()
    }
    #[inline(always)]
    fn value<N: Number>(self, [positive, negative]: &[N; 2], x: &N) -> N {
        let u = Self::negative_part(x);
        let curve = negative.clone() * (exp_minus_one(&u) - u);
        let linear = N::constant(self.beta) * x.clone();
        x.where_positive(positive.clone() * x.clone() * x.clone(), curve) + linear
    }
    #[inline(always)]
    fn derivative<N: Number>(self, [positive, negative]: &[N; 2], x: &N) -> N {
        let curve = negative.clone() * exp_minus_one(&Self::negative_part(x));
        let slope = N::constant(2.0) * positive.clone() * x.clone();
        x.where_positive(slope, curve) + N::constant(self.beta)
    }
    #[inline(always)]
    fn gradient<N: Number>(self, _c: &[N; 2], x: &N) -> [N; 2] {
        let u = Self::negative_part(x);
        [
            x.where_positive(x.clone() * x.clone(), N::constant(0.0)),
            exp_minus_one(&u) - u,
        ]
    }
}
