//! Parametric rectified linear unit: `max(0, x) + a·min(0, x)`.
//!
//! `f' = 1` for x > 0, else `a` (at 0 too, as in PyTorch); `∂f/∂a = min(0, x)`. The start of `a` is the option `slope`. He et
//! al. 2015, equation 1 (one slope for each channel, or one for all; no weight decay, which would pull it to ReLU).

use super::parametric::{Parametric, ParametricFamily, SHARE};
use crate::fold::Fold;
use crate::number::Number;
use crate::spec::{Parameter, ParameterKind};

pub(super) static FAMILY: ParametricFamily<Prelu, 1> = ParametricFamily {
    name: "prelu",
    parameters: &[
        Parameter {
            name: "slope",
            positional: true,
            kind: ParameterKind::Number { default: 0.25 },
        },
        SHARE,
    ],
    source: "He et al. 2015, arXiv 1502.01852, equation 1",
    note: "Its derivative at 0 is the slope, as in PyTorch.",
    examples: &["prelu(0.1)"],
    make: |numbers| Prelu { slope: numbers[0] },
    check: |_| Ok(()),
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Prelu {
    slope: f64,
}

impl Parametric<1> for Prelu {
    fn symbols(self) -> Vec<(&'static str, Vec<String>)> {
        vec![("slope", vec!["a".into()])]
    }
    fn start(self) -> [f64; 1] {
        [self.slope]
    }
    #[inline(always)]
    fn value<N: Number>(self, [a]: &[N; 1], x: &N) -> N {
        x.where_positive(x.clone(), a.clone() * x.clone())
    }
    #[inline(always)]
    fn derivative<N: Number>(self, [a]: &[N; 1], x: &N) -> N {
        x.where_positive(N::constant(1.0), a.clone())
    }
    #[inline(always)]
    fn gradient<N: Number>(self, _c: &[N; 1], x: &N) -> [N; 1] {
        [x.where_positive(N::constant(0.0), x.clone())]
    }
    fn fold(self, [a]: &[f64; 1]) -> Option<Fold> {
        Fold::plain(&format!("leaky_relu({a})"))
    }
    fn kinks(self, _c: &[f64; 1]) -> Vec<f64> {
        vec![0.0]
    }
}
