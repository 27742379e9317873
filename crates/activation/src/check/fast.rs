//! The fast kernels against the f64 reference.

use super::probe::Probe;
use super::{CheckRow, Worst};
use crate::activation::Activation;
use crate::dual::Dual;
use crate::error::ActivationError;

/// About sixty roundings of f32, relative to the sum of the magnitudes of the terms.
const TOLERANCE: f64 = 4e-6;
/// The sums of a block are f32.
const TOLERANCE_SUM: f64 = 1e-5;
/// Ten roundings of f32.
const INPUT_ROUNDINGS: f64 = 6e-7;

pub(super) fn check(
    activation: &Activation,
    probe: &Probe,
    rows: &mut Vec<CheckRow>,
) -> Result<(), ActivationError> {
    let channels: Vec<(Vec<usize>, Vec<f64>)> = (0..probe.channels)
        .map(|channel| {
            activation
                .positions(probe.channels, channel)
                .map(|positions| {
                    let c = probe.group(&positions);
                    (positions, c)
                })
        })
        .collect::<Result<_, _>>()?;
    let middle = &channels[probe.channels / 2].1;
    let kinks: Vec<f32> = activation
        .kinks(middle)
        .into_iter()
        .map(|x| x as f32)
        .collect();
    let random: Vec<f32> = probe.inputs.iter().map(|x| *x as f32).collect();
    let huge: Vec<f32> = [
        1e4, -1e4, 1.7e4, -3e4, 500.0, -470.0, 2.7e3, -7e4, 1e6, -1e6, 1e8, -1e8,
    ]
    .to_vec();
    let zero = vec![0.0, -0.0, 1e-30, -1e-30, 1e-40, 1e-7, -1e-7];
    for (inputs, x) in [
        ("random", random),
        ("huge", huge),
        ("zero", zero),
        ("kinks", kinks),
    ] {
        let mut x = x;
        x.retain(|x| f64::from(x.abs()) <= activation.precise_within());
        compare(activation, probe, &channels, inputs, &x, rows);
    }
    Ok(())
}

/// Every input meets the same channels: the rows of the layer are the inputs, shifted by a channel each.
fn compare(
    activation: &Activation,
    probe: &Probe,
    channels: &[(Vec<usize>, Vec<f64>)],
    inputs: &'static str,
    x: &[f32],
    rows: &mut Vec<CheckRow>,
) {
    if x.is_empty() {
        return;
    }
    let bias: Vec<f32> = (0..probe.channels)
        .map(|channel| {
            if inputs == "random" {
                (channel % 5) as f32 * 0.25 - 0.5
            } else {
                0.0
            }
        })
        .collect();
    let x: Vec<f32> = (0..x.len() * probe.channels)
        .map(|i| x[(i / probe.channels + i % probe.channels) % x.len()])
        .collect();
    let dy: Vec<f32> = (0..x.len())
        .map(|i| ((i * 37 + 11) % 41) as f32 / 20.0 - 1.0)
        .collect();
    let (mut y, mut dx) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    let mut gradient = vec![0.0; probe.coefficients.len()];
    activation.forward(&probe.coefficients, &x, Some(&bias), probe.channels, &mut y);
    activation.backward(
        &probe.coefficients,
        &x,
        Some(&bias),
        &dy,
        probe.channels,
        &mut dx,
        &mut gradient,
    );

    let (mut value, mut slope, mut sums) = (Worst::new(), Worst::new(), Worst::new());
    let (mut expected, mut size) = (vec![0.0_f64; gradient.len()], vec![0.0_f64; gradient.len()]);
    for (i, x) in x.iter().enumerate() {
        let (positions, c) = &channels[i % probe.channels];
        let z = f64::from(x + bias[i % probe.channels]);
        let mut by_coefficient = vec![0.0; c.len()];
        activation.coefficient_gradient(c, z, &mut by_coefficient);
        let terms: f64 = c
            .iter()
            .zip(&by_coefficient)
            .map(|(c, g)| (c * g).abs())
            .sum();
        let f = activation.value(c, z);
        value.add(relative(y[i], f, 1.0 + f.abs() + terms), z);
        let mixed = mixed_derivatives(activation, c, z);
        slope.add(slope_error(activation, c, z, dy[i], dx[i], &mixed), z);
        let weight = f64::from(dy[i]);
        let condition = 1.0 + terms / f.abs().max(1e-9);
        for ((position, g), mixed) in positions.iter().zip(&by_coefficient).zip(&mixed) {
            expected[*position] += weight * g;
            // The second term is what a rounding of the input or of its product with a coefficient does.
            let by_rounding = INPUT_ROUNDINGS / TOLERANCE_SUM * (z * mixed).abs();
            size[*position] += weight.abs() * (g.abs() * condition.min(100.0) + by_rounding);
        }
    }
    for ((gradient, expected), size) in gradient.iter().zip(&expected).zip(&size) {
        sums.add(relative(*gradient, *expected, size + 1e-6), f64::NAN);
    }
    rows.extend(value.row(
        activation,
        probe,
        "fast value / reference",
        inputs,
        TOLERANCE,
    ));
    rows.extend(slope.row(
        activation,
        probe,
        "fast derivative / reference",
        inputs,
        TOLERANCE,
    ));
    if inputs != "kinks" {
        rows.extend(sums.row(
            activation,
            probe,
            "fast coefficient gradient / reference",
            inputs,
            TOLERANCE_SUM,
        ));
    }
}

