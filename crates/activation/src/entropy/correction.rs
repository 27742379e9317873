//! The correction term of an activation under a density.

use super::branch::{Branch, Jet};
use super::density::Density;
use crate::activation::Activation;
use crate::dual::Dual;
use crate::error::ActivationError;
use crate::spec::ActivationSpec;
use serde::Serialize;

/// The largest magnitude of a correction: `exp(−1/2)`, that of `x·exp(−x²/2)`.
pub const PEAK: f64 = 0.606_530_659_712_633_4;
/// A table ends where the correction has fallen below this share of its peak.
const NEGLIGIBLE: f64 = 1e-3;
/// Ends of a table are multiples of this.
const ROUND: f64 = 0.5;
/// Pieces of the support on which extremes and integrals are taken.
const PIECES: i32 = 8000;
/// Digits of a table's values after the point.
const DIGITS: f64 = 1e6;
/// Places between two knots at which the interpolation is held to the correction.
const BETWEEN: usize = 32;

/// The entropy correction of a function.
#[derive(Clone, Debug)]
pub struct Correction {
    function: Activation,
    density: Density,
    branch: Branch,
    scale: f64,
}

/// A correction at evenly spaced knots.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tabulated {
    /// The first knot.
    pub low: f64,
    /// The last knot.
    pub high: f64,
    /// The correction at the knots, to six digits after the point.
    pub values: Vec<f64>,
    /// Largest distance, between the first and the last knot, of the lines between the knots from the correction.
    pub interpolation_error: f64,
}

impl Correction {
    /// The correction of `from`, a function without coefficients, for inputs of this density.
    ///
    /// # Errors
    /// [`ActivationError::NoBranch`]: it increases nowhere, has coefficients, or sees no inputs where it increases.
    pub fn new(from: &ActivationSpec, density: Density) -> Result<Self, ActivationError> {
        let refuse = |reason: &str| ActivationError::NoBranch {
            activation: from.to_string(),
            reason: reason.into(),
        };
        if from.is_learnable() {
            return Err(refuse(
                "it has coefficients: what its inverse is changes with them",
            ));
        }
        let function = Activation::new(from)?;
        let branch = Branch::find(&|u| jet(&function, u)).map_err(refuse)?;
        let mut correction = Self {
            function,
            density,
            branch,
            scale: -1.0,
        };
        let peak = correction.largest();
        if !(peak.is_finite() && peak > 0.0) {
            return Err(refuse("no inputs lie where it increases"));
        }
        correction.scale = -PEAK / peak;
        Ok(correction)
    }

    /// The function that is corrected.
    pub fn from(&self) -> &ActivationSpec {
        self.function.spec()
    }

    /// The density of its inputs.
    pub fn density(&self) -> &Density {
        &self.density
    }

    /// Where it increases.
    pub fn branch(&self) -> Branch {
        self.branch
    }

    /// `t(u)`, the correction of the function at an input, of largest magnitude [`PEAK`].
    pub fn value(&self, u: f64) -> f64 {
        let jet = self.jet(u);
        let weight = self.branch.weight(u, jet.slope);
        if weight == 0.0 {
            return 0.0;
        }
        let (p, rise) = self.density.at(u);
        self.scale * weight * (rise - p * (jet.curvature / jet.slope))
    }

    /// `η(v) = p(y(v))·q'(v) / q(v)`, the correction of the inverse at an output: neither scaled nor faded. `None` where the
    /// branch has no such value.
    pub fn of_inverse(&self, v: f64) -> Option<f64> {
        let y = self.branch.inverse(&|u| jet(&self.function, u), v)?;
        let jet = self.jet(y);
        let (p, rise) = self.density.at(y);
        let slope = 1.0 / jet.slope;
        let curvature = -jet.curvature * slope * slope * slope;
        // q' = p'·y'² + p·y'', and p/q = 1/y'.
        Some((rise * slope * slope + p * curvature) / slope)
    }

