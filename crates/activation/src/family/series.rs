//! Series of activations, after LSLU: `Σ θ_n·A(x + ω_n)`, n = 1 … terms, for a base `A` without coefficients.
//!
//! | form | f(x) | f'(x) | ∂f/∂θ_n | ∂f/∂ω_n |
//! |---|---|---|---|---|
//! | `sum` | Σ θ_n·A(x + ω_n) | Σ θ_n·A'(x + ω_n) | A(x + ω_n) | θ_n·A'(x + ω_n) |
//! | `printed` | Σ (θ_n·A(x) + ω_n) | Σθ_n·A'(x) | A(x) | 1 |
//! | `composed` | A(h_N) with h_n = θ_n·A(h_(n−1)) + ω_n, h_0 = x | by the chain rule | | |
//!
//! Starts: θ = 1/terms (composed: 1); ω spread evenly over ±1, so that the terms can separate (printed and composed: 0).
//! `printed` is the paper's formula (arXiv 2409.08283, equation 2): with one base it collapses to one term,
//! `(Σθ_n)·A(x) + Σω_n`, and the coefficients of all terms get equal gradients for ever. `composed` is the elementwise part
//! of the released training code; its depthwise convolution and batch norm have no place in a feed-forward layer. Both are
//! for the base `relu`, as published.

use super::fixed::Fixed;
use super::parametric::{self, Parametric, SHARE};
use super::relu::Relu;
use super::{Family, Function, MakeSeries, Validation, find};
use crate::error::ActivationError;
use crate::fold::Fold;
use crate::number::Number;
use crate::spec::{ActivationSpec, Parameter, ParameterKind, Value};
use std::sync::Arc;

pub(super) static FAMILY: SeriesFamily = SeriesFamily;

pub(super) struct SeriesFamily;

const LARGEST: usize = 4;
/// The offsets start within plus and minus this.
const SPREAD: f64 = 1.0;

const TERMS: usize = 0;
const BASE: usize = 1;
const FORM: usize = 2;

impl Family for SeriesFamily {
    fn name(&self) -> &'static str {
        "series"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter {
                name: "terms",
                positional: true,
                kind: ParameterKind::Integer {
                    default: 3,
                    smallest: 1,
                    largest: LARGEST,
                },
            },
            Parameter {
                name: "base",
                positional: false,
                kind: ParameterKind::Function { default: "relu" },
            },
            Parameter {
                name: "form",
                positional: false,
                kind: ParameterKind::Choice {
                    default: "sum",
                    choices: &["sum", "printed", "composed"],
                },
            },
            SHARE,
        ]
    }

    fn source(&self) -> &'static str {
        "LSLU, 2024, arXiv 2409.08283"
    }

    fn note(&self) -> &'static str {
        "form=printed is the paper's formula: with one base it collapses to one term, which `pliant freeze --fold` folds into the matrices, as it does series(1). form=composed is the released training code's elementwise part. Several offsets inside the base cannot be folded."
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "series(1)",
            "series(4)",
            "series(2, base=gelu)",
            "series(base=tanh)",
            "series(base=leaky_relu(0.1))",
            "series(form=printed)",
            "series(form=composed)",
        ]
    }

    fn is_learnable(&self, _values: &[Value]) -> bool {
        true
    }

    fn validate(&self, values: &[Value]) -> Validation {
        let Value::Function(base) = &values[BASE] else {
            return Ok(());
        };
        if find(base.name()).is_none_or(|family| family.terms(base, 1).is_none()) {
            return Err(("base", format!("`{base}` cannot be the base of a series")));
        }
        match values[FORM] {
            Value::Choice(form) if form != "sum" && base.name() != "relu" => {
                Err(("form", format!("form={form} is for base=relu")))
            }
            _ => Ok(()),
        }
    }

    /// `sum` of one term has its offset inside and its amplitude outside; `printed` collapses to one base whose amplitude and
    /// offset are sums. Several offsets inside need the base as often.
    fn fold(&self, values: &[Value], _: &dyn Function, coefficients: &[f64]) -> Option<Fold> {
        let (Value::Integer(terms), Value::Function(base)) = (&values[TERMS], &values[BASE]) else {
            return None;
        };
        let (amplitudes, offsets) = coefficients.split_at_checked(*terms)?;
        let whole = Fold::of((**base).clone());
        match values[FORM] {
            Value::Choice("sum") if *terms == 1 => Some(Fold {
                input_shift: offsets[0],
                output_scale: amplitudes[0],
                ..whole
            }),
            Value::Choice("printed") => Some(Fold {
                output_scale: amplitudes.iter().sum(),
                output_shift: offsets.iter().sum(),
                ..whole
            }),
            _ => None,
        }
    }

    fn resolve(&self, spec: &ActivationSpec) -> Result<Arc<dyn Function>, ActivationError> {
        let values = spec.values();
        let (Value::Integer(terms), Value::Function(base)) = (&values[TERMS], &values[BASE]) else {
            return Err(unusable(spec));
        };
        match values[FORM] {
            Value::Choice("printed") => Ok(dispatched(spec, *terms, Printed)),
            Value::Choice("composed") => Ok(dispatched(spec, *terms, Composed)),
            _ => base
                .resolved_family()
                .terms(base, *terms)
                .map(|make| make(spec))
                .ok_or_else(|| unusable(spec)),
        }
    }
}

