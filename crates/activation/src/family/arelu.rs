//! Attention-based rectified linear unit: `(1 + σ(β))·x` for x > 0, else `clamp(α, 0.01, 0.99)·x`.
//!
//! The gradient by α is `min(0, x)` within the clamp and 0 outside it; that by β is `max(0, x)·σ'(β)`. Starts: α 0.9, β 2.
//! Chen, Li, Xu 2020, equation 3; the numbers are those of the released code (densechen/AReLU). At 0 the derivative is the left
//! slope, as of PyTorch's leaky ReLU; the released code composes two ReLUs and has 0 there.

use super::parametric::{Parametric, ParametricFamily, SHARE};
use crate::fold::Fold;
use crate::number::Number;
use crate::spec::{Parameter, ParameterKind};

pub(super) static FAMILY: ParametricFamily<Arelu, 2> = ParametricFamily {
    name: "arelu",
    parameters: &[
        Parameter {
            name: "alpha",
            positional: false,
            kind: ParameterKind::Number { default: 0.9 },
        },
        Parameter {
            name: "beta",
            positional: false,
            kind: ParameterKind::Number { default: 2.0 },
        },
        SHARE,
    ],
    source: "Chen, Li, Xu 2020, arXiv 2006.13858",
    note: "The left slope is α clamped to 0.01…0.99 (no gradient outside), and the derivative at 0, where the released code has 0.",
    examples: &["arelu(alpha=0.3, beta=-1)", "arelu(alpha=1.5)"],
    make: |numbers| Arelu {
        start: [numbers[0], numbers[1]],
    },
    check: |_| Ok(()),
};

const LOWEST: f64 = 0.01;
const HIGHEST: f64 = 0.99;

#[derive(Clone, Copy, Debug)]
pub(super) struct Arelu {
    start: [f64; 2],
}

/// `within` where `alpha` is within the clamp, else the values of its ends.
fn clamped<N: Number>(alpha: &N, within: N, below: f64, above: f64) -> N {
    let upper = (alpha.clone() - N::constant(HIGHEST)).where_positive(N::constant(above), within);
    (alpha.clone() - N::constant(LOWEST)).where_negative(N::constant(below), upper)
}

impl Parametric<2> for Arelu {
    fn symbols(self) -> Vec<(&'static str, Vec<String>)> {
        ["alpha", "beta"]
            .map(|name| (name, vec![name.into()]))
            .into()
    }
    fn start(self) -> [f64; 2] {
        self.start
    }
    fn effective<N: Number>(self, index: usize, coefficient: &N) -> N {
        if index == 0 {
            clamped(coefficient, coefficient.clone(), LOWEST, HIGHEST)
        } else {
            N::constant(1.0) + coefficient.sigmoid()
        }
    }
    fn effective_slope<N: Number>(self, index: usize, coefficient: &N) -> N {
        if index == 0 {
            clamped(coefficient, N::constant(1.0), 0.0, 0.0)
        } else {
            coefficient.sigmoid() * (-coefficient.clone()).sigmoid()
        }
    }
    #[inline(always)]
    fn value<N: Number>(self, [negative, positive]: &[N; 2], x: &N) -> N {
        x.where_positive(positive.clone() * x.clone(), negative.clone() * x.clone())
    }
    #[inline(always)]
    fn derivative<N: Number>(self, [negative, positive]: &[N; 2], x: &N) -> N {
        x.where_positive(positive.clone(), negative.clone())
    }
    #[inline(always)]
    fn gradient<N: Number>(self, _c: &[N; 2], x: &N) -> [N; 2] {
        let zero = N::constant(0.0);
        [
            x.where_positive(zero.clone(), x.clone()),
            x.where_positive(x.clone(), zero),
        ]
    }
    fn fold(self, [negative, positive]: &[f64; 2]) -> Option<Fold> {
        Some(Fold {
            output_scale: *positive,
            ..Fold::plain(&format!("leaky_relu({})", negative / positive))?
        })
    }
    fn kinks(self, _c: &[f64; 2]) -> Vec<f64> {
        vec![0.0]
    }
}
