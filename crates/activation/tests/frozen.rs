//! Frozen functions against the learnable ones that they hold.
#![allow(clippy::unwrap_used)]

use pliant_activation::check::{CheckOptions, run};
use pliant_activation::{Activation, ActivationError, ActivationSpec};

fn activation(text: &str) -> Activation {
    Activation::new(&text.parse().unwrap()).unwrap()
}

const INPUTS: [f32; 8] = [-12.0, -1.0, -0.3, 0.0, 0.2, 1.0, 7.5, 1e4];

#[test]
fn a_frozen_function_is_the_learned_one_to_the_bit() {
    for (text, coefficients) in [
        (
            "rational",
            vec![
                0.011_f32, 0.49, 0.37, 0.11, 0.021, 0.003, -0.07, 0.2, 1e-7, 0.002,
            ],
        ),
        ("rational(3/2, form=b)", vec![0.1, 0.5, 0.3, 0.07, 0.1, 0.2]),
        ("swish", vec![1.37]),
        ("spline(9)", (0..9).map(|k| 0.3 * k as f32).collect()),
    ] {
        let learned = activation(text);
        let spec = learned.spec().frozen(&coefficients).unwrap();
        let frozen = Activation::new(&spec).unwrap();
        assert!(!frozen.is_learnable() && frozen.coefficient_tensors(4).unwrap().is_empty());
        let (mut of_learned, mut of_frozen) = ([0.0; 8], [0.0; 8]);
        learned.forward(&coefficients, &INPUTS, None, 4, &mut of_learned);
        frozen.forward(&[], &INPUTS, None, 4, &mut of_frozen);
        assert_eq!(of_learned, of_frozen, "{text}");

        let (mut dx_learned, mut dx_frozen) = ([1.5; 8], [1.5; 8]);
        let (mut bias_learned, mut bias_frozen) = ([0.0; 4], [0.0; 4]);
        let mut unused = vec![0.0; coefficients.len()];
        learned.backward_in_place(
            &coefficients,
            &INPUTS,
            None,
            4,
            &mut dx_learned,
            Some(&mut bias_learned),
            &mut unused,
        );
        frozen.backward_in_place(
            &[],
            &INPUTS,
            None,
            4,
            &mut dx_frozen,
            Some(&mut bias_frozen),
            &mut [],
        );
        assert_eq!(
            (dx_learned, bias_learned),
            (dx_frozen, bias_frozen),
            "{text}"
        );

        let exact: Vec<f64> = coefficients.iter().map(|value| f64::from(*value)).collect();
        for x in INPUTS.map(f64::from) {
            assert_eq!(
                learned.value(&exact, x),
                frozen.value(&[], x),
                "{text} at {x}"
            );
            // The formula has the numbers in it, for other programs.
            let formula = frozen.expressions().0;
            let value = formula
                .evaluate(&|name| (name == "x").then_some(x))
                .unwrap();
            assert!(
                (value - frozen.value(&[], x)).abs() <= 1e-12 * (1.0 + value.abs()),
                "{text} at {x}"
            );
        }
    }
}

