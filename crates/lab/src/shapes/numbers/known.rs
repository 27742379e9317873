//! How near a curve is to each fixed activation function when that may be moved and scaled.

use std::fmt;

use pliant_activation::{Activation, list};
use serde::{Deserialize, Serialize};

use super::simplex;

/// A fixed function `g` moved and scaled to lie as near as it can: `c · g(a · x + b) + d`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownFunction {
    /// Text form of `g`.
    pub function: String,
    /// Root mean square difference over the inputs, relative to the standard deviation of the curve over the same inputs: 0 is the
    /// same curve, 1 no better than a constant.
    pub error: f64,
    /// Scale of the input; negative where `g` is mirrored.
    pub a: f64,
    /// Shift of the scaled input.
    pub b: f64,
    /// Scale of the output.
    pub c: f64,
    /// Shift of the output.
    pub d: f64,
}

impl fmt::Display for KnownFunction {
    /// For instance `1.02·silu(0.98·x − 0.10) + 0.03`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signed = |value: f64| {
            if value < 0.0 {
                format!("\u{2212}{:.2}", -value)
            } else {
                format!("{value:.2}")
            }
        };
        let added = |value: f64| {
            if value.abs() < 0.005 {
                String::new()
            } else {
                format!(
                    " {} {:.2}",
                    if value < 0.0 { '\u{2212}' } else { '+' },
                    value.abs()
                )
            }
        };
        write!(
            f,
            "{}·{}({}·x{}){}",
            signed(self.c),
            self.function,
            signed(self.a),
            added(self.b),
            added(self.d)
        )
    }
}

/// A curve at the centres of the bins of its inputs.
#[derive(Debug)]
pub(super) struct Weighted {
    x: Vec<f64>,
    y: Vec<f64>,
    /// Shares of the inputs; their sum is 1.
    weight: Vec<f64>,
}

/// Scales of the input that are tried first, in units of the inputs' standard deviation.
const SCALES: [f64; 7] = [1.0, 2.0, 0.5, 4.0, 0.25, 8.0, 16.0];
/// Bounds of that scale. With a smaller one every smooth function is a straight line or a parabola, and near to all that is.
const SCALE_BOUNDS: (f64, f64) = (0.25, 32.0);
/// Shifts that are tried first, in units of the inputs' standard deviation from their mean.
const SHIFTS: [f64; 9] = [0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.0, -2.0];
/// First points from which the search goes on.
const STARTS: usize = 3;
/// Errors that differ by less are the same, so that of equals the function that is listed first is named.
const TIE: f64 = 1e-6;

impl Weighted {
    /// Points without weight are left out. `None` where none has any or a value is not finite.
    pub(super) fn new(x: &[f64], y: &[f64], weight: &[f64]) -> Option<Self> {
        let sum: f64 = weight.iter().sum();
        let mut curve = Self {
            x: Vec::new(),
            y: Vec::new(),
            weight: Vec::new(),
        };
        for ((&x, &y), &weight) in x.iter().zip(y).zip(weight) {
            if weight > 0.0 {
                curve.x.push(x);
                curve.y.push(y);
                curve.weight.push(weight / sum);
            }
        }
        let is_sound = !curve.x.is_empty() && curve.y.iter().all(|y| y.is_finite());
        is_sound.then_some(curve)
    }

    fn mean(&self, values: &[f64]) -> f64 {
        values
            .iter()
            .zip(&self.weight)
            .map(|(value, weight)| value * weight)
            .sum()
    }

    /// Mean, variance, and covariance with the curve.
    fn moments(&self, values: &[f64]) -> (f64, f64, f64) {
        let (mean, mean_y) = (self.mean(values), self.mean(&self.y));
        let (mut variance, mut covariance) = (0.0, 0.0);
        for ((value, y), weight) in values.iter().zip(&self.y).zip(&self.weight) {
            variance += weight * (value - mean).powi(2);
            covariance += weight * (value - mean) * (y - mean_y);
        }
        (mean, variance, covariance)
    }

    /// Every fixed function, the nearest first. Empty for a curve that is constant over its inputs.
    pub(super) fn known(&self, functions: &[Activation]) -> Vec<KnownFunction> {
        let (_, variance, _) = self.moments(&self.y);
        if variance <= 1e-18 {
            return Vec::new();
        }
        let mut known: Vec<KnownFunction> = functions
            .iter()
            .filter_map(|function| self.nearest(function, variance))
            .collect();
        // Stable: of equals the one that is listed first.
        known.sort_by(|a, b| (a.error / TIE).round().total_cmp(&(b.error / TIE).round()));
        known
    }

