//! Functions over rows: the backward pass of a row against differences and dual numbers, and the kernels against both.

use super::probe::Probe;
use super::{CheckRow, Worst};
use crate::activation::Activation;
use crate::dual::Dual;
use pliant_kernels::random::{Purpose, Stream, name_key};

/// Dual numbers round as the formula does.
const TOLERANCE_DUAL: f64 = 1e-11;
/// Of central differences at [`STEP`], relative to the terms.
const TOLERANCE_DIFFERENCES: f64 = 1e-6;
/// In parts of the largest input of a row.
const STEP: f64 = 1e-5;
/// About sixty roundings of f32, relative to the size of the terms.
const TOLERANCE: f64 = 4e-6;
/// Rows of each kind.
const ROWS: usize = 3;

/// Kinds of rows.
const KINDS: [&str; 8] = [
    "random",
    "one huge input",
    "all huge",
    "all equal",
    "zero",
    "tiny",
    "one of many",
    "near the epsilon",
];

/// An input of a row of a kind.
fn input(kind: &str, random: f64, row: usize, channel: usize) -> f64 {
    match kind {
        "one huge input" if channel == 17 + row => 1e4 * random.signum(),
        "all huge" => 3e3 * random,
        "all equal" => [1.5, -1e4, 1e-3][row],
        "zero" => [0.0, -0.0, 0.0][row],
        "tiny" => random * [1e-6, 1e-20, 1e-39][row],
        "one of many" if channel != 40 + row => 0.0,
        "near the epsilon" => random * [1e-3, 1e-2, 0.1][row],
        _ => random,
    }
}

pub(super) fn check(activation: &Activation, probe: &Probe, rows: &mut Vec<CheckRow>) {
    let c: Vec<f64> = probe.coefficients.iter().map(|c| f64::from(*c)).collect();
    let stream = Stream::new(7, Purpose::Probe, name_key(&activation.spec().to_string()));
    for kind in KINDS {
        let each_row = |row: usize| -> (Vec<f32>, Vec<f32>) {
            (0..probe.channels)
                .map(|channel| {
                    let at = row * probe.channels + channel;
                    let random = probe.inputs[at % probe.inputs.len()];
                    let x = input(kind, random, row, channel) as f32;
                    (x, stream.normal(at as u64) as f32)
                })
                .unzip()
        };
        let (x, dy): (Vec<Vec<f32>>, Vec<Vec<f32>>) = (0..ROWS).map(each_row).unzip();
        reference(activation, probe, kind, &c, (&x, &dy), rows);
        kernels(activation, probe, kind, &c, (&x, &dy), rows);
    }
}