    /// `dH/dε` at ε = 0 in nats: how fast the entropy of the output of `f + ε·t` rises.
    pub fn entropy_slope(&self) -> f64 {
        // (p' − p f''/f')·t / f' without another look at the density: t is its multiple.
        let (low, high) = self.density.support();
        let width = (high - low) / f64::from(PIECES);
        let terms = self.grid().map(|u| {
            let jet = self.jet(u);
            let weight = self.branch.weight(u, jet.slope);
            if weight == 0.0 {
                return 0.0;
            }
            let t = self.value(u);
            t * t / (weight * jet.slope)
        });
        terms.sum::<f64>() * width / self.scale.abs()
    }

    /// Where the correction is worth a table, to the next half outwards.
    pub fn range(&self) -> (f64, f64) {
        let counts = |u: &f64| self.value(*u).abs() >= NEGLIGIBLE * PEAK;
        let first = self.grid().find(counts).unwrap_or(0.0);
        let last = self.grid().rev().find(counts).unwrap_or(0.0);
        (
            (first / ROUND).floor() * ROUND,
            (last / ROUND).ceil() * ROUND,
        )
    }

    /// The correction at `knots` (at least two) evenly spaced knots over its [`range`](Self::range).
    pub fn table(&self, knots: usize) -> Tabulated {
        let (low, high) = self.range();
        let last = knots.max(2) - 1;
        let place = |k: f64| low + (high - low) * k / last as f64;
        let values: Vec<f64> = (0..=last)
            .map(|k| (self.value(place(k as f64)) * DIGITS).round() / DIGITS)
            // No −0.
            .map(|value| value + 0.0)
            .collect();
        let mut interpolation_error = 0.0_f64;
        for (k, pair) in values.windows(2).enumerate() {
            for step in 0..=BETWEEN {
                let part = step as f64 / BETWEEN as f64;
                let line = pair[0] + (pair[1] - pair[0]) * part;
                let exact = self.value(place(k as f64 + part));
                interpolation_error = interpolation_error.max((line - exact).abs());
            }
        }
        Tabulated {
            low,
            high,
            values,
            interpolation_error,
        }
    }

    fn jet(&self, u: f64) -> Jet {
        self.branch.extended(&|u| jet(&self.function, u), u)
    }

    fn grid(&self) -> impl DoubleEndedIterator<Item = f64> {
        let (low, high) = self.density.support();
        (0..=PIECES).map(move |i| low + (high - low) * f64::from(i) / f64::from(PIECES))
    }

    /// The largest magnitude: on the grid, and then by golden sections around that place.
    fn largest(&self) -> f64 {
        let size = |u: f64| self.value(u).abs();
        let mut best = (0.0, 0.0);
        for u in self.grid() {
            let size = size(u);
            if !size.is_finite() {
                return size;
            }
            if size > best.1 {
                best = (u, size);
            }
        }
        let (low, high) = self.density.support();
        let step = (high - low) / f64::from(PIECES);
        let (mut left, mut right) = (best.0 - step, best.0 + step);
        let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
        for _ in 0..60 {
            let inner = right - golden * (right - left);
            let outer = left + golden * (right - left);
            if size(inner) < size(outer) {
                left = inner;
            } else {
                right = outer;
            }
        }
        size(f64::midpoint(left, right)).max(best.1)
    }
}

