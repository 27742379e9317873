//! Functions over rows: against PyTorch in double precision (the file is written by `python/golden/row_activations.py`), and what
//! holds for any row.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pliant_activation::fit::{FitRequest, fit};
use pliant_activation::list::list;
use pliant_activation::{Activation, ActivationSpec, DenominatorForm};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    activation: String,
    coefficients: Vec<f64>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    inputs: Vec<f64>,
    values: Vec<f64>,
    input_gradient: Vec<f64>,
    gradient: Vec<f64>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("golden/rows.json")).unwrap()
}

fn activation(text: &str) -> Activation {
    Activation::new(&text.parse().unwrap()).unwrap()
}

fn weights(row: usize, channels: usize) -> Vec<f64> {
    (0..channels)
        .map(|channel| ((37 * (channel + 5 * row) + 11) % 41) as f64 / 20.0 - 1.0)
        .collect()
}

/// Every pair within `tolerance` of the largest expected value, or of 1.
fn near(got: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let size = expected
        .iter()
        .fold(1.0, |size: f64, value| size.max(value.abs()));
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!(
            (got - expected).abs() <= tolerance * size,
            "{what}[{index}]: {got}, PyTorch {expected}"
        );
    }
}

#[test]
fn the_reference_is_pytorch() {
    for case in cases() {
        let (activation, c) = (activation(&case.activation), &case.coefficients);
        for (number, row) in case.rows.iter().enumerate() {
            let what = format!("{}, row {number}", case.activation);
            let dy = weights(number, row.inputs.len());
            let mut dc = vec![0.0; c.len()];
            let dx = activation.row_backward(c, &row.inputs, &dy, &mut dc);
            let y = activation.row_value(c, &row.inputs);
            near(&y, &row.values, 1e-9, &format!("{what}: value"));
            near(&dx, &row.input_gradient, 1e-9, &format!("{what}: dx"));
            near(&dc, &row.gradient, 1e-9, &format!("{what}: gradient"));
        }
    }
}

#[test]
fn the_kernels_are_pytorch() {
    let exact = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
    let narrow = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
    for case in cases() {
        let (activation, c) = (activation(&case.activation), narrow(&case.coefficients));
        for (number, row) in case.rows.iter().enumerate() {
            let what = format!("{}, row {number}", case.activation);
            let (x, channels) = (narrow(&row.inputs), row.inputs.len());
            let (mut y, mut dx) = (vec![0.0; channels], vec![0.0; channels]);
            let mut dc = vec![0.0; c.len()];
            activation.forward(&c, &x, None, channels, &mut y);
            let dy = narrow(&weights(number, channels));
            activation.backward(&c, &x, None, &dy, channels, &mut dx, &mut dc);
            near(&exact(&y), &row.values, 2e-6, &format!("{what}: value"));
            near(
                &exact(&dx),
                &row.input_gradient,
                2e-5,
                &format!("{what}: dx"),
            );
            near(
                &exact(&dc),
                &row.gradient,
                2e-5,
                &format!("{what}: gradient"),
            );
        }
    }
}

#[test]
fn every_function_over_rows_has_golden_values_and_says_that_it_is_one() {
    let cases = cases();
    for entry in list().unwrap() {
        let spec: ActivationSpec = entry.name.parse().unwrap();
        assert_eq!(spec.is_over_rows(), entry.over_rows, "{}", entry.name);
        let activation = Activation::new(&spec).unwrap();
        assert_eq!(activation.is_over_rows(), entry.over_rows, "{}", entry.name);
        assert_eq!(activation.curve().is_some(), entry.over_rows);
        let is_here = cases.iter().any(|case| case.activation == entry.name);
        assert_eq!(is_here, entry.over_rows, "{}", entry.name);
    }
}

/// For an elementwise function a row is its channels one by one.
#[test]
fn rows_of_elementwise_functions_are_their_channels() {
    let silu = activation("rational");
    let (c, x, dy) = (silu.group_start(), [-1.5, 0.25, 2.0], [1.0, -2.0, 0.5]);
    let mut dc = vec![9.0; c.len()];
    let dx = silu.row_backward(&c, &x, &dy, &mut dc);
    let (mut sum, mut own) = (vec![0.0; c.len()], vec![0.0; c.len()]);
    for channel in 0..x.len() {
        assert_eq!(silu.row_value(&c, &x)[channel], silu.value(&c, x[channel]));
        assert_eq!(dx[channel], dy[channel] * silu.derivative(&c, x[channel]));
        silu.coefficient_gradient(&c, x[channel], &mut own);
        for (sum, own) in sum.iter_mut().zip(&own) {
            *sum += dy[channel] * own;
        }
    }
    assert_eq!(dc, sum);
}

