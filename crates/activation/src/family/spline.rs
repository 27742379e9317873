//! A learnable piecewise linear function: values at evenly spaced knots, lines between them.
//!
//! With knots t_k at distance h, `f(x) = c_0 + Σ (c_(k+1) − c_k)/h · r_k`, where `r_k = clamp(x − t_k, 0, h)`; the first piece goes
//! on below the range and the last above it. `f'` is the slope of the piece, at a knot that of the piece to its left;
//! `∂f/∂c_k = (r_(k−1) − r_k)/h`, the share of the knot in the piece. Start: the function `start` at the knots. After LM-AFs (ICLR 2026, code idiap/lm-afs: 128 knots
//! on ±15, constant outside, where no input gets a gradient; here the outer lines go on).

use super::parametric::{self, Parametric, SHARE};
use super::{Family, Function, Validation};
use crate::activation::Activation;
use crate::error::ActivationError;
use crate::kernel::Pieces;
use crate::number::Number;
use crate::spec::{ActivationSpec, Parameter, ParameterKind, Value};
use std::sync::Arc;

pub(super) static FAMILY: SplineFamily = SplineFamily;

pub(super) struct SplineFamily;

/// Odd, so that 0 is a knot of a symmetric range.
const KNOTS: [usize; 3] = [9, 17, 33];
const LARGEST: usize = 33;
const RANGE: (f64, f64) = (-4.0, 4.0);

impl Family for SplineFamily {
    fn name(&self) -> &'static str {
        "spline"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter {
                name: "knots",
                positional: true,
                kind: ParameterKind::Integer {
                    default: 17,
                    smallest: 9,
                    largest: LARGEST,
                },
            },
            Parameter {
                name: "range",
                positional: false,
                kind: ParameterKind::Range,
            },
            Parameter {
                name: "start",
                positional: false,
                kind: ParameterKind::Function { default: "gelu" },
            },
            SHARE,
        ]
    }

    fn source(&self) -> &'static str {
        "LM-AFs, ICLR 2026, code idiap/lm-afs"
    }

    fn note(&self) -> &'static str {
        "9, 17 or 33 knots on the range (auto: -4..4). The outer pieces go on beyond it, where the source is constant."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["spline(9, start=relu)", "spline(33, range=-8..8)"]
    }

    fn is_learnable(&self, _values: &[Value]) -> bool {
        true
    }

    fn validate(&self, values: &[Value]) -> Validation {
        match values.first() {
            Some(Value::Integer(knots)) if !KNOTS.contains(knots) => {
                Err(("knots", "knots must be 9, 17 or 33".into()))
            }
            _ => Ok(()),
        }
    }

    fn resolve(&self, spec: &ActivationSpec) -> Result<Arc<dyn Function>, ActivationError> {
        let [
            Value::Integer(knots),
            Value::Range(range),
            Value::Function(start),
            ..,
        ] = spec.values()
        else {
            return Err(ActivationError::Fit {
                target: spec.to_string(),
                message: "it is no spline".into(),
            });
        };
        let (low, high) = range.map_or(RANGE, |(low, high)| (low.get(), high.get()));
        let target = Activation::without_start(start)?;
        let mut spline = Spline {
            low,
            distance: (high - low) / (knots - 1) as f64,
            start: [0.0; LARGEST],
        };
        for k in 0..*knots {
            spline.start[k] = target.value(&[], spline.knot(k));
        }
        Ok(match knots {
            9 => parametric::function::<_, 9>(spec, spline),
            17 => parametric::function::<_, 17>(spec, spline),
            _ => parametric::function::<_, LARGEST>(spec, spline),
        })
    }
}

#[derive(Clone, Copy, Debug)]
struct Spline {
    low: f64,
    distance: f64,
    start: [f64; LARGEST],
}

impl Spline {
    #[inline(always)]
    fn knot(self, k: usize) -> f64 {
        self.low + k as f64 * self.distance
    }

    /// How much of piece `k` of `pieces` lies below `x`; the outer pieces have no outer end.
    #[inline(always)]
    fn part<N: Number>(self, k: usize, pieces: usize, x: &N, whole: N, inside: N) -> N {
        let above = if k + 1 < pieces {
            (x.clone() - N::constant(self.knot(k + 1))).where_positive(whole, inside)
        } else {
            inside
        };
        if k > 0 {
            (x.clone() - N::constant(self.knot(k))).where_positive(above, N::constant(0.0))
        } else {
            above
        }
    }

    /// `r_k / h`
    #[inline(always)]
    fn ramp<N: Number>(self, k: usize, pieces: usize, x: &N) -> N {
        let along = (x.clone() - N::constant(self.knot(k))) * N::constant(1.0 / self.distance);
        self.part(k, pieces, x, N::constant(1.0), along)
    }
}

impl<const C: usize> Parametric<C> for Spline {
    fn symbols(self) -> Vec<(&'static str, Vec<String>)> {
        vec![("values", (0..C).map(|k| format!("c{k}")).collect())]
    }
    fn start(self) -> [f64; C] {
        std::array::from_fn(|k| self.start[k])
    }
    #[inline(always)]
    fn value<N: Number>(self, c: &[N; C], x: &N) -> N {
        let mut sum = c[0].clone();
        for k in 0..C - 1 {
            let rise = c[k + 1].clone() - c[k].clone();
            sum = sum + rise * self.ramp(k, C - 1, x);
        }
        sum
    }
    #[inline(always)]
    fn derivative<N: Number>(self, c: &[N; C], x: &N) -> N {
        // Only one piece counts, so that the others add exact zeros.
        let slope = |k: usize| {
            let rise = c[k + 1].clone() - c[k].clone();
            let rise = rise * N::constant(1.0 / self.distance);
            self.part(k, C - 1, x, N::constant(0.0), rise)
        };
        let mut sum = slope(0);
        for k in 1..C - 1 {
            sum = sum + slope(k);
        }
        sum
    }
    #[inline(always)]
    fn gradient<N: Number>(self, _c: &[N; C], x: &N) -> [N; C] {
        // From the distances to the neighbours, as differences of ramps would lose digits near a knot.
        let nothing = N::constant(0.0);
        let share = |distance: N| distance * N::constant(1.0 / self.distance);
        std::array::from_fn(|k| {
            let rising = if k > 0 {
                let along = share(x.clone() - N::constant(self.knot(k - 1)));
                self.part(k - 1, C - 1, x, nothing.clone(), along)
            } else {
                nothing.clone()
            };
            let falling = if k + 1 < C {
                let left = share(N::constant(self.knot(k + 1)) - x.clone());
                self.part(k, C - 1, x, nothing.clone(), left)
            } else {
                nothing.clone()
            };
            rising + falling
        })
    }
    fn kinks(self, _c: &[f64; C]) -> Vec<f64> {
        (1..C - 1).map(|k| self.knot(k)).collect()
    }
    fn pieces(self) -> Option<Pieces<C>> {
        Some(Pieces::new(self.low, self.distance))
    }
    fn range(self) -> Option<(f64, f64)> {
        Some((self.low, self.knot(C - 1)))
    }
}
