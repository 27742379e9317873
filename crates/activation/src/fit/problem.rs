//! The fit as a weighted least-squares problem in a scaled variable.

use super::FitRequest;
use crate::family::rational::definition::{self, Denominator};
use crate::spec::DenominatorForm;

/// Points in the range spread like Chebyshev's, and as many again gathered at 0, where the targets bend.
const SPREAD: usize = 141;
const GATHERED: usize = 41;
/// Points in each tail.
const TAIL: usize = 12;
/// Points of a fit to inputs: quantiles, and evenly spread ones with their weight.
const QUANTILES: usize = 301;
const BETWEEN: usize = 61;
const BETWEEN_WEIGHT: f64 = 0.1;
/// A denominator of form N stays above this where it must not vanish.
const FLOOR_N: f64 = 0.02;
/// The constant of form C, so that Q(0) = 1: the form has a redundant scale.
pub(super) const CONSTANT_C: f64 = 0.9;

/// Points, targets and weights; the variable is `u = x / scale` with |u| about 1 in the range.
pub(super) struct Problem {
    pub(super) form: DenominatorForm,
    /// Coefficients of the numerator, and of the denominator without form C's constant.
    pub(super) numerator: usize,
    pub(super) denominator: usize,
    pub(super) scale: f64,
    pub(super) points: Vec<f64>,
    pub(super) targets: Vec<f64>,
    /// 1 in the range, the tail weight outside.
    pub(super) weights: Vec<f64>,
    /// Where a denominator of form N must not vanish.
    guard: Vec<f64>,
}

impl Problem {
    pub(super) fn new(request: &FitRequest, target: &dyn Fn(f64) -> f64) -> Self {
        let (low, high) = request.range;
        let scale = low.abs().max(high.abs());
        let mut x = Vec::new();
        let (middle, half) = (f64::midpoint(low, high), (high - low) / 2.0);
        for i in 0..SPREAD {
            x.push((
                middle - half * libm::cos(std::f64::consts::PI * i as f64 / (SPREAD - 1) as f64),
                1.0,
            ));
        }
        for i in 0..GATHERED {
            let t = 2.0 * i as f64 / (GATHERED - 1) as f64 - 1.0;
            let gathered = t * t.abs() * scale;
            if (low..=high).contains(&gathered) {
                x.push((gathered, 1.0));
            }
        }
        if request.tail_weight > 0.0 {
            for i in 1..=TAIL {
                let step = i as f64 / TAIL as f64 * half;
                x.push((high + step, request.tail_weight));
                x.push((low - step, request.tail_weight));
            }
        }
        Self::of_points(request, scale, x, target)
    }

    /// Where the inputs lie, which are ascending: points at their quantiles, and a few with little weight between the outermost
    /// ones.
    pub(super) fn of_inputs(
        request: &FitRequest,
        inputs: &[f64],
        target: &dyn Fn(f64) -> f64,
    ) -> Self {
        let (low, high) = request.range;
        let last = inputs.len().saturating_sub(1);
        // The outermost inputs are far out; the starts of the search belong to most of them.
        let most = inputs[last / 100]
            .abs()
            .max(inputs[last - last / 100].abs());
        let scale = most.max(1e-3 * low.abs().max(high.abs())).max(1e-6);
        let quantiles = (0..QUANTILES).map(|i| (inputs[last * i / (QUANTILES - 1)], 1.0));
        let between = (0..BETWEEN).map(|i| {
            let share = i as f64 / (BETWEEN - 1) as f64;
            (low + share * (high - low), BETWEEN_WEIGHT)
        });
        Self::of_points(request, scale, quantiles.chain(between).collect(), target)
    }

