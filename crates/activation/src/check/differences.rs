//! Analytic derivatives against differences and against dual numbers, in f64.

use super::probe::Probe;
use super::{CheckRow, Worst};
use crate::activation::Activation;
use crate::dual::Dual;
use crate::spec::DenominatorForm;

/// Step of the differences. Rounding costs about 1e-16 / 1e-6 of the value, truncation 1e-12 of the third derivative.
const STEP: f64 = 1e-6;
/// Relative to 1 + |value| + |derivative|.
const TOLERANCE: f64 = 2e-6;
/// Dual numbers round as the formula does.
const TOLERANCE_DUAL: f64 = 1e-11;
/// Differences across a kink mean nothing.
const FROM_KINK: f64 = 1e-3;

pub(super) fn check(activation: &Activation, probe: &Probe, rows: &mut Vec<CheckRow>) {
    let Ok(positions) = activation.positions(probe.channels, probe.channels / 2) else {
        return;
    };
    let c = probe.group(&positions);
    let kinks = activation.kinks(&c);
    let away = |x: f64| kinks.iter().all(|kink| (x - kink).abs() > FROM_KINK);

    let mut by_input = Worst::new();
    let mut by_coefficient = Worst::new();
    let mut dual = Worst::new();
    let at_kinks_too: Vec<f64> = probe.inputs.iter().chain(&kinks).copied().collect();
    for &x in &at_kinks_too {
        let (value, slope) = (activation.value(&c, x), activation.derivative(&c, x));
        let mut gradient = vec![0.0; c.len()];
        activation.coefficient_gradient(&c, x, &mut gradient);
        let constants: Vec<Dual> = c
            .iter()
            .map(|c| Dual {
                value: *c,
                derivative: 0.0,
            })
            .collect();
        let exact = activation.dual(&constants, Dual::variable(x)).derivative;
        dual.add((slope - exact).abs() / (1.0 + slope.abs() + value.abs()), x);
        for k in 0..c.len() {
            let mut seeded = constants.clone();
            seeded[k].derivative = 1.0;
            let exact = activation
                .dual(
                    &seeded,
                    Dual {
                        value: x,
                        derivative: 0.0,
                    },
                )
                .derivative;
            dual.add((gradient[k] - exact).abs() / (1.0 + gradient[k].abs()), x);
        }
        if !away(x) {
            continue;
        }
        // What the differences lose where large terms cancel, in units of the tolerance.
        let terms = value.abs()
            + c.iter()
                .zip(&gradient)
                .map(|(c, g)| (c * g).abs())
                .sum::<f64>();
        let noise = |h: f64| 16.0 * f64::EPSILON * terms / h / TOLERANCE;
        let h = step(value, slope) * x.abs().max(1.0);
        let difference = (activation.value(&c, x + h) - activation.value(&c, x - h)) / (2.0 * h);
        by_input.add(
            (slope - difference).abs() / (1.0 + slope.abs() + value.abs() + noise(h)),
            x,
        );
        for (k, gradient) in gradient.iter().enumerate() {
            // The best of three steps: a wrong gradient is wrong at each, a bend of the function only at the large one.
            let error = [1.0, 0.03, 0.001].into_iter().map(|part| {
                let h = part * step(value, *gradient);
                let size = 1.0 + gradient.abs() + value.abs() + noise(h);
                coefficient_differences(activation, &c, k, x, h)
                    .into_iter()
                    .map(|difference| (gradient - difference).abs() / size)
                    .fold(f64::INFINITY, f64::min)
            });
            by_coefficient.add(error.fold(f64::INFINITY, f64::min), x);
        }
    }
    rows.extend(by_input.row(
        activation,
        probe,
        "derivative / central differences",
        "random",
        TOLERANCE,
    ));
    rows.extend(by_coefficient.row(
        activation,
        probe,
        "coefficient gradient / differences",
        "random",
        TOLERANCE,
    ));
    rows.extend(dual.row(
        activation,
        probe,
        "derivatives / dual numbers",
        "random and kinks",
        TOLERANCE_DUAL,
    ));
    rows.extend(one_sided(activation, &c, &kinks).row(
        activation,
        probe,
        "derivative / one-sided differences",
        "kinks",
        TOLERANCE,
    ));
}

/// So small that the function changes by [`STEP`] of its size at most.
fn step(value: f64, slope: f64) -> f64 {
    STEP * (1.0 + value.abs()) / (1.0 + value.abs() + slope.abs())
}

/// Of a rational the central one, but to the right where a coefficient of form A is 0: its magnitude has a kink there, with
/// derivative +1. Of other functions also those of both sides: an inner function may stand at its kink for a whole range of
/// inputs, and a wrong gradient is wrong on each side.
fn coefficient_differences(
    activation: &Activation,
    c: &[f64],
    k: usize,
    x: f64,
    h: f64,
) -> Vec<f64> {
    let value = |offset: f64| {
        let mut c = c.to_vec();
        c[k] += offset;
        activation.value(&c, x)
    };
    let central = (value(h) - value(-h)) / (2.0 * h);
    match activation.spec().rational() {
        Some(options) if options.form == DenominatorForm::A && c[k].abs() < 2.0 * h => {
            vec![right_difference(&value, h)]
        }
        Some(_) => vec![central],
        None => vec![
            central,
            right_difference(&value, h),
            -right_difference(&|offset| value(-offset), h),
        ],
    }
}

/// Second-order one-sided difference at 0.
fn right_difference(value: &dyn Fn(f64) -> f64, h: f64) -> f64 {
    (-3.0 * value(0.0) + 4.0 * value(h) - value(2.0 * h)) / (2.0 * h)
}

/// At a kink the derivative is one side's (relu) or the mean of both (an absolute value).
fn one_sided(activation: &Activation, c: &[f64], kinks: &[f64]) -> Worst {
    let mut worst = Worst::new();
    for &x in kinks.iter().filter(|x| x.abs() < 6.0) {
        let value = activation.value(c, x);
        let sides = |h: f64| {
            let right = right_difference(&|offset| activation.value(c, x + offset), h);
            (
                -right_difference(&|offset| activation.value(c, x - offset), h),
                right,
            )
        };
        // Steep sides need a step as small as they are narrow.
        let (left, right) = sides(STEP);
        let (left, right) = sides(step(value, 10.0 * left.abs().max(right.abs())).max(1e-9));
        let slope = activation.derivative(c, x);
        let nearest = [left, right, f64::midpoint(left, right)]
            .into_iter()
            .map(|d| (d - slope).abs())
            .fold(f64::INFINITY, f64::min);
        worst.add(nearest / (1.0 + left.abs() + right.abs() + value.abs()), x);
    }
    worst
}
