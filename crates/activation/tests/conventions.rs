//! Derivatives at kinks, and the formulas as printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use pliant_activation::bench::{BenchOptions, run};
use pliant_activation::list::list;
use pliant_activation::{Activation, ActivationSpec};

fn activation(text: &str) -> Activation {
    Activation::new(&text.parse().unwrap()).unwrap()
}

#[test]
fn kinks_follow_pytorch() {
    assert_eq!(activation("relu").derivative(&[], 0.0), 0.0);
    assert_eq!(activation("leaky_relu(0.3)").derivative(&[], 0.0), 0.3);
    // f = (1 + x) / (1 + 2|x|): with sign(0) = 0 only the numerator is left.
    let c = [1.0, 1.0, 2.0];
    assert_eq!(activation("rational(1/1)").derivative(&c, 0.0), 1.0);
    assert!(activation("relu").value(&[], f64::NAN).is_nan());
}

#[test]
fn a_magnitude_of_zero_has_derivative_one() {
    let mut gradient = [0.0; 3];
    for (text, expected) in [
        ("rational(1/1)", -3.0 * 2.0),
        ("rational(1/1, form=b)", 0.0),
        ("rational(1/1, form=n)", -3.0 * 2.0),
    ] {
        activation(text).coefficient_gradient(&[1.0, 1.0, 0.0], 2.0, &mut gradient);
        assert_eq!(gradient[2], expected, "{text}");
        let (mut dx, mut fast) = ([0.0], [0.0; 3]);
        activation(text).backward(
            &[1.0, 1.0, 0.0],
            &[2.0],
            None,
            &[1.0],
            1,
            &mut dx,
            &mut fast,
        );
        assert_eq!(f64::from(fast[2]), expected, "{text}");
    }
    activation("rational(1/1)").coefficient_gradient(&[1.0, 1.0, -0.5], 2.0, &mut gradient);
    assert_eq!(gradient[2], 3.0 * 2.0 / 4.0);
}

#[test]
fn formulas_are_printed_from_the_definition() {
    let formula = |text: &str| activation(text).expressions().0.to_string();
    assert_eq!(formula("gelu"), "0.5·x·(1 + erf(x·√½))");
    assert_eq!(formula("relu"), "where(x > 0, x, 0)");
    assert_eq!(formula("silu"), "x·sigmoid(x)");
    assert_eq!(
        formula("rational(2/2)"),
        "(a0 + x·(a1 + x·a2)) / (1 + |x|·(|b1| + |x|·|b2|))"
    );
    assert_eq!(
        formula("rational(1/2, form=b)"),
        "(a0 + x·a1) / (1 + |x·(b1 + x·b2)|)"
    );
    assert_eq!(
        formula("rational(1/2, form=c)"),
        "(a0 + x·a1) / (0.1 + |b0 + x·(b1 + x·b2)|)"
    );
    assert_eq!(
        formula("rational(1/2, form=n)"),
        "(a0 + x·a1) / (1 + x·(b1 + x·b2))"
    );
}

/// The stated guard: beyond the limit the tangent, so that growth is linear whatever the coefficients are.
#[test]
fn a_polynomial_is_continued_by_its_tangent() {
    let cube = activation("polynomial(3, start=power(3), coefficients=fixed)");
    assert!(!cube.is_learnable());
    assert_eq!(cube.value(&[], 4.0), 64.0);
    assert_eq!(cube.value(&[], 10.0), 64.0 + 48.0 * 6.0);
    assert_eq!(cube.value(&[], -1e30), -64.0 - 48.0 * (1e30 - 4.0));
    assert_eq!(cube.derivative(&[], 1e30), 48.0);
    let learned = activation("polynomial(5, limit=2)");
    let c = [0.3, -1.0, 5.0, 40.0, -3.0, 100.0];
    let mut y = [0.0; 4];
    let flat = c.map(|c| c as f32);
    learned.forward(&flat, &[1e4, -1e4, 1e30, -1e30], None, 4, &mut y);
    assert!(y.iter().all(|y| y.is_finite()), "{y:?}");
    for (x, side) in [(2.0, 1e-9), (-2.0, -1e-9)] {
        let jump = learned.value(&c, x + side) - learned.value(&c, x);
        assert!(jump.abs() < 1e-4, "{jump}");
        let jump = learned.derivative(&c, x + side) - learned.derivative(&c, x);
        assert!(jump.abs() < 1e-4, "{jump}");
    }
    assert_eq!(learned.fit_range(), Some((-2.0, 2.0)));
}