fn jet(function: &Activation, u: f64) -> Jet {
    Jet {
        value: function.value(&[], u),
        slope: function.derivative(&[], u),
        curvature: function.dual_derivative(&[], Dual::variable(u)).derivative,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::density::Binned;
    use super::*;

    fn normal(from: &str) -> Correction {
        Correction::new(&from.parse().unwrap(), Density::StandardNormal).unwrap()
    }

    fn bell(u: f64) -> f64 {
        u * (-0.5 * u * u).exp()
    }

    #[test]
    fn of_relu_under_a_normal_density_it_is_that_of_crrelu() {
        for from in ["relu", "identity", "leaky_relu(0.1)"] {
            let correction = normal(from);
            for i in -600..=600 {
                let u = f64::from(i) / 100.0 + 1e-9;
                let got = correction.value(u);
                assert!((got - bell(u)).abs() < 1e-6, "{from}: t({u}) = {got}");
            }
        }
        // The inverse's correction is p' itself, also where ReLU is 0.
        let eta = normal("relu").of_inverse(-1.5).unwrap();
        let expected = 1.5 * (-1.125_f64).exp() / (2.0 * std::f64::consts::PI).sqrt();
        assert!((eta - expected).abs() < 1e-12, "{eta}");
    }

    /// η by its formula, with `q = p(y)·y'` and its slope by differences of the inverse that bisection finds.
    #[test]
    fn the_correction_of_the_inverse_is_the_formula() {
        for (from, outputs) in [
            ("relu", [-1.0, 0.3, 2.0]),
            ("gelu", [0.2, 0.9, 1.7]),
            ("silu", [-0.15, 0.4, 1.1]),
            ("tanh", [-0.7, 0.1, 0.5]),
            ("sigmoid", [0.2, 0.5, 0.8]),
        ] {
            let correction = normal(from);
            let function = &correction.function;
            let y = |v: f64| correction.branch.inverse(&|u| jet(function, u), v).unwrap();
            let density = |u: f64| Density::StandardNormal.at(u).0;
            let h = 1e-4;
            let q = |v: f64| density(y(v)) * (y(v + h) - y(v - h)) / (2.0 * h);
            for v in outputs {
                let expected = density(y(v)) * (q(v + h) - q(v - h)) / (2.0 * h) / q(v);
                let got = correction.of_inverse(v).unwrap();
                let near = (got - expected).abs() < 2e-5 * (1.0 + expected.abs());
                assert!(near, "{from}: eta({v}) = {got}, by differences {expected}");
                // t = −k·f'·η.
                let u = y(v);
                let slope = correction.jet(u).slope;
                let carried = correction.scale * slope * got;
                let weight = correction.branch.weight(u, slope);
                assert!(
                    (correction.value(u) - weight * carried).abs() < 1e-9,
                    "{from}"
                );
            }
        }
    }

    #[test]
    fn the_entropy_changes_as_the_first_order_says() {
        let relu = normal("relu");
        let exact = 1.0 / (8.0_f64).sqrt();
        assert!((relu.entropy_slope() - exact).abs() < 1e-6);
        // tanh: H(f + εt) − H(f) = E ln(1 + ε t'/f') under the density.
        let tanh = normal("tanh");
        let mean_log = |epsilon: f64| {
            let step = 0.002;
            (-3500..3500)
                .map(|i| {
                    let u = (f64::from(i) + 0.5) * step;
                    let slope = (tanh.value(u + 1e-5) - tanh.value(u - 1e-5)) / 2e-5;
                    let p = Density::StandardNormal.at(u).0;
                    p * (epsilon * slope / jet(&tanh.function, u).slope).ln_1p() * step
                })
                .sum::<f64>()
        };
        let difference = (mean_log(1e-6) - mean_log(-1e-6)) / 2e-6;
        let slope = tanh.entropy_slope();
        assert!(
            (slope - difference).abs() < 1e-3 * difference,
            "{slope} {difference}"
        );
        assert!(slope > 0.0);
    }

    #[test]
    fn beyond_a_minimum_the_correction_is_zero_and_it_has_no_jump() {
        for from in ["gelu", "silu", "gelu_tanh"] {
            let correction = normal(from);
            assert_eq!(correction.value(-2.0), 0.0, "{from}");
            let mut largest = 0.0_f64;
            for i in -6000..6000 {
                let u = f64::from(i) / 1000.0;
                let (here, next) = (correction.value(u), correction.value(u + 1e-3));
                assert!(here.is_finite());
                assert!((next - here).abs() < 0.02, "{from}: jump at {u}");
                largest = largest.max(here.abs());
            }
            assert!((largest - PEAK).abs() < 1e-4, "{from}: {largest}");
        }
    }

    /// Counts of a normal law in the bins that a run has.
    fn counts(mean: f64, deviation: f64, samples: f64) -> (Vec<u64>, u64, u64) {
        let below = |x: f64| 0.5 * libm::erfc((mean - x) / (deviation * 2.0_f64.sqrt()));
        let edge = |bin: i32| -10.0 + 0.1 * f64::from(bin);
        let counts = (0..200)
            .map(|bin| (samples * (below(edge(bin + 1)) - below(edge(bin)))).round() as u64)
            .collect();
        let under = (samples * below(-10.0)).round() as u64;
        let over = (samples * (1.0 - below(10.0))).round() as u64;
        (counts, under, over)
    }

    #[test]
    fn inputs_of_a_normal_law_give_nearly_its_correction() {
        let (bins, below, above) = counts(0.0, 1.0, 1e6);
        let binned = Binned {
            low: -10.0,
            high: 10.0,
            counts: &bins,
            below,
            above,
            deviation: 1.0,
        };
        let density = Density::measured(&binned).unwrap();
        assert_eq!(density.samples(), Some(bins.iter().sum()));
        assert!(density.samples_near(0.0).unwrap() > 50_000.0);
        assert!(density.samples_near(6.0).unwrap() < 30.0);
        for from in ["relu", "gelu", "tanh"] {
            let exact = normal(from);
            let measured = Correction::new(&from.parse().unwrap(), density.clone()).unwrap();
            for i in -60..=60 {
                let u = f64::from(i) / 10.0;
                let error = (measured.value(u) - exact.value(u)).abs();
                assert!(error < 0.03, "{from}: off by {error} at {u}");
            }
        }
        // Another mean and deviation: the same correction, moved and stretched.
        let (bins, below, above) = counts(-2.0, 1.5, 1e6);
        let binned = Binned {
            counts: &bins,
            below,
            above,
            deviation: 1.5,
            ..binned
        };
        let moved = Correction::new(
            &"relu".parse().unwrap(),
            Density::measured(&binned).unwrap(),
        )
        .unwrap();
        for i in -60..=60 {
            let u = f64::from(i) / 10.0;
            let error = (moved.value(u) - bell((u + 2.0) / 1.5)).abs();
            assert!(error < 0.03, "off by {error} at {u}");
        }
    }

    #[test]
    fn a_table_holds_to_its_error() {
        let correction = normal("relu");
        let (coarse, fine) = (correction.table(33), correction.table(65));
        assert_eq!((fine.low, fine.high), (-4.5, 4.5));
        assert_eq!(fine.values.len(), 65);
        assert!(fine.interpolation_error < 0.3 * coarse.interpolation_error);
        // |t''| ≤ 1.39 and lines err by at most an eighth of that times the distance squared.
        assert!(fine.interpolation_error <= 1.39 / 8.0 * (9.0_f64 / 64.0).powi(2) + 1e-6);
    }

    #[test]
    fn starts_that_have_no_inverse_are_refused() {
        for (from, reason) in [
            ("rational", "has coefficients"),
            ("polynomial(1, start=power, coefficients=fixed)", ""),
        ] {
            let result = Correction::new(&from.parse().unwrap(), Density::StandardNormal);
            match result {
                Ok(_) => assert_eq!(reason, "", "{from}"),
                Err(error) => {
                    assert!(error.to_string().contains(reason), "{error}");
                    assert!(error.hint().is_some());
                }
            }
        }
        // All inputs left of where GELU increases.
        let mut bins = vec![0; 200];
        bins[20..40].fill(1000);
        let binned = Binned {
            low: -10.0,
            high: 10.0,
            counts: &bins,
            below: 0,
            above: 0,
            deviation: 0.6,
        };
        let density = Density::measured(&binned).unwrap();
        let error = Correction::new(&"gelu".parse().unwrap(), density).unwrap_err();
        assert!(error.to_string().contains("no inputs"), "{error}");
    }
}
