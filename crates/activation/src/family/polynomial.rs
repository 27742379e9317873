//! A polynomial of degree 1 to 5, learnable or fixed: `P(x) = Σ c_k x^k`.
//!
//! Guarded against explosion: beyond `±limit` it is continued by its tangent there. With `u = clamp(x, −limit, limit)`,
//! `f(x) = P(u) + P'(u)·(x − u)`, `f' = P'(u)`, `∂f/∂c_k = u^k + k·u^(k−1)·(x − u)`. So value and slope are continuous, growth
//! is linear whatever is learned, and every coefficient gets a gradient everywhere.
//!
//! Start: the least-squares polynomial of `start` on `±limit`; the identity and powers are met exactly. After the learnable
//! cubic of arXiv 2410.12572, of which neither start values nor code are public; its fixed cube is
//! `polynomial(start=power, coefficients=fixed)`.

use super::fixed::{Fixed, FixedFunction};
use super::parametric::{self, Parametric, SHARE};
use super::{Family, Function, Validation};
use crate::activation::Activation;
use crate::error::ActivationError;
use crate::fit;
use crate::number::Number;
use crate::spec::{ActivationSpec, Parameter, ParameterKind, Share, Value};
use std::sync::Arc;

pub(super) static FAMILY: PolynomialFamily = PolynomialFamily;

pub(super) struct PolynomialFamily;

/// The highest degree.
pub(super) const LARGEST: usize = 5;
const COEFFICIENTS: usize = LARGEST + 1;

/// The option of the guard.
pub(super) const LIMIT: Parameter = Parameter {
    name: "limit",
    positional: false,
    kind: ParameterKind::Number { default: 4.0 },
};

const START: usize = 1;
const LEARNED: usize = 2;
const FIXED: Value = Value::Choice("fixed");

impl Family for PolynomialFamily {
    fn name(&self) -> &'static str {
        "polynomial"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter {
                name: "degree",
                positional: true,
                kind: ParameterKind::Integer {
                    default: 3,
                    smallest: 1,
                    largest: LARGEST,
                },
            },
            Parameter {
                name: "start",
                positional: false,
                kind: ParameterKind::Function {
                    default: "identity",
                },
            },
            Parameter {
                name: "coefficients",
                positional: false,
                kind: ParameterKind::Choice {
                    default: "learned",
                    choices: &["learned", "fixed"],
                },
            },
            LIMIT,
            SHARE,
        ]
    }

    fn source(&self) -> &'static str {
        "On the role of activation functions in EEG-to-text decoders, 2024, arXiv 2410.12572"
    }

    fn note(&self) -> &'static str {
        "Beyond ±limit it is continued by its tangent: linear growth, whatever is learned. Start: least squares on ±limit."
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "polynomial(1)",
            "polynomial(2, start=relu)",
            "polynomial(4, start=silu, limit=2.5)",
            "polynomial(5, start=gelu)",
            "polynomial(start=power, coefficients=fixed)",
            "polynomial(5, start=gelu, coefficients=fixed)",
        ]
    }

    fn is_learnable(&self, values: &[Value]) -> bool {
        values[LEARNED] != FIXED
    }

    fn validate(&self, values: &[Value]) -> Validation {
        let Value::Function(start) = &values[START] else {
            return Ok(());
        };
        if start.name() == "polynomial" {
            return Err(("start", "a polynomial starts from another function".into()));
        }
        if values[LEARNED] == FIXED && !values.contains(&Value::Share(Share::Layer)) {
            return Err(("share", "coefficients=fixed has nothing to share".into()));
        }
        check_limit(values)
    }

    fn resolve(&self, spec: &ActivationSpec) -> Result<Arc<dyn Function>, ActivationError> {
        let limit = limit(spec.values());
        let [Value::Integer(degree), Value::Function(start), ..] = spec.values() else {
            return Err(ActivationError::Fit {
                target: spec.to_string(),
                message: "it is no polynomial".into(),
            });
        };
        let target = Activation::without_start(start)?;
        let c = fit::polynomial::fit(&|x| target.value(&[], x), *degree, limit);
        Ok(if spec.is_learnable() {
            learnable(spec, &c, limit)
        } else {
            Arc::new(FixedFunction(FixedPolynomial(padded(&c, limit))))
        })
    }
}

/// The limit of a spec with the option [`LIMIT`].
pub(super) fn limit(values: &[Value]) -> f64 {
    parametric::numbers(values).first().copied().unwrap_or(4.0)
}

