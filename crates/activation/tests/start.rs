//! Fits and start values.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pliant_activation::fit::{FitRequest, fit};
use pliant_activation::{Activation, ActivationError, ActivationSpec, DenominatorForm};

fn activation(text: &str) -> Activation {
    Activation::new(&text.parse().unwrap()).unwrap()
}

fn gelu(x: f64) -> f64 {
    0.5 * x * (1.0 + libm::erf(x / std::f64::consts::SQRT_2))
}

/// Largest error of the f32 start over an interval, measured apart from the fit's own report.
fn error(activation: &Activation, low: f64, high: f64) -> f64 {
    let c: Vec<f64> = activation
        .start_coefficients(8)
        .unwrap()
        .into_iter()
        .map(f64::from)
        .collect();
    (0..=20_000)
        .map(|i| low + (high - low) * f64::from(i) / 20_000.0)
        .map(|x| (activation.value(&c, x) - gelu(x)).abs())
        .fold(0.0, f64::max)
}

#[test]
fn the_tensors_of_a_start_are_its_flat_buffer() {
    for text in ["gelu", "rational", "rational(share=group(4))", "poly_norm"] {
        let activation = activation(text);
        let tensors = activation.start_tensors(8).unwrap();
        let described: Vec<_> = tensors.iter().map(|(tensor, _)| tensor.clone()).collect();
        assert_eq!(described, activation.coefficient_tensors(8).unwrap());
        for (tensor, values) in &tensors {
            assert_eq!(values.len(), tensor.len(), "{text}: {}", tensor.name);
        }
        let flat: Vec<f32> = tensors.into_iter().flat_map(|(_, values)| values).collect();
        assert_eq!(flat, activation.start_coefficients(8).unwrap(), "{text}");
    }
    let refused = activation("rational(share=group(4))").start_tensors(6);
    assert!(refused.is_err(), "six channels in groups of four");
}

#[test]
fn the_default_start_is_gelu_with_sane_tails() {
    let rational = activation("rational");
    assert!(error(&rational, -5.0, 5.0) <= 2.6e-3);
    assert!(error(&rational, -10.0, 10.0) <= 0.6);
    let report = rational.fit().unwrap();
    assert!((report.inside.max - error(&rational, -5.0, 5.0)).abs() < 1e-5);
    assert!((report.slope_high - 1.0).abs() < 0.03 && report.slope_low.abs() < 0.03);
    // The coefficients that bend the tails are small, but a step of Adam can move them.
    assert!(report.numerator[5] > 1e-4 && report.denominator[3] > 1e-4);
}

#[test]
fn the_public_table_is_worse() {
    let table = activation("rational(start=gelu_2020)");
    let inside = error(&table, -3.0, 3.0);
    assert!((inside - 4.1e-3).abs() < 1e-4, "{inside}");
    let c = table.group_start();
    assert!(
        (table.value(&c, 10.0) - 12.46).abs() < 0.01
            && (table.value(&c, -10.0) + 2.46).abs() < 0.01
    );
    assert_eq!(table.fit_range(), Some((-3.0, 3.0)));
}

#[test]
fn form_b_is_within_a_thousandth() {
    assert!(error(&activation("rational(form=b)"), -3.0, 3.0) <= 1e-3);
    assert!(error(&activation("rational(form=c)"), -3.0, 3.0) <= 1e-3);
    assert!(error(&activation("rational(form=n)"), -3.0, 3.0) <= 2e-3);
}

#[test]
fn every_fit_is_finite_and_honest() {
    for form in DenominatorForm::ALL {
        for (m, n) in [(1, 1), (1, 8), (2, 3), (3, 2), (7, 6), (9, 1), (9, 8)] {
            for target in ["relu", "tanh", "identity", "gelu"] {
                let request = FitRequest {
                    numerator_degree: m,
                    denominator_degree: n,
                    ..FitRequest::new(target.parse().unwrap(), form)
                };
                let report = fit(&request)
                    .unwrap_or_else(|error| panic!("{target} {form} {m}/{n}: {error}"));
                let name = format!("{target} {form} {m}/{n}");
                assert_eq!(report.numerator.len(), m + 1, "{name}");
                assert_eq!(report.denominator.len(), form.coefficients(n), "{name}");
                let numbers = report.numerator.iter().chain(&report.denominator);
                assert!(numbers.clone().all(|c| c.is_finite()), "{name}: {report:?}");
                let inside = report.inside;
                assert!(
                    inside.rms <= inside.max && inside.max < 3.0,
                    "{name}: {inside:?}"
                );
                // The report is what the activation computes.
                let text = format!("rational({m}/{n}, form={form})");
                let c: Vec<f64> = numbers.copied().collect();
                let (rational, target) = (activation(&text), activation(target));
                let measured = (0..400)
                    .map(|i| inside.low + (inside.high - inside.low) * f64::from(i) / 399.0)
                    .map(|x| (rational.value(&c, x) - target.value(&[], x)).abs())
                    .fold(0.0, f64::max);
                assert!(
                    measured <= inside.max * 1.02 + 1e-12,
                    "{name}: {measured} against {}",
                    inside.max
                );
            }
        }
    }
}