fn constant(value: f64) -> Dual {
    Dual {
        value,
        derivative: 0.0,
    }
}

/// `∂²f/∂x∂c` for each coefficient.
fn mixed_derivatives(activation: &Activation, c: &[f64], x: f64) -> Vec<f64> {
    let mut seeded: Vec<Dual> = c.iter().copied().map(constant).collect();
    (0..c.len())
        .map(|k| {
            seeded[k].derivative = 1.0;
            let mixed = activation.dual_derivative(&seeded, constant(x)).derivative;
            seeded[k].derivative = 0.0;
            mixed
        })
        .collect()
}

/// 0 where both leave the range of f32 on the same side.
fn relative(got: f32, exact: f64, size: f64) -> f64 {
    let rounded = exact as f32;
    if rounded.is_infinite() && got == rounded {
        0.0
    } else {
        (f64::from(got) - exact).abs() / size
    }
}

/// Near a kink other than 0 the f32 sum may fall on the other side, or on 0: there either side's derivative is right, and
/// their mean.
fn slope_error(activation: &Activation, c: &[f64], x: f64, dy: f32, dx: f32, mixed: &[f64]) -> f64 {
    let terms: f64 = c
        .iter()
        .zip(mixed)
        .map(|(c, mixed)| (c * mixed).abs())
        .sum();
    let constants: Vec<Dual> = c.iter().copied().map(constant).collect();
    let second = activation.dual_derivative(&constants, Dual::variable(x));
    let terms = terms + INPUT_ROUNDINGS / TOLERANCE * (x * second.derivative).abs();
    let against = |exact: f64| relative(dx, f64::from(dy) * exact, 1.0 + exact.abs() + terms);
    let error = against(activation.derivative(c, x));
    let margin = 1e-5 * x.abs();
    // Kinks are sought only where they can explain something.
    if x == 0.0
        || error <= TOLERANCE
        || activation
            .kinks(c)
            .iter()
            .all(|kink| (kink - x).abs() > margin)
    {
        return error;
    }
    // The derivative of a side, extrapolated to the kink.
    let side = |step: f64| {
        2.0 * activation.derivative(c, x + step) - activation.derivative(c, x + 2.0 * step)
    };
    let (left, right) = (side(-margin), side(margin));
    error
        .min(against(left))
        .min(against(right))
        .min(against(f64::midpoint(left, right)))
}
