//! From several starts to the smallest maximum error.

use super::problem::Problem;
use super::solve::damped_least_squares;
use crate::spec::DenominatorForm;

/// Steps of the first sorting of starts, of the following descent, and after each reweighting.
const FIRST_STEPS: usize = 12;
const STEPS: usize = 40;
const STEPS_LEAST_SQUARES: usize = 400;
const STEPS_REWEIGHTED: usize = 3;
const REWEIGHTINGS: usize = 60;
const KEPT: usize = 4;

/// The unknowns with the smallest weighted maximum error found.
pub(super) fn solve(problem: &Problem) -> Vec<f64> {
    best(problem, minimax)
}

/// The unknowns with the smallest weighted sum of squares found.
pub(super) fn least_squares(problem: &Problem) -> Vec<f64> {
    best(problem, |problem, coefficients| {
        let mut descent = Descent::new(problem, coefficients);
        descent.run(STEPS_LEAST_SQUARES);
        (descent.cost, descent.coefficients)
    })
}

/// Sorts the starts, refines the best of them, and takes the one with the smallest cost.
fn best(problem: &Problem, refine: impl Fn(&Problem, Vec<f64>) -> (f64, Vec<f64>)) -> Vec<f64> {
    let mut candidates: Vec<(f64, Vec<f64>)> = starts(problem)
        .into_iter()
        .map(|b| {
            let mut descent = Descent::new(problem, with_numerator(problem, &b));
            descent.run(FIRST_STEPS);
            (descent.cost, descent.coefficients)
        })
        .collect();
    // A start with a zero in its denominator may have found no way out.
    candidates.retain(|(cost, _)| cost.is_finite());
    candidates.sort_by(|a, b| a.0.total_cmp(&b.0));
    candidates.truncate(KEPT);
    let refined = candidates
        .into_iter()
        .map(|(_, coefficients)| refine(problem, coefficients));
    let best = refined.min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or_else(
        || vec![0.0; problem.unknowns()],
        |(_, coefficients)| coefficients,
    )
}

/// Denominators to start from: `(1 + s|u|)^n` and `(1 + s u²)^(n/2)` for several s.
fn starts(problem: &Problem) -> Vec<Vec<f64>> {
    let n = problem.denominator;
    let power = |term: usize, s: f64| {
        // (1 + s u^term)^(n / term), the constant left out.
        let mut product = vec![1.0];
        for _ in 0..n / term {
            let mut next = vec![0.0; product.len() + term];
            for (i, c) in product.iter().enumerate() {
                next[i] += c;
                next[i + term] += c * s;
            }
            product = next;
        }
        product.resize(n + 1, 0.0);
        product[1..].to_vec()
    };
    let mut starts = Vec::new();
    if problem.form == DenominatorForm::N {
        // Allowed whatever the range.
        starts.push(vec![0.0; n]);
    }
    if problem.form == DenominatorForm::A || n == 1 {
        starts.extend([0.3, 1.0, 3.0, 9.0].map(|s| power(1, s)));
    }
    if n > 1 {
        starts.extend([0.5, 2.0, 6.0, 20.0].map(|s| power(2, s)));
    }
    if problem.form != DenominatorForm::A {
        // Not symmetric: one side of the denominator grows first.
        for s in [0.3, -0.3] {
            let mut b = if n > 1 { power(2, 2.0) } else { vec![0.0] };
            b[0] += s;
            starts.push(b);
        }
    }
    starts
}

/// The best numerator for a denominator: a linear problem.
fn with_numerator(problem: &Problem, b: &[f64]) -> Vec<f64> {
    let denominators = problem.denominators(b);
    let columns = problem.numerator;
    let mut matrix = Vec::with_capacity(problem.points.len() * columns);
    let mut rhs = Vec::with_capacity(problem.points.len());
    for (i, u) in problem.points.iter().enumerate() {
        let mut power = problem.weights[i] / denominators[i];
        for _ in 0..columns {
            matrix.push(power);
            power *= u;
        }
        rhs.push(problem.weights[i] * problem.targets[i]);
    }
    let mut coefficients = damped_least_squares(&matrix, &rhs, columns, &vec![1e-9; columns]);
    coefficients.extend_from_slice(b);
    coefficients
}