/// The curve that pictures show: `x`, `x²/√3`, `x³/√15`, each with its coefficient.
#[test]
fn the_curve_is_one_channel_of_a_row_of_standard_normal_inputs() {
    let cubic = activation("poly_norm");
    let c = [0.5, -2.0, 0.25, 0.125];
    for x in [-2.0_f64, -0.3, 0.0, 1.0, 3.0] {
        let value = 0.5 * x - 2.0 * x.powi(2) / 3.0_f64.sqrt() + 0.25 * x.powi(3) / 15.0_f64.sqrt();
        let got = cubic.value(&c, x);
        assert!(
            (got - value - 0.125).abs() < 1e-5 * (1.0 + value.abs()),
            "{got}"
        );
        let slope = 0.5 - 4.0 * x / 3.0_f64.sqrt() + 0.75 * x.powi(2) / 15.0_f64.sqrt();
        assert!((cubic.derivative(&c, x) - slope).abs() < 1e-5 * (1.0 + slope.abs()));
    }
    // 1/9 (E[z²] + E[z⁴]/3 + E[z⁶]/15 + 2 E[z⁴]/√15): the even power is uncorrelated with the odd ones.
    let square = (3.0 + 2.0 * 3.0 / 15.0_f64.sqrt()) / 9.0;
    assert!(
        (cubic.second_moment() - square).abs() < 1e-5,
        "{}",
        cubic.second_moment()
    );
}

#[test]
fn what_needs_a_function_of_one_input_is_refused() {
    let refused = |text: &str| text.parse::<ActivationSpec>().unwrap_err().to_string();
    for text in [
        "rational(start=poly_norm)",
        "series(base=poly_norm(2))",
        "polynomial(start=poly_norm)",
    ] {
        let message = refused(text);
        assert!(message.contains("no function of one input"), "{message}");
    }
    let request = FitRequest::new("poly_norm".parse().unwrap(), DenominatorForm::A);
    let message = fit(&request).unwrap_err().to_string();
    assert!(message.contains("whole row of channels"), "{message}");
    for share in ["channel", "group(4)"] {
        let message = refused(&format!("poly_norm(share={share})"));
        assert!(message.contains("all channels of the layer"), "{message}");
    }
    for degree in ["1", "5"] {
        let message = refused(&format!("poly_norm({degree})"));
        assert!(message.contains("from 2 to 4"), "{message}");
    }
    let spec: ActivationSpec = "poly_norm(3, share=layer)".parse().unwrap();
    assert_eq!(spec.to_string(), "poly_norm");
}

proptest! {
    /// Finite inputs of any size give finite results, and the powers have at most the mean square 1.
    #[test]
    fn any_finite_row_gives_finite_results(
        x in prop::collection::vec(-1.0_f32..1.0, 1..70),
        scale in -45_f32..38.0,
        spike in prop::option::of(0_usize..70),
        degree in 2_usize..=4,
    ) {
        let cubic = activation(&format!("poly_norm({degree})"));
        let mut x: Vec<f32> = x.iter().map(|x| x * 10.0_f32.powf(scale)).collect();
        let channels = x.len();
        if let Some(spike) = spike {
            x[spike % channels] = 1e4;
        }
        let c = cubic.start_coefficients(channels).unwrap();
        let (mut y, mut dx) = (vec![0.0; channels], vec![0.0; channels]);
        let mut dc = vec![0.0; c.len()];
        cubic.forward(&c, &x, None, channels, &mut y);
        let dy = vec![1.0; channels];
        cubic.backward(&c, &x, None, &dy, channels, &mut dx, &mut dc);
        prop_assert!(y.iter().chain(&dx).chain(&dc).all(|value| value.is_finite()), "{:?} {:?} {:?}", y, dx, dc);
        let square = y.iter().map(|y| f64::from(*y).powi(2)).sum::<f64>() / channels as f64;
        prop_assert!(square <= 1.0 + 1e-5, "{}", square);
    }

    /// Far above the epsilon the value does not depend on the size of the row, so the gradient is orthogonal to it.
    #[test]
    fn large_rows_have_no_size(x in prop::collection::vec(1.0_f64..9.0, 2..40), signs in any::<u64>()) {
        let cubic = activation("poly_norm(4)");
        let c = [0.5, -0.25, 0.75, 1.0, 0.3];
        let x: Vec<f64> = x.iter().enumerate().map(|(i, x)| if signs >> i & 1 == 0 { 1e3 * x } else { -1e3 * x }).collect();
        let larger: Vec<f64> = x.iter().map(|x| 7.0 * x).collect();
        let (y, same) = (cubic.row_value(&c, &x), cubic.row_value(&c, &larger));
        for (y, same) in y.iter().zip(&same) {
            prop_assert!((y - same).abs() < 1e-9, "{} {}", y, same);
        }
        let dx = cubic.row_backward(&c, &x, &y, &mut [0.0; 5]);
        let (along, size) = x.iter().zip(&dx).fold((0.0, 1.0), |(sum, size), (x, dx)| (sum + x * dx, size + (x * dx).abs()));
        prop_assert!(f64::abs(along) < 1e-9 * size, "{}", along);
    }
}
