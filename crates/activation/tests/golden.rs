//! Every family against PyTorch in double precision: value, derivative and coefficient gradients at 200 inputs with kinks.
//! The file is written by `python/golden/activations.py`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pliant_activation::Activation;
use pliant_activation::list::list;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    activation: String,
    coefficients: Vec<f64>,
    inputs: Vec<f64>,
    values: Vec<f64>,
    derivatives: Vec<f64>,
    gradient: Vec<f64>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("golden/activations.json")).unwrap()
}

fn weight(index: usize) -> f64 {
    ((37 * index + 11) % 41) as f64 / 20.0 - 1.0
}

#[test]
fn the_reference_is_pytorch() {
    for case in cases() {
        let text = &case.activation;
        let activation = Activation::new(&text.parse().unwrap()).unwrap();
        assert_eq!(case.inputs.len(), 200, "{text}");
        let c = &case.coefficients;
        assert_eq!(activation.group_start().len(), c.len(), "{text}");
        let (mut gradient, mut size) = (vec![0.0; c.len()], vec![1.0; c.len()]);
        for (index, &x) in case.inputs.iter().enumerate() {
            let near =
                |got: f64, expected: f64| (got - expected).abs() <= 1e-9 * (1.0 + expected.abs());
            let (value, slope) = (activation.value(c, x), activation.derivative(c, x));
            let (expected, rise) = (case.values[index], case.derivatives[index]);
            assert!(
                near(value, expected),
                "{text}: f({x}) = {value}, PyTorch {expected}"
            );
            assert!(
                near(slope, rise),
                "{text}: f'({x}) = {slope}, PyTorch {rise}"
            );
            let mut own = vec![0.0; c.len()];
            activation.coefficient_gradient(c, x, &mut own);
            for k in 0..c.len() {
                gradient[k] += weight(index) * own[k];
                size[k] += (weight(index) * own[k]).abs();
            }
        }
        for k in 0..c.len() {
            assert!(
                (gradient[k] - case.gradient[k]).abs() <= 1e-9 * size[k],
                "{text}: gradient by coefficient {k} {}, PyTorch {}",
                gradient[k],
                case.gradient[k]
            );
        }
    }
}

#[test]
fn the_kernels_are_pytorch() {
    for case in cases() {
        let text = &case.activation;
        let activation = Activation::new(&text.parse().unwrap()).unwrap();
        let c: Vec<f32> = case.coefficients.iter().map(|c| *c as f32).collect();
        let x: Vec<f32> = case.inputs.iter().map(|x| *x as f32).collect();
        let dy: Vec<f32> = (0..x.len()).map(|index| weight(index) as f32).collect();
        let (mut y, mut dx) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let mut gradient = vec![0.0; c.len()];
        activation.forward(&c, &x, None, 1, &mut y);
        activation.backward(&c, &x, None, &dy, 1, &mut dx, &mut gradient);
        for index in 0..x.len() {
            // What the rounding of the input to f32 does, and that of the coefficients.
            let by_rounding =
                1e-6 * case.inputs[index].abs() * (1.0 + case.derivatives[index].abs());
            let value = case.values[index];
            let error = (f64::from(y[index]) - value).abs();
            assert!(
                error <= 2e-6 * (1.0 + value.abs()) + by_rounding,
                "{text}: f({}) = {}, PyTorch {value}",
                x[index],
                y[index]
            );
            if x[index].abs() < 10.0 {
                let slope = weight(index) * case.derivatives[index];
                let error = (f64::from(dx[index]) - slope).abs();
                assert!(
                    error <= 1e-5 * (1.0 + slope.abs()),
                    "{text}: dx at {} = {}, PyTorch {slope}",
                    x[index],
                    dx[index]
                );
            }
        }
    }
}

#[test]
fn no_family_is_missing() {
    let cases = cases();
    // Those over rows have a file of their own.
    for entry in list().unwrap().iter().filter(|entry| !entry.over_rows) {
        let family = entry.name.split('(').next().unwrap();
        let of_family = |case: &&Case| case.activation.split('(').next() == Some(family);
        assert!(cases.iter().any(|case| of_family(&case)), "{family}");
    }
}
