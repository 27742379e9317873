//! `pliant act`.

use crate::workplace::Workplace;

#[test]
fn the_fit_of_gelu_is_as_good_as_promised() {
    let workplace = Workplace::empty();
    let arguments = [
        "act",
        "fit",
        "gelu",
        "--form",
        "a",
        "--degrees",
        "5/4",
        "--range=-5,5",
        "--json",
    ];
    let fit = workplace.succeed(&arguments).json();
    assert_eq!(fit["numerator"].as_array().map(Vec::len), Some(6), "{fit}");
    assert_eq!(
        fit["denominator"].as_array().map(Vec::len),
        Some(4),
        "{fit}"
    );
    let coefficients = |name: &str| -> Vec<f64> {
        fit[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|number| number.as_f64().unwrap())
            .collect()
    };
    let (numerator, denominator) = (coefficients("numerator"), coefficients("denominator"));
    // The printed coefficients are the fit: form A evaluated here, against GELU by its definition.
    let worst = (-500..=500)
        .map(|index| {
            let x = f64::from(index) / 100.0;
            let p: f64 = numerator.iter().rev().fold(0.0, |sum, a| sum * x + a);
            let q: f64 = 1.0
                + denominator
                    .iter()
                    .zip(1..)
                    .map(|(b, k)| b.abs() * x.abs().powi(k))
                    .sum::<f64>();
            (p / q - gelu(x)).abs()
        })
        .fold(0.0, f64::max);
    assert!(worst <= 2.6e-3, "{worst}");
}

/// x Φ(x), with Φ by Simpson's rule on the density.
fn gelu(x: f64) -> f64 {
    let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let pieces = 400;
    let width = x / f64::from(pieces);
    let sum: f64 = (0..pieces)
        .map(|piece| {
            let low = f64::from(piece) * width;
            density(low) + 4.0 * density(low + width / 2.0) + density(low + width)
        })
        .sum();
    x * (0.5 + sum * width / 6.0)
}

#[test]
fn the_text_of_a_fit_has_coefficients_and_errors() {
    let text = Workplace::empty()
        .succeed(&[
            "act",
            "fit",
            "tanh",
            "--form",
            "b",
            "--degrees",
            "3/2",
            "--range",
            "-3,3",
        ])
        .stdout;
    for word in ["numerator", "denominator", "maximum", "rms"] {
        assert!(text.contains(word), "{word}\n{text}");
    }
}

#[test]
fn the_list_has_every_family() {
    let text = Workplace::empty().succeed(&["act", "list"]).stdout;
    for name in [
        "identity",
        "gelu",
        "gelu_tanh",
        "relu",
        "leaky_relu",
        "silu",
        "tanh",
        "sigmoid",
        "rational",
        "glu",
    ] {
        assert!(text.contains(name), "{name}\n{text}");
    }
}

#[test]
fn an_imported_table_is_held_to_its_name() {
    let workplace = Workplace::empty();
    // ReLU's neighbour: the identity under every form, and a table that is no GELU.
    workplace.write(
        "init.json",
        r#"{"identity": {"init_w_numerator": [0, 1, 0, 0, 0, 0], "init_w_denominator": [0, 0, 0, 0]},
            "gelu": {"init_w_numerator": [0, 1, 0, 0, 0, 0], "init_w_denominator": [0, 0, 0, 0]}}"#,
    );
    let report = workplace.succeed(&["act", "import", "init.json"]).stdout;
    assert!(
        report.contains("identity") && report.contains("gelu"),
        "{report}"
    );
    workplace
        .succeed(&["act", "import", "init.json", "--json"])
        .json();
    workplace.write("none.json", "{");
    let finished = workplace.run(&["act", "import", "none.json"]);
    assert_eq!(finished.code, Some(3), "{finished}");
}

#[test]
fn unknown_targets_and_forms_are_refused() {
    let workplace = Workplace::empty();
    for arguments in [
        &["act", "fit", "glu"][..],
        &["act", "fit", "gelu", "--form", "z"],
    ] {
        let finished = workplace.run(arguments);
        assert_eq!(finished.code, Some(2), "{finished}");
    }
}
