//! Swish with a learnable slope: `x·σ(βx)`.
//!
//! With `s = σ(βx)` and `s̄ = σ(−βx)`: `f' = s + βx·s·s̄`, `∂f/∂β = x²·s·s̄`. The start of β is the option `slope`; at β = 1 it is
//! SiLU, at 0 half the identity, towards infinity ReLU. Ramachandran, Zoph, Le 2017, section 4.

use super::parametric::{Parametric, ParametricFamily, SHARE};
use crate::fold::Fold;
use crate::number::Number;
use crate::spec::{Parameter, ParameterKind};

pub(super) static FAMILY: ParametricFamily<Swish, 1> = ParametricFamily {
    name: "swish",
    parameters: &[
        Parameter {
            name: "slope",
            positional: true,
            kind: ParameterKind::Number { default: 1.0 },
        },
        SHARE,
    ],
    source: "Ramachandran, Zoph, Le 2017, arXiv 1710.05941",
    note: "",
    examples: &["swish(1.7)", "swish(-0.5)"],
    make: |numbers| Swish { slope: numbers[0] },
    check: |_| Ok(()),
};

const SMALLEST_FOLDED: f64 = 1e-3;

#[derive(Clone, Copy, Debug)]
pub(super) struct Swish {
    slope: f64,
}

/// `σ(z)·σ(−z)`, without the cancellation of `1 − σ(z)`.
#[inline(always)]
fn bell<N: Number>(z: &N) -> N {
    z.sigmoid() * (-z.clone()).sigmoid()
}

impl Parametric<1> for Swish {
    fn symbols(self) -> Vec<(&'static str, Vec<String>)> {
        vec![("slope", vec!["beta".into()])]
    }
    fn start(self) -> [f64; 1] {
        [self.slope]
    }
    /// `silu(βx)/β`, unless β is so small that the matrices would hold numbers of another size.
    fn fold(self, [beta]: &[f64; 1]) -> Option<Fold> {
        if beta.abs() < SMALLEST_FOLDED {
            return None;
        }
        Some(Fold {
            input_scale: *beta,
            output_scale: 1.0 / beta,
            ..Fold::plain("silu")?
        })
    }
    #[inline(always)]
    fn value<N: Number>(self, [beta]: &[N; 1], x: &N) -> N {
        x.clone() * (beta.clone() * x.clone()).sigmoid()
    }
    #[inline(always)]
    fn derivative<N: Number>(self, [beta]: &[N; 1], x: &N) -> N {
        let z = beta.clone() * x.clone();
        z.sigmoid() + z.clone() * bell(&z)
    }
    #[inline(always)]
    fn gradient<N: Number>(self, [beta]: &[N; 1], x: &N) -> [N; 1] {
        [x.clone() * (x.clone() * bell(&(beta.clone() * x.clone())))]
    }
}