    /// `c` and `d` are exact for each `a` and `b`; those are searched from several starts.
    fn nearest(&self, function: &Activation, variance: f64) -> Option<KnownFunction> {
        let (centre, spread, _) = self.moments(&self.x);
        let deviation = spread.sqrt();
        if deviation <= 0.0 {
            return None;
        }
        let low = self.x.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let values = |a: f64, middle: f64| -> Vec<f64> {
            self.x
                .iter()
                .map(|x| function.value(&[], a * (x - middle)))
                .collect()
        };
        // The part of the curve's variance that is left.
        let left = |a: f64, middle: f64| {
            let (_, of_values, covariance) = self.moments(&values(a, middle));
            if of_values > 0.0 {
                (1.0 - covariance * covariance / (of_values * variance)).max(0.0)
            } else {
                1.0
            }
        };
        let mut starts: Vec<(f64, f64, f64, f64)> = Vec::new();
        for sign in [1.0, -1.0] {
            for scale in SCALES {
                for shift in SHIFTS {
                    let middle = centre + shift * deviation;
                    starts.push((left(sign * scale / deviation, middle), sign, scale, middle));
                }
            }
        }
        starts.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut best = starts
            .first()
            .map(|&(left, sign, scale, middle)| (left, sign * scale / deviation, middle))?;
        for &(_, sign, scale, middle) in &starts[..STARTS] {
            let objective = |[log_scale, middle]: [f64; 2]| {
                let scale = log_scale.exp();
                let inside = (SCALE_BOUNDS.0..=SCALE_BOUNDS.1).contains(&scale)
                    && (low..=high).contains(&middle);
                if inside {
                    left(sign * scale / deviation, middle)
                } else {
                    f64::INFINITY
                }
            };
            let (point, found) =
                simplex::lowest(objective, [scale.ln(), middle], [0.25, 0.2 * deviation]);
            if found < best.0 {
                best = (found, sign * point[0].exp() / deviation, point[1]);
            }
        }
        let (_, a, middle) = best;
        let values = values(a, middle);
        let (mean, of_values, covariance) = self.moments(&values);
        let c = if of_values > 0.0 {
            covariance / of_values
        } else {
            0.0
        };
        let d = self.mean(&self.y) - c * mean;
        // From the differences themselves: one minus a ratio loses what is below 1e-8.
        let squares: f64 = values
            .iter()
            .zip(&self.y)
            .zip(&self.weight)
            .map(|((value, y), weight)| weight * (c * value + d - y).powi(2))
            .sum();
        Some(KnownFunction {
            function: function.spec().to_string(),
            error: (squares / variance).sqrt(),
            a,
            b: -a * middle,
            c,
            d,
        })
    }
}

/// Every fixed function of `pliant-activation`, in its order.
pub(super) fn functions() -> Result<Vec<Activation>, String> {
    let entries = list::list().map_err(|error| error.to_string())?;
    entries
        .iter()
        .filter(|entry| !entry.learnable)
        .map(|entry| {
            let spec = entry.name.parse().map_err(|error| format!("{error}"))?;
            Activation::new(&spec).map_err(|error| error.to_string())
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A curve over a bell of inputs around 0.4 with standard deviation 2.
    fn bell(curve: impl Fn(f64) -> f64) -> Weighted {
        let x: Vec<f64> = (-80..=80).map(|index| f64::from(index) / 10.0).collect();
        let y: Vec<f64> = x.iter().map(|&x| curve(x)).collect();
        let weight: Vec<f64> = x
            .iter()
            .map(|x| (-((x - 0.4) / 2.0_f64).powi(2) / 2.0).exp())
            .collect();
        Weighted::new(&x, &y, &weight).unwrap()
    }

    fn error(known: &[KnownFunction], function: &str) -> f64 {
        known
            .iter()
            .find(|known| known.function == function)
            .unwrap()
            .error
    }

    #[test]
    fn a_moved_and_scaled_function_is_recognised() {
        let known = bell(|x| 0.9 * (1.3 * x - 0.4).tanh() + 0.2).known(&functions().unwrap());
        // A sigmoid is a tanh scaled: both are as near.
        assert!(
            error(&known, "tanh") < 1e-4 && error(&known, "sigmoid") < 1e-4,
            "{known:?}"
        );
        let tanh = known.iter().find(|known| known.function == "tanh").unwrap();
        for (found, wanted) in [(tanh.a, 1.3), (tanh.b, -0.4), (tanh.c, 0.9), (tanh.d, 0.2)] {
            assert!((found - wanted).abs() < 1e-3, "{tanh:?}");
        }
        assert!(
            error(&known, "relu") > 0.1 && error(&known, "identity") > 0.2,
            "{known:?}"
        );
        assert_eq!(tanh.to_string(), "0.90·tanh(1.30·x − 0.40) + 0.20");
    }

    #[test]
    fn mirrored_kinks_and_lines_are_recognised() {
        let functions = functions().unwrap();
        let relu = bell(|x| -0.5 * (1.0 - x).max(0.0) + 3.0).known(&functions);
        assert!(error(&relu, "relu") < 1e-4, "{relu:?}");
        let line = bell(|x| 3.0 - 0.5 * x).known(&functions);
        assert_eq!(line[0].function, "identity");
        assert!(line[0].error < 1e-9);
        let exact = Activation::new(&"gelu".parse().unwrap()).unwrap();
        let gelu = bell(|x| 2.0 * exact.value(&[], x)).known(&functions);
        assert_eq!(gelu[0].function, "gelu");
        assert!(
            gelu[0].error < 1e-4 && (error(&gelu, "gelu_tanh") - gelu[0].error) > 1e-5,
            "{gelu:?}"
        );
    }

    #[test]
    fn what_has_no_shape_has_no_nearest() {
        assert!(bell(|_| 2.0).known(&functions().unwrap()).is_empty());
        assert!(Weighted::new(&[0.0, 1.0], &[f64::NAN, 1.0], &[1.0, 1.0]).is_none());
        assert!(Weighted::new(&[0.0, 1.0], &[f64::NAN, 1.0], &[0.0, 1.0]).is_some());
        assert!(Weighted::new(&[0.0], &[1.0], &[0.0]).is_none());
    }
}