    fn of_points(
        request: &FitRequest,
        scale: f64,
        mut x: Vec<(f64, f64)>,
        target: &dyn Fn(f64) -> f64,
    ) -> Self {
        let (low, high) = request.range;
        let half = (high - low) / 2.0;
        x.sort_by(|a, b| a.0.total_cmp(&b.0));
        // A value that occurs twice is kept once, with the weight of the first: no two points are equal.
        x.dedup_by(|a, b| a.0 == b.0);
        let mut guard: Vec<f64> = (0..=200)
            .map(|i| (low - half + 4.0 * half * f64::from(i) / 200.0) / scale)
            .collect();
        if request.denominator_degree.is_multiple_of(2) {
            // An even degree can stay positive everywhere; an odd one cannot.
            guard.extend([
                -1000.0, -100.0, -30.0, -10.0, -5.0, -3.0, 3.0, 5.0, 10.0, 30.0, 100.0, 1000.0,
            ]);
        }
        Self {
            form: request.form,
            numerator: request.numerator_degree + 1,
            denominator: request.denominator_degree,
            scale,
            targets: x.iter().map(|(x, _)| target(*x)).collect(),
            weights: x.iter().map(|(_, weight)| *weight).collect(),
            points: x.into_iter().map(|(x, _)| x / scale).collect(),
            guard: if request.form == DenominatorForm::N {
                guard
            } else {
                Vec::new()
            },
        }
    }

    pub(super) fn unknowns(&self) -> usize {
        self.numerator + self.denominator
    }

    /// Coefficients of the denominator as the definition takes them.
    fn with_constant(&self, b: &[f64]) -> Vec<f64> {
        if self.form == DenominatorForm::C {
            std::iter::once(CONSTANT_C)
                .chain(b.iter().copied())
                .collect()
        } else {
            b.to_vec()
        }
    }

    /// `f(u) − target` at every point, unweighted.
    pub(super) fn residuals(&self, coefficients: &[f64]) -> Vec<f64> {
        let (a, b) = coefficients.split_at(self.numerator);
        let b = self.with_constant(b);
        self.points
            .iter()
            .zip(&self.targets)
            .map(|(u, target)| definition::value(self.form, a, &b, u) - target)
            .collect()
    }

    /// Gradient by every unknown at every point, row-major.
    pub(super) fn jacobian(&self, coefficients: &[f64]) -> Vec<f64> {
        let (a, b) = coefficients.split_at(self.numerator);
        let b = self.with_constant(b);
        let mut row = vec![0.0; a.len() + b.len()];
        let mut rows = Vec::with_capacity(self.points.len() * self.unknowns());
        for u in &self.points {
            definition::coefficient_gradient(self.form, a, &b, u, &mut row);
            rows.extend_from_slice(&row[..self.numerator]);
            rows.extend_from_slice(&row[a.len() + b.len() - self.denominator..]);
        }
        rows
    }

    pub(super) fn denominators(&self, b: &[f64]) -> Vec<f64> {
        let b = self.with_constant(b);
        self.points
            .iter()
            .map(|u| Denominator::new(self.form, &b, u).value)
            .collect()
    }

    /// Back into what the form allows: form A's coefficients are used by magnitude.
    pub(super) fn project(&self, coefficients: &mut [f64]) {
        if self.form == DenominatorForm::A {
            for b in &mut coefficients[self.numerator..] {
                *b = b.max(0.0);
            }
        }
    }

    /// Whether the denominator keeps away from zero where it must.
    pub(super) fn is_allowed(&self, coefficients: &[f64]) -> bool {
        let b = &coefficients[self.numerator..];
        self.guard
            .iter()
            .all(|u| Denominator::new(self.form, b, u).value > FLOOR_N)
    }

    /// Coefficients in `x` as the definition takes them.
    pub(super) fn unscaled(&self, coefficients: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (a, b) = coefficients.split_at(self.numerator);
        let mut b = b.to_vec();
        // With a sum of exactly 0 inside its absolute value, form B would give its coefficients no gradient.
        if self.form == DenominatorForm::B && b.iter().all(|b| b.abs() < 1e-9) {
            let even = usize::from(b.len() > 1);
            b[even] = 1e-6;
        }
        let mut a = a.to_vec();
        let mut power = 1.0;
        for a in &mut a {
            *a /= power;
            power *= self.scale;
        }
        let mut power = self.scale;
        for b in &mut b {
            *b /= power;
            power *= self.scale;
        }
        (a, self.with_constant(&b))
    }
}