/// Lawson's reweighting: points with large errors gain weight. Returns the smallest maximum error and its unknowns.
fn minimax(problem: &Problem, coefficients: Vec<f64>) -> (f64, Vec<f64>) {
    let mut descent = Descent::new(problem, coefficients);
    descent.run(STEPS);
    let errors = |coefficients: &[f64]| -> Vec<f64> {
        problem
            .residuals(coefficients)
            .iter()
            .zip(&problem.weights)
            .map(|(r, w)| (r * w).abs())
            .collect()
    };
    let largest = |errors: &[f64]| errors.iter().copied().fold(0.0, f64::max);
    let mut current = errors(&descent.coefficients);
    let mut best = (largest(&current), descent.coefficients.clone());
    let mut importance = vec![1.0; current.len()];
    for _ in 0..REWEIGHTINGS {
        let maximum = largest(&current);
        if maximum < 1e-13 {
            break;
        }
        for (importance, error) in importance.iter_mut().zip(&current) {
            *importance *= (error / maximum).max(1e-3);
        }
        let mean = importance.iter().sum::<f64>() / importance.len() as f64;
        for importance in &mut importance {
            *importance = (*importance / mean).max(1e-8);
        }
        let weights = importance
            .iter()
            .zip(&problem.weights)
            .map(|(i, w)| i.sqrt() * w)
            .collect();
        descent.reweight(weights);
        descent.run(STEPS_REWEIGHTED);
        current = errors(&descent.coefficients);
        if largest(&current) < best.0 {
            best = (largest(&current), descent.coefficients.clone());
        }
    }
    best
}

/// Levenberg–Marquardt with form A's bounds as an active set.
struct Descent<'a> {
    problem: &'a Problem,
    coefficients: Vec<f64>,
    weights: Vec<f64>,
    cost: f64,
    damping: f64,
}

impl<'a> Descent<'a> {
    fn new(problem: &'a Problem, coefficients: Vec<f64>) -> Self {
        let mut descent = Self {
            problem,
            coefficients,
            weights: problem.weights.clone(),
            cost: f64::INFINITY,
            damping: 1e-3,
        };
        descent.cost = descent.cost_of(&descent.coefficients);
        descent
    }

    fn reweight(&mut self, weights: Vec<f64>) {
        self.weights = weights;
        self.cost = self.cost_of(&self.coefficients);
        self.damping = self.damping.clamp(1e-9, 1e-3);
    }

    fn cost_of(&self, coefficients: &[f64]) -> f64 {
        if !self.problem.is_allowed(coefficients) {
            return f64::INFINITY;
        }
        let residuals = self.problem.residuals(coefficients);
        let cost: f64 = residuals
            .iter()
            .zip(&self.weights)
            .map(|(r, w)| (r * w) * (r * w))
            .sum();
        if cost.is_nan() { f64::INFINITY } else { cost }
    }

    fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            if !self.step() {
                break;
            }
        }
    }

    /// One accepted step; false when there is none.
    fn step(&mut self) -> bool {
        let unknowns = self.problem.unknowns();
        let jacobian = self.problem.jacobian(&self.coefficients);
        let residuals: Vec<f64> = self
            .problem
            .residuals(&self.coefficients)
            .iter()
            .zip(&self.weights)
            .map(|(r, w)| r * w)
            .collect();
        let free = self.free(&jacobian, &residuals);
        let mut matrix = Vec::with_capacity(residuals.len() * free.len());
        let mut norms = vec![0.0; free.len()];
        for (i, weight) in self.weights.iter().enumerate() {
            for (norm, j) in norms.iter_mut().zip(&free) {
                let value = weight * jacobian[i * unknowns + j];
                *norm += value * value;
                matrix.push(value);
            }
        }
        let rhs: Vec<f64> = residuals.iter().map(|r| -r).collect();
        for _ in 0..12 {
            let damping: Vec<f64> = norms
                .iter()
                .map(|norm| (self.damping * norm).sqrt().max(1e-12))
                .collect();
            let step = damped_least_squares(&matrix, &rhs, free.len(), &damping);
            let mut trial = self.coefficients.clone();
            for (j, step) in free.iter().zip(&step) {
                trial[*j] += step;
            }
            self.problem.project(&mut trial);
            let cost = self.cost_of(&trial);
            if cost < self.cost {
                let gain = 1.0 - cost / self.cost;
                self.coefficients = trial;
                self.cost = cost;
                self.damping = (self.damping * 0.2).max(1e-14);
                return gain > 1e-13;
            }
            self.damping = (self.damping * 6.0).min(1e8);
        }
        false
    }

    /// The unknowns that may move: not those at form A's bound that would cross it.
    fn free(&self, jacobian: &[f64], residuals: &[f64]) -> Vec<usize> {
        let unknowns = self.problem.unknowns();
        (0..unknowns)
            .filter(|j| {
                if self.problem.form != DenominatorForm::A
                    || *j < self.problem.numerator
                    || self.coefficients[*j] > 0.0
                {
                    return true;
                }
                let slope: f64 = residuals
                    .iter()
                    .zip(&self.weights)
                    .enumerate()
                    .map(|(i, (r, w))| r * w * jacobian[i * unknowns + j])
                    .sum();
                slope < 0.0
            })
            .collect()
    }
}