fn exact(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

fn duals(values: &[f64], seeded: Option<usize>) -> Vec<Dual> {
    let each = values.iter().enumerate().map(|(index, value)| Dual {
        value: *value,
        derivative: f64::from(u8::from(seeded == Some(index))),
    });
    each.collect()
}

fn dot(dy: &[f64], derivatives: impl Iterator<Item = f64>) -> (f64, f64) {
    let terms = dy.iter().zip(derivatives).map(|(dy, slope)| dy * slope);
    terms.fold((0.0, 0.0), |(sum, size), term| {
        (sum + term, size + term.abs())
    })
}

/// The gradient of `Σ dy·y` by each input and each coefficient, three ways.
fn reference(
    activation: &Activation,
    probe: &Probe,
    kind: &'static str,
    c: &[f64],
    (x, dy): (&[Vec<f32>], &[Vec<f32>]),
    rows: &mut Vec<CheckRow>,
) {
    let (mut dual, mut differences) = (Worst::new(), Worst::new());
    for (x, dy) in x.iter().zip(dy) {
        let (x, dy) = (exact(x), exact(dy));
        let mut dc = vec![0.0; c.len()];
        let dx = activation.row_backward(c, &x, &dy, &mut dc);
        let values = activation.row_value(c, &x);
        // The value does not depend on the size of a large row, so the step goes with it; near the epsilon it bends within 1e-3.
        let largest = x.iter().fold(1e-3, |largest: f64, x| largest.max(x.abs()));
        let size = 1.0 + values.iter().fold(0.0, |most: f64, y| most.max(y.abs()));
        let moved = |c: &[f64], x: &[f64]| dot(&dy, activation.row_value(c, x).into_iter()).0;
        for index in 0..x.len() {
            let by_dual = activation.row_dual(&duals(c, None), &duals(&x, Some(index)));
            let (exact, terms) = dot(&dy, by_dual.iter().map(|y| y.derivative));
            dual.add(
                (dx[index] - exact).abs() / (1.0 / largest + terms),
                x[index],
            );
            let at = |offset: f64| {
                let mut x = x.clone();
                x[index] += offset;
                moved(c, &x)
            };
            let h = STEP * largest;
            // Fourth order: a row of one large input bends at once.
            let near = (at(h) - at(-h)) / (2.0 * h);
            let far = (at(2.0 * h) - at(-2.0 * h)) / (4.0 * h);
            let difference = (4.0 * near - far) / 3.0;
            differences.add(
                (dx[index] - difference).abs() / (size / largest + terms),
                x[index],
            );
        }
        for index in 0..c.len() {
            let by_dual = activation.row_dual(&duals(c, Some(index)), &duals(&x, None));
            let (exact, terms) = dot(&dy, by_dual.iter().map(|y| y.derivative));
            dual.add((dc[index] - exact).abs() / (1.0 + terms), f64::NAN);
            let at = |offset: f64| {
                let mut c = c.to_vec();
                c[index] += offset;
                moved(&c, &x)
            };
            let difference = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            differences.add((dc[index] - difference).abs() / (size + terms), f64::NAN);
        }
    }
    rows.extend(dual.row(
        activation,
        probe,
        "row gradients / dual numbers",
        kind,
        TOLERANCE_DUAL,
    ));
    rows.extend(differences.row(
        activation,
        probe,
        "row gradients / central differences",
        kind,
        TOLERANCE_DIFFERENCES,
    ));
}

/// Value, `dx`, its sums over the rows and the coefficient gradients of the kernels.
fn kernels(
    activation: &Activation,
    probe: &Probe,
    kind: &'static str,
    c: &[f64],
    (x, dy): (&[Vec<f32>], &[Vec<f32>]),
    rows: &mut Vec<CheckRow>,
) {
    let bias: Vec<f32> = (0..probe.channels)
        .map(|channel| {
            if kind == "random" {
                (channel % 5) as f32 * 0.25 - 0.5
            } else {
                0.0
            }
        })
        .collect();
    let (flat, mut dx) = (x.concat(), dy.concat());
    let mut y = vec![0.0; flat.len()];
    let (mut dbias, mut gradient) = (vec![0.0; probe.channels], vec![0.0; c.len()]);
    activation.forward(
        &probe.coefficients,
        &flat,
        Some(&bias),
        probe.channels,
        &mut y,
    );
    activation.backward_in_place(
        &probe.coefficients,
        &flat,
        Some(&bias),
        probe.channels,
        &mut dx,
        Some(&mut dbias),
        &mut gradient,
    );
    let (mut value, mut slope, mut sums) = (Worst::new(), Worst::new(), Worst::new());
    let mut expected = vec![0.0_f64; c.len()];
    let mut terms = vec![1e-6_f64; c.len()];
    let (mut by_bias, mut size_by_bias) = (
        vec![0.0_f64; probe.channels],
        vec![1e-6_f64; probe.channels],
    );
    for (row, (x, dy)) in x.iter().zip(dy).enumerate() {
        let z: Vec<f64> = x.iter().zip(&bias).map(|(x, b)| f64::from(x + b)).collect();
        let dy = exact(dy);
        let largest = z.iter().fold(1e-3, |largest: f64, z| largest.max(z.abs()));
        let exact_value = activation.row_value(c, &z);
        let mut by_coefficient = vec![0.0; c.len()];
        let exact_slope = activation.row_backward(c, &z, &dy, &mut by_coefficient);
        let span = row * probe.channels..(row + 1) * probe.channels;
        // The size of the terms: every term of a value with its magnitude, and what they are to a unit of the input.
        let magnitudes: Vec<f64> = z.iter().map(|z| z.abs()).collect();
        let positive: Vec<f64> = c.iter().map(|c| c.abs()).collect();
        let size = activation.row_value(&positive, &magnitudes);
        let largest_size = size.iter().fold(1.0, |most: f64, size| most.max(*size));
        let largest_dy = dy.iter().fold(0.0, |most: f64, dy| most.max(dy.abs()));
        for (channel, (got, exact)) in y[span.clone()].iter().zip(&exact_value).enumerate() {
            let error = (f64::from(*got) - exact).abs();
            value.add(error / (1.0 + size[channel]), z[channel]);
        }
        for (channel, (got, exact)) in dx[span].iter().zip(&exact_slope).enumerate() {
            let size = largest_dy * largest_size / largest + exact.abs();
            slope.add((f64::from(*got) - exact).abs() / size, z[channel]);
            by_bias[channel] += exact;
            size_by_bias[channel] += size;
        }
        for (index, exact) in by_coefficient.iter().enumerate() {
            expected[index] += exact;
            let own = activation.row_dual(&duals(c, Some(index)), &duals(&z, None));
            terms[index] += dot(&dy, own.iter().map(|y| y.derivative)).1;
        }
    }
    for ((got, exact), size) in gradient.iter().zip(&expected).zip(&terms) {
        sums.add((f64::from(*got) - exact).abs() / size, f64::NAN);
    }
    for ((got, exact), size) in dbias.iter().zip(&by_bias).zip(&size_by_bias) {
        sums.add((f64::from(*got) - exact).abs() / size, f64::NAN);
    }
    for (worst, comparison) in [
        (value, "fast rows / reference"),
        (slope, "fast row gradients / reference"),
        (sums, "fast sums of row gradients / reference"),
    ] {
        rows.extend(worst.row(activation, probe, comparison, kind, TOLERANCE));
    }
}