#[test]
fn more_degrees_fit_better() {
    let max = |text: &str| activation(text).fit().unwrap().inside.max;
    assert!(max("rational(9/8)") < max("rational(7/6)"));
    assert!(max("rational(7/6)") < max("rational"));
    assert!(max("rational") < max("rational(3/2)"));
}

#[test]
fn equal_requests_give_equal_bytes() {
    let request = FitRequest::new("silu".parse().unwrap(), DenominatorForm::B);
    assert_eq!(fit(&request).unwrap(), fit(&request).unwrap());
}

#[test]
fn no_start_is_stuck() {
    // With a sum of 0 inside its absolute value, no coefficient of form B would get a gradient.
    for text in [
        "rational(form=b, start=identity)",
        "rational(1/1, form=b, start=identity)",
        "rational(form=c, start=identity)",
    ] {
        let activation = activation(text);
        let c = activation.group_start();
        let mut total = vec![0.0; c.len()];
        for i in 1..50 {
            let mut gradient = vec![0.0; c.len()];
            activation.coefficient_gradient(&c, f64::from(i) * 0.1 - 2.45, &mut gradient);
            total
                .iter_mut()
                .zip(&gradient)
                .for_each(|(total, g)| *total += g.abs());
        }
        assert!(total.iter().all(|g| *g > 0.0), "{text}: {total:?}");
    }
}

#[test]
fn a_request_that_cannot_be_met_is_refused() {
    let request = |target: &str, m: usize, range| FitRequest {
        numerator_degree: m,
        range,
        ..FitRequest::new(
            target.parse::<ActivationSpec>().unwrap(),
            DenominatorForm::A,
        )
    };
    for bad in [
        request("gelu", 0, (-3.0, 3.0)),
        request("gelu", 10, (-3.0, 3.0)),
        request("gelu", 5, (3.0, -3.0)),
        request("rational", 5, (-3.0, 3.0)),
        request("gelu", 5, (f64::NAN, 3.0)),
    ] {
        assert!(
            matches!(fit(&bad), Err(ActivationError::Fit { .. })),
            "{bad:?}"
        );
    }
}

#[test]
fn coefficients_are_laid_out_by_sharing() {
    for (text, numerator, denominator) in [
        ("rational", [1, 6], [1, 4]),
        ("rational(form=c)", [1, 6], [1, 5]),
        ("rational(share=group(8))", [4, 6], [4, 4]),
        ("rational(share=group(8), numerator=shared)", [1, 6], [4, 4]),
        ("rational(3/2, share=channel)", [32, 4], [32, 2]),
    ] {
        let activation = activation(text);
        let tensors = activation.coefficient_tensors(32).unwrap();
        assert_eq!(
            (tensors[0].name, &tensors[0].shape[..]),
            ("numerator", &numerator[..]),
            "{text}"
        );
        assert_eq!(
            (tensors[1].name, &tensors[1].shape[..]),
            ("denominator", &denominator[..]),
            "{text}"
        );
        let start = activation.start_coefficients(32).unwrap();
        assert_eq!(
            start.len(),
            tensors
                .iter()
                .map(pliant_activation::CoefficientTensor::len)
                .sum::<usize>()
        );
        for channel in [0, 7, 8, 31] {
            let group: Vec<f32> = activation
                .positions(32, channel)
                .unwrap()
                .into_iter()
                .map(|p| start[p])
                .collect();
            let expected: Vec<f32> = activation
                .group_start()
                .into_iter()
                .map(|c| c as f32)
                .collect();
            assert_eq!(group, expected);
        }
    }
    let error = activation("rational(share=group(8))")
        .coefficient_tensors(36)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "rational(share=group(8)): 36 channels cannot be cut into groups of 8"
    );
    assert!(error.hint().unwrap().contains("2, 4"));
    assert!(
        activation("gelu")
            .coefficient_tensors(36)
            .unwrap()
            .is_empty()
    );
}

/// Two draws, and a start that the rational can follow.
#[test]
fn a_random_start_is_the_function_of_its_seed() {
    let inputs = [-3.0, -1.0, -0.25, 0.0, 0.5, 2.0, 3.0];
    let values = |text: &str| {
        let rational = activation(text);
        let start = rational.group_start();
        inputs.map(|x| rational.value(&start, x))
    };
    let (one, two) = (
        values("rational(start=random(1))"),
        values("rational(start=random(2))"),
    );
    assert_eq!(one, values("rational(start=random)"));
    let apart = |a: [f64; 7], b: [f64; 7]| {
        a.iter()
            .zip(b)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max)
    };
    assert!(apart(one, two) > 0.5, "{one:?} {two:?}");
    for text in ["rational(start=random(1))", "rational(start=random(2))"] {
        let rational = activation(text);
        let report = rational.fit().unwrap();
        assert!(report.inside.max < 0.05, "{text}: {report:?}");
    }
}
