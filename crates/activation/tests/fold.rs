//! Functions that neighbouring matrices can take in.
#![allow(clippy::unwrap_used)]

use pliant_activation::Activation;

fn activation(text: &str) -> Activation {
    Activation::new(&text.parse().unwrap()).unwrap()
}

#[test]
fn folds_are_the_same_function() {
    for (text, coefficients, function) in [
        ("prelu", vec![-0.3], "leaky_relu(-0.3)"),
        ("arelu", vec![1.7, 0.4], "leaky_relu("),
        ("swish", vec![-1.3], "silu"),
        ("series(1, base=gelu)", vec![0.7, -0.4], "gelu"),
        (
            "series(2, form=printed)",
            vec![0.7, -0.2, 0.5, 0.25],
            "relu",
        ),
    ] {
        let learned = activation(text);
        let fold = learned.fold(&coefficients).unwrap();
        assert!(
            fold.function.to_string().starts_with(function),
            "{text}: {}",
            fold.function
        );
        let fixed = Activation::new(&fold.function).unwrap();
        assert!(!fixed.is_learnable());
        for x in [-7.0, -1.1, -0.2, 0.0, 0.4, 2.5, 40.0] {
            let inner = fixed.value(&[], fold.input_scale * x + fold.input_shift);
            let folded = fold.output_scale * inner + fold.output_shift;
            let value = learned.value(&coefficients, x);
            assert!(
                (folded - value).abs() <= 1e-12 * (1.0 + value.abs()),
                "{text} at {x}: {folded}, {value}"
            );
        }
    }
}

#[test]
fn what_is_no_fixed_function_is_not_folded() {
    for (text, coefficients) in [
        ("rational", vec![0.1; 10]),
        ("series(2)", vec![0.7, 0.2, 0.5, -0.25]),
        ("series(1, form=composed)", vec![1.0, 0.5]),
        ("swish", vec![1e-5]),
        ("crrelu", vec![0.1]),
    ] {
        assert_eq!(activation(text).fold(&coefficients), None, "{text}");
    }
}