/// Refuses a limit at which f32 powers would overflow, or that leaves no room.
pub(super) fn check_limit(values: &[Value]) -> Validation {
    if (0.1..=100.0).contains(&limit(values)) {
        Ok(())
    } else {
        Err(("limit", "limit must be from 0.1 to 100".into()))
    }
}

/// The learnable polynomial that starts at `c`.
pub(super) fn learnable(spec: &ActivationSpec, c: &[f64], limit: f64) -> Arc<dyn Function> {
    let polynomial = padded(c, limit);
    match c.len() {
        1 => parametric::function::<_, 1>(spec, polynomial),
        2 => parametric::function::<_, 2>(spec, polynomial),
        3 => parametric::function::<_, 3>(spec, polynomial),
        4 => parametric::function::<_, 4>(spec, polynomial),
        5 => parametric::function::<_, 5>(spec, polynomial),
        _ => parametric::function::<_, COEFFICIENTS>(spec, polynomial),
    }
}

fn padded(c: &[f64], limit: f64) -> Polynomial {
    Polynomial {
        start: std::array::from_fn(|k| c.get(k).copied().unwrap_or(0.0)),
        limit,
    }
}

#[derive(Clone, Copy, Debug)]
struct Polynomial {
    start: [f64; COEFFICIENTS],
    limit: f64,
}

impl Polynomial {
    /// `clamp(x, −limit, limit)`
    #[inline(always)]
    fn inside<N: Number>(self, x: &N) -> N {
        let limit = N::constant(self.limit);
        let below = (x.clone() - limit.clone()).where_positive(limit.clone(), x.clone());
        (x.clone() + limit.clone()).where_negative(-limit, below)
    }
}

/// `Σ c_k u^k` by Horner's rule.
#[inline(always)]
fn sum<N: Number>(c: &[N], u: &N) -> N {
    let mut terms = c.iter().rev();
    let last = terms.next().cloned();
    terms.fold(last.unwrap_or_else(|| N::constant(0.0)), |sum, c| {
        sum.mul_add(u, c)
    })
}

/// `Σ k c_k u^(k−1)` by Horner's rule.
#[inline(always)]
fn slope<N: Number>(c: &[N], u: &N) -> N {
    let mut total = N::constant(0.0);
    for k in (1..c.len()).rev() {
        let term = if k == 1 {
            c[k].clone()
        } else {
            N::constant(k as f64) * c[k].clone()
        };
        total = if k + 1 == c.len() {
            term
        } else {
            total.mul_add(u, &term)
        };
    }
    total
}

impl<const C: usize> Parametric<C> for Polynomial {
    fn symbols(self) -> Vec<(&'static str, Vec<String>)> {
        vec![("coefficients", (0..C).map(|k| format!("c{k}")).collect())]
    }
    fn start(self) -> [f64; C] {
        std::array::from_fn(|k| self.start[k])
    }
    #[inline(always)]
    fn value<N: Number>(self, c: &[N; C], x: &N) -> N {
        let u = self.inside(x);
        sum(c, &u) + slope(c, &u) * (x.clone() - u)
    }
    #[inline(always)]
    fn derivative<N: Number>(self, c: &[N; C], x: &N) -> N {
        slope(c, &self.inside(x))
    }
    #[inline(always)]
    fn gradient<N: Number>(self, _c: &[N; C], x: &N) -> [N; C] {
        let u = self.inside(x);
        let outside = x.clone() - u.clone();
        let mut power = N::constant(1.0);
        std::array::from_fn(|k| {
            if k == 0 {
                return power.clone();
            }
            let tangent = N::constant(k as f64) * power.clone() * outside.clone();
            power = power.clone() * u.clone();
            power.clone() + tangent
        })
    }
    fn range(self) -> Option<(f64, f64)> {
        Some((-self.limit, self.limit))
    }
}

/// With the start for its coefficients for good.
#[derive(Clone, Copy, Debug)]
struct FixedPolynomial(Polynomial);

impl Fixed for FixedPolynomial {
    #[inline(always)]
    fn value<N: Number>(self, x: &N) -> N {
        let c = self.0.start.map(N::constant);
        Parametric::<COEFFICIENTS>::value(self.0, &c, x)
    }
    #[inline(always)]
    fn derivative<N: Number>(self, x: &N) -> N {
        let c = self.0.start.map(N::constant);
        Parametric::<COEFFICIENTS>::derivative(self.0, &c, x)
    }
}