fn unusable(spec: &ActivationSpec) -> ActivationError {
    ActivationError::Fit {
        target: spec.to_string(),
        message: "it is no series".into(),
    }
}

/// The series over a base, for the families that can be one.
pub(super) fn of_base<F: Fixed>(base: F, terms: usize) -> MakeSeries {
    Box::new(move |spec| dispatched(spec, terms, Sum(base)))
}

/// The function compiled for the number of terms.
fn dispatched<T: Term>(spec: &ActivationSpec, terms: usize, term: T) -> Arc<dyn Function> {
    match terms {
        1 => parametric::function::<_, 2>(spec, Series(term)),
        2 => parametric::function::<_, 4>(spec, Series(term)),
        3 => parametric::function::<_, 6>(spec, Series(term)),
        _ => parametric::function::<_, 8>(spec, Series(term)),
    }
}

/// How the terms are put together; `theta` and `omega` are equally long.
trait Term: Copy + std::fmt::Debug + Send + Sync + 'static {
    fn start(self, terms: usize) -> (Vec<f64>, Vec<f64>);
    fn value<N: Number>(self, theta: &[N], omega: &[N], x: &N) -> N;
    fn derivative<N: Number>(self, theta: &[N], omega: &[N], x: &N) -> N;
    /// By theta and then by omega.
    fn gradient<N: Number>(self, theta: &[N], omega: &[N], x: &N, out: &mut [N]);
    fn kinks(self, theta: &[f64], omega: &[f64]) -> Vec<f64>;
}

#[derive(Clone, Copy, Debug)]
struct Series<T>(T);

impl<T: Term, const C: usize> Parametric<C> for Series<T> {
    fn symbols(self) -> Vec<(&'static str, Vec<String>)> {
        ["theta", "omega"]
            .map(|name| (name, (1..=C / 2).map(|n| format!("{name}{n}")).collect()))
            .into()
    }
    fn start(self) -> [f64; C] {
        let (theta, omega) = self.0.start(C / 2);
        let mut start = [0.0; C];
        for (slot, value) in start.iter_mut().zip(theta.iter().chain(&omega)) {
            *slot = *value;
        }
        start
    }
    #[inline(always)]
    fn value<N: Number>(self, c: &[N; C], x: &N) -> N {
        let (theta, omega) = c.split_at(C / 2);
        self.0.value(theta, omega, x)
    }
    #[inline(always)]
    fn derivative<N: Number>(self, c: &[N; C], x: &N) -> N {
        let (theta, omega) = c.split_at(C / 2);
        self.0.derivative(theta, omega, x)
    }
    #[inline(always)]
    fn gradient<N: Number>(self, c: &[N; C], x: &N) -> [N; C] {
        let (theta, omega) = c.split_at(C / 2);
        let mut out = std::array::from_fn(|_| N::constant(0.0));
        self.0.gradient(theta, omega, x, &mut out);
        out
    }
    fn kinks(self, c: &[f64; C]) -> Vec<f64> {
        let (theta, omega) = c.split_at(C / 2);
        self.0.kinks(theta, omega)
    }
}

/// `Σ θ_n·A(x + ω_n)`
#[derive(Clone, Copy, Debug)]
struct Sum<F>(F);

