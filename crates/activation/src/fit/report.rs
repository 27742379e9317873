//! What a fit is worth: errors of value and derivative inside the range and at twice the range.

use super::FitRequest;
use crate::activation::Activation;
use crate::family::rational::definition::{self, Denominator};
use crate::spec::DenominatorForm;
use serde::Serialize;

/// Points at which errors are measured.
const POINTS: usize = 8001;

/// Errors against the target over an interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Errors {
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Largest absolute error of the value.
    pub max: f64,
    /// Root mean square error of the value.
    pub rms: f64,
    /// Largest absolute error of the derivative by the input.
    pub derivative_max: f64,
    /// Root mean square error of the derivative by the input.
    pub derivative_rms: f64,
}

/// A fitted rational function.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FitReport {
    /// What was asked.
    #[serde(flatten)]
    pub request: FitRequest,
    /// `a_0 … a_m`
    pub numerator: Vec<f64>,
    /// `b_1 … b_n`, in form C from `b_0` on.
    pub denominator: Vec<f64>,
    /// Errors in the range.
    pub inside: Errors,
    /// Errors over twice the range (about its middle), the range included.
    pub twice: Errors,
    /// Derivative at the lower end of the range.
    pub slope_low: f64,
    /// Derivative at the upper end.
    pub slope_high: f64,
    /// Zeros of the denominator within twice the range (form N only).
    pub poles: Vec<f64>,
}

impl FitReport {
    pub(super) fn new(
        request: &FitRequest,
        numerator: Vec<f64>,
        denominator: Vec<f64>,
        target: &Activation,
    ) -> Self {
        let form = request.form;
        let (low, high) = request.range;
        let half = (high - low) / 2.0;
        let derivative = |x: f64| definition::derivative(form, &numerator, &denominator, &x);
        let errors = |low, high| errors(form, &numerator, &denominator, target, low, high);
        Self {
            inside: errors(low, high),
            twice: errors(low - half, high + half),
            slope_low: derivative(low),
            slope_high: derivative(high),
            poles: if form == DenominatorForm::N {
                poles(&denominator, low - half, high + half)
            } else {
                Vec::new()
            },
            request: request.clone(),
            numerator,
            denominator,
        }
    }
}

/// Errors of a rational against a target.
fn errors(
    form: DenominatorForm,
    a: &[f64],
    b: &[f64],
    target: &Activation,
    low: f64,
    high: f64,
) -> Errors {
    let (mut max, mut squares, mut derivative_max, mut derivative_squares) =
        (0.0_f64, 0.0, 0.0_f64, 0.0);
    for i in 0..POINTS {
        let x = low + (high - low) * i as f64 / (POINTS - 1) as f64;
        let error = larger_if_nan(definition::value(form, a, b, &x) - target.value(&[], x));
        max = max.max(error);
        squares += error * error;
        // A jump has no derivative to compare.
        if target.kinks(&[]).contains(&x) {
            continue;
        }
        let error =
            larger_if_nan(definition::derivative(form, a, b, &x) - target.derivative(&[], x));
        derivative_max = derivative_max.max(error);
        derivative_squares += error * error;
    }
    let root_mean = |squares: f64| (squares / POINTS as f64).sqrt();
    Errors {
        low,
        high,
        max,
        rms: root_mean(squares),
        derivative_max,
        derivative_rms: root_mean(derivative_squares),
    }
}

/// Errors over a range, and form N's zeros of the denominator in it.
pub(crate) fn errors_of(
    form: DenominatorForm,
    a: &[f64],
    b: &[f64],
    target: &Activation,
    (low, high): (f64, f64),
) -> (Errors, Vec<f64>) {
    let poles = if form == DenominatorForm::N {
        poles(b, low, high)
    } else {
        Vec::new()
    };
    (errors(form, a, b, target, low, high), poles)
}

fn larger_if_nan(error: f64) -> f64 {
    if error.is_nan() {
        f64::INFINITY
    } else {
        error.abs()
    }
}

/// Sign changes of `1 + Σ b_k x^k`.
fn poles(b: &[f64], low: f64, high: f64) -> Vec<f64> {
    let denominator = |x: f64| Denominator::new(DenominatorForm::N, b, &x).value;
    let at = |i: usize| low + (high - low) * i as f64 / (POINTS - 1) as f64;
    (1..POINTS)
        .filter(|i| {
            denominator(at(i - 1)) == 0.0 || denominator(at(i - 1)) * denominator(at(*i)) < 0.0
        })
        .map(|i| {
            let (mut left, mut right) = (at(i - 1), at(i));
            for _ in 0..60 {
                let middle = f64::midpoint(left, right);
                if denominator(left) * denominator(middle) <= 0.0 {
                    right = middle;
                } else {
                    left = middle;
                }
            }
            f64::midpoint(left, right)
        })
        .collect()
}