/// Value, slope and coefficient gradients of every family and example are finite for inputs up to 10,000.
#[test]
fn finite_inputs_give_finite_outputs() {
    let texts = list().unwrap().into_iter().flat_map(|entry| {
        let examples = entry.examples.iter().map(ToString::to_string);
        [entry.name].into_iter().chain(examples)
    });
    let magnitudes = (0..=80).map(|i| 10.0_f32.powf(i as f32 * 0.1 - 4.0));
    let x: Vec<f32> = magnitudes
        .flat_map(|x| [x, -x])
        .chain([0.0, -0.0])
        .collect();
    for text in texts {
        let function = activation(&text);
        let coefficients = function.start_coefficients(1).unwrap();
        let (mut y, mut dx) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let mut gradient = vec![0.0; coefficients.len()];
        function.forward(&coefficients, &x, None, 1, &mut y);
        function.backward(&coefficients, &x, None, &x, 1, &mut dx, &mut gradient);
        let all = y.iter().chain(&dx).chain(&gradient);
        assert!(all.copied().all(f32::is_finite), "{text}");
    }
}

#[test]
fn the_list_has_every_family_once() {
    let entries = list().unwrap();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let once: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(once.len(), names.len(), "{names:?}");
    for form in [
        "rational",
        "rational(form=b)",
        "rational(form=c)",
        "rational(form=n)",
    ] {
        assert!(once.contains(form), "{form}");
    }
    // Starts only, layers with a gate, and lists of functions are none by themselves.
    for other in ["gelu_2020", "glu", "layers"] {
        assert!(!once.contains(other), "{other}");
    }
    for entry in &entries {
        assert_eq!(entry.learnable, entry.coefficients > 0);
        assert_eq!(entry.start.len(), entry.coefficients);
        assert!(
            !entry.formula.is_empty() && !entry.derivative.is_empty() && !entry.source.is_empty()
        );
    }
    let entry = |name: &str| entries.iter().find(|entry| entry.name == name).unwrap();
    assert_eq!(entry("rational").coefficients, 10);
    assert_eq!(entry("rational(form=c)").coefficients, 11);
}

#[test]
fn the_bench_measures_all_against_gelu() {
    let activations = vec!["rational".parse().unwrap(), "gelu".parse().unwrap()];
    let report = run(&BenchOptions {
        rows: 8,
        columns: 32,
        repeats: 3,
        activations,
    })
    .unwrap();
    let names: Vec<&str> = report
        .results
        .iter()
        .map(|row| row.activation.as_str())
        .collect();
    assert_eq!(names, ["gelu", "rational"]);
    assert_eq!(report.results[0].forward_to_gelu, 1.0);
    assert!(
        report
            .results
            .iter()
            .all(|row| row.forward > 0.0 && row.forward_backward >= row.forward)
    );
}

/// With coefficients of the variable x/4 instead of x the function is the same to the bit, and each gradient is that of x divided by
/// the power of 4 that its coefficient was multiplied by; also with groups and a shared numerator.
#[test]
fn a_scaled_variable_changes_the_steps_and_not_the_function() {
    let (channels, scale) = (6, 4.0_f32);
    let options = "share=group(2), numerator=shared";
    let plain = activation(&format!("rational({options})"));
    let scaled = activation(&format!("rational({options}, scale=4)"));
    let start = plain.start_coefficients(channels).unwrap();
    // One numerator with powers 0 to 5, and three denominators with 1 to 4.
    let powers: Vec<i32> = (0..6).chain([1, 2, 3, 4].repeat(3)).collect();
    let multiplied: Vec<f32> = start
        .iter()
        .zip(&powers)
        .map(|(value, power)| value * scale.powi(*power))
        .collect();
    assert_eq!(scaled.start_coefficients(channels).unwrap(), multiplied);

    let x: Vec<f32> = (0..600)
        .map(|index| (index as f32 - 300.0) / 50.0)
        .collect();
    let dy: Vec<f32> = (0..600)
        .map(|index| ((index * 7) % 11) as f32 - 5.0)
        .collect();
    let passed = |function: &Activation, coefficients: &[f32]| {
        let (mut y, mut dx) = (vec![0.0; 600], vec![0.0; 600]);
        let mut gradient = vec![0.0; coefficients.len()];
        function.forward(coefficients, &x, None, channels, &mut y);
        function.backward(
            coefficients,
            &x,
            None,
            &dy,
            channels,
            &mut dx,
            &mut gradient,
        );
        (y, dx, gradient)
    };
    let (y, dx, gradient) = passed(&plain, &start);
    let (scaled_y, scaled_dx, scaled_gradient) = passed(&scaled, &multiplied);
    assert_eq!((scaled_y, scaled_dx), (y, dx));
    let divided: Vec<f32> = gradient
        .iter()
        .zip(&powers)
        .map(|(value, power)| value / scale.powi(*power))
        .collect();
    assert_eq!(scaled_gradient, divided);
    let text = "rational(scale=0)".parse::<ActivationSpec>().unwrap_err();
    assert!(text.to_string().contains("above 0"), "{text}");
}