impl<F: Fixed> Term for Sum<F> {
    fn start(self, terms: usize) -> (Vec<f64>, Vec<f64>) {
        let place = |n: usize| {
            if terms == 1 {
                0.0
            } else {
                SPREAD * (2.0 * n as f64 / (terms - 1) as f64 - 1.0)
            }
        };
        let share = 1.0 / terms as f64;
        (vec![share; terms], (0..terms).map(place).collect())
    }
    #[inline(always)]
    fn value<N: Number>(self, theta: &[N], omega: &[N], x: &N) -> N {
        let mut sum = theta[0].clone() * self.0.value(&(x.clone() + omega[0].clone()));
        for n in 1..theta.len() {
            let term = self.0.value(&(x.clone() + omega[n].clone()));
            sum = sum + theta[n].clone() * term;
        }
        sum
    }
    #[inline(always)]
    fn derivative<N: Number>(self, theta: &[N], omega: &[N], x: &N) -> N {
        let mut sum = theta[0].clone() * self.0.derivative(&(x.clone() + omega[0].clone()));
        for n in 1..theta.len() {
            let term = self.0.derivative(&(x.clone() + omega[n].clone()));
            sum = sum + theta[n].clone() * term;
        }
        sum
    }
    #[inline(always)]
    fn gradient<N: Number>(self, theta: &[N], omega: &[N], x: &N, out: &mut [N]) {
        for n in 0..theta.len() {
            let z = x.clone() + omega[n].clone();
            out[n] = self.0.value(&z);
            out[theta.len() + n] = theta[n].clone() * self.0.derivative(&z);
        }
    }
    fn kinks(self, _theta: &[f64], omega: &[f64]) -> Vec<f64> {
        omega
            .iter()
            .flat_map(|omega| self.0.kinks().iter().map(move |kink| kink - omega))
            .collect()
    }
}

/// `Σ (θ_n·relu(x) + ω_n)`
#[derive(Clone, Copy, Debug)]
struct Printed;

/// `Σ c_n`
#[inline(always)]
fn total<N: Number>(c: &[N]) -> N {
    let mut total = c[0].clone();
    for c in &c[1..] {
        total = total + c.clone();
    }
    total
}

impl Term for Printed {
    fn start(self, terms: usize) -> (Vec<f64>, Vec<f64>) {
        (vec![1.0 / terms as f64; terms], vec![0.0; terms])
    }
    #[inline(always)]
    fn value<N: Number>(self, theta: &[N], omega: &[N], x: &N) -> N {
        total(theta) * Relu.value(x) + total(omega)
    }
    #[inline(always)]
    fn derivative<N: Number>(self, theta: &[N], _omega: &[N], x: &N) -> N {
        total(theta) * Relu.derivative(x)
    }
    #[inline(always)]
    fn gradient<N: Number>(self, theta: &[N], _omega: &[N], x: &N, out: &mut [N]) {
        for n in 0..theta.len() {
            out[n] = Relu.value(x);
            out[theta.len() + n] = N::constant(1.0);
        }
    }
    fn kinks(self, _theta: &[f64], _omega: &[f64]) -> Vec<f64> {
        vec![0.0]
    }
}

/// `relu(h_N)` with `h_n = θ_n·relu(h_(n−1)) + ω_n`
#[derive(Clone, Copy, Debug)]
struct Composed;

impl Term for Composed {
    fn start(self, terms: usize) -> (Vec<f64>, Vec<f64>) {
        (vec![1.0; terms], vec![0.0; terms])
    }
    #[inline(always)]
    fn value<N: Number>(self, theta: &[N], omega: &[N], x: &N) -> N {
        let mut h = x.clone();
        for n in 0..theta.len() {
            h = theta[n].clone() * Relu.value(&h) + omega[n].clone();
        }
        Relu.value(&h)
    }
    #[inline(always)]
    fn derivative<N: Number>(self, theta: &[N], omega: &[N], x: &N) -> N {
        let (mut h, mut slope) = (x.clone(), N::constant(1.0));
        for n in 0..theta.len() {
            slope = slope * theta[n].clone() * Relu.derivative(&h);
            h = theta[n].clone() * Relu.value(&h) + omega[n].clone();
        }
        slope * Relu.derivative(&h)
    }
    #[inline(always)]
    fn gradient<N: Number>(self, theta: &[N], omega: &[N], x: &N, out: &mut [N]) {
        // Each term's gradient begins as what it adds to its own h, and is carried through the terms behind it.
        let terms = theta.len();
        let mut h = x.clone();
        for n in 0..terms {
            let through = theta[n].clone() * Relu.derivative(&h);
            for before in 0..n {
                out[before] = out[before].clone() * through.clone();
                out[terms + before] = out[terms + before].clone() * through.clone();
            }
            out[n] = Relu.value(&h);
            out[terms + n] = N::constant(1.0);
            h = theta[n].clone() * out[n].clone() + omega[n].clone();
        }
        let last = Relu.derivative(&h);
        for gradient in out {
            *gradient = gradient.clone() * last.clone();
        }
    }
    fn kinks(self, theta: &[f64], omega: &[f64]) -> Vec<f64> {
        // Where some h is zero: for x > 0 each is a line until an earlier one cuts it off.
        let mut kinks = vec![0.0];
        let (mut slope, mut offset) = (1.0, 0.0);
        for (theta, omega) in theta.iter().zip(omega) {
            (slope, offset) = (theta * slope, theta * offset + omega);
            if slope != 0.0 {
                kinks.push(-offset / slope);
            }
        }
        kinks
    }
}