#[test]
fn functions_for_groups_are_held_to_the_bit() {
    for (text, channels) in [
        ("rational(3/2, share=group(2))", 8),
        ("rational(form=b, share=channel)", 4),
        ("rational(share=group(4), numerator=shared)", 8),
        ("swish(share=group(2))", 8),
        ("spline(9, share=channel)", 8),
    ] {
        let learned = activation(text);
        let mut coefficients = learned.start_coefficients(channels).unwrap();
        for (index, value) in coefficients.iter_mut().enumerate() {
            *value += 0.01 * index as f32;
        }
        let spec = learned.spec().frozen(&coefficients).unwrap();
        assert_eq!(spec.to_string().parse::<ActivationSpec>().unwrap(), spec);
        let frozen = Activation::new(&spec).unwrap();
        assert!(!frozen.is_learnable() && spec.is_by_channel());
        assert_eq!(frozen.channels(), Some(channels), "{text}");
        assert_eq!(frozen.start_coefficients(channels).unwrap(), coefficients);
        assert!(matches!(
            frozen.coefficient_tensors(2 * channels),
            Err(ActivationError::HeldChannels { .. })
        ));

        let x: Vec<f32> = (0..3 * channels).map(|i| 0.37 * i as f32 - 4.0).collect();
        let (mut of_learned, mut of_frozen) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        learned.forward(&coefficients, &x, None, channels, &mut of_learned);
        frozen.forward(&[], &x, None, channels, &mut of_frozen);
        assert_eq!(of_learned, of_frozen, "{text}");
        let (mut dx_learned, mut dx_frozen) = (vec![1.5; x.len()], vec![1.5; x.len()]);
        let mut unused = vec![0.0; coefficients.len()];
        learned.backward_in_place(
            &coefficients,
            &x,
            None,
            channels,
            &mut dx_learned,
            None,
            &mut unused,
        );
        frozen.backward_in_place(&[], &x, None, channels, &mut dx_frozen, None, &mut []);
        assert_eq!(dx_learned, dx_frozen, "{text}");

        // The groups differ, and each is the function of its own coefficients.
        let groups = frozen.fixed_groups();
        assert!(groups.len() > 1 && groups[0] != groups[1], "{text}");
        let width = channels / groups.len();
        for (channel, y) in of_frozen[..channels].iter().enumerate() {
            let exact = frozen.value(&groups[channel / width], f64::from(x[channel]));
            assert!(
                (exact - f64::from(*y)).abs() <= 1e-4 * (1.0 + exact.abs()),
                "{text}: channel {channel}"
            );
        }
        let report = run(&CheckOptions {
            only: vec![spec],
            ..CheckOptions::default()
        })
        .unwrap();
        assert!(report.passed, "{text}: {:?}", report.rows);
    }
    assert_eq!(activation("gelu").fixed_groups(), [Vec::<f64>::new()]);
}

#[test]
fn without_coefficients_it_holds_the_start() {
    let (start, frozen) = (activation("rational"), activation("frozen(rational)"));
    let coefficients = start.group_start();
    for x in [-3.0, -0.5, 0.0, 2.0] {
        let difference = start.value(&coefficients, x) - frozen.value(&[], x);
        // The frozen one has them as the kernels do, in single precision.
        assert!(difference.abs() < 1e-6, "{difference} at {x}");
    }
}

#[test]
fn a_rational_starts_from_a_frozen_one() {
    let frozen: ActivationSpec = "frozen(rational(3/2), [0.01, 0.5, 0.3, 0, 0.1, 0.2])"
        .parse()
        .unwrap();
    let again = activation(&format!("rational(5/4, start={frozen})"));
    let coefficients = again.group_start();
    let frozen = Activation::new(&frozen).unwrap();
    for x in [-4.0, -1.0, 0.5, 3.0] {
        let difference = again.value(&coefficients, x) - frozen.value(&[], x);
        assert!(difference.abs() < 1e-3, "{difference} at {x}");
    }
}

#[test]
fn a_function_for_each_layer_is_none_by_itself() {
    let error = Activation::new(&"layers([gelu, relu])".parse().unwrap()).unwrap_err();
    assert!(
        matches!(error, ActivationError::NoFunction { .. }),
        "{error}"
    );
}

#[test]
fn a_frozen_function_of_rows_is_one_of_rows() {
    let (learned, coefficients) = (activation("poly_norm"), [0.6_f32, 0.2, -0.1, 0.05]);
    let frozen = Activation::new(&learned.spec().frozen(&coefficients).unwrap()).unwrap();
    assert!(frozen.is_over_rows() && frozen.spec().is_over_rows());
    let (mut of_learned, mut of_frozen) = ([0.0; 8], [0.0; 8]);
    learned.forward(&coefficients, &INPUTS, None, 8, &mut of_learned);
    frozen.forward(&[], &INPUTS, None, 8, &mut of_frozen);
    assert_eq!(of_learned, of_frozen);
    let exact = coefficients.map(f64::from);
    let row = INPUTS.map(f64::from);
    assert_eq!(learned.row_value(&exact, &row), frozen.row_value(&[], &row));
    let formula = frozen.expressions().0.to_string();
    assert!(
        formula.contains("mean") && !formula.contains("a1"),
        "{formula}"
    );
    let refused = "rational(start=frozen(poly_norm))".parse::<ActivationSpec>();
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("normalises over a row")
    );
    assert!("glu(poly_norm)".parse::<ActivationSpec>().is_err());
}
