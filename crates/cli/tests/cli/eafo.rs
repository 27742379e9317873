//! `pliant act eafo`.

use serde_json::Value;

use crate::workplace::Workplace;

fn trained() -> Workplace {
    let workplace = Workplace::nano();
    workplace.succeed(&["pretrain", "--recipe", "nano.toml", "--out", "run"]);
    workplace
}

fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().unwrap();
    list.iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn relu_under_standard_normal_inputs_is_crrelu() {
    let workplace = Workplace::empty();
    let document = workplace.succeed(&["act", "eafo", "--json"]).json();
    let only = &document["corrections"][0];
    assert_eq!(only["name"], "eafo-relu");
    let bell = |x: f64| x * (-0.5 * x * x).exp();
    for place in only["places"].as_array().unwrap() {
        let x = place["x"].as_f64().unwrap();
        let correction = place["correction"].as_f64().unwrap();
        assert!((correction - bell(x)).abs() < 1e-6, "{place}");
    }
    let table = &only["table"];
    let (low, high) = (
        table["low"].as_f64().unwrap(),
        table["high"].as_f64().unwrap(),
    );
    let values = numbers(&table["values"]);
    assert_eq!(values.len(), 65);
    for (k, value) in values.iter().enumerate() {
        let x = low + (high - low) * k as f64 / 64.0;
        assert!((value - bell(x)).abs() < 1e-6, "{x}: {value}");
    }
    // The emitted activation is one: its formulas, gradients and kernels hold.
    let activation = only["activation"].as_str().unwrap();
    assert!(activation.starts_with("corrected(table=["), "{activation}");
    workplace.succeed(&["act", "check", activation]);
}

#[test]
fn a_run_gives_a_correction_for_each_layer_which_recipes_use_by_name() {
    let workplace = trained();
    workplace.write("named.toml", "# mine\n[activations]\nbent = \"swish(2)\"\n");
    let arguments = [
        "act",
        "eafo",
        "--from",
        "gelu",
        "--run",
        "run",
        "--knots",
        "33",
        "--out",
        "named.toml",
        "--picture",
        "corrections.svg",
    ];
    let text = workplace.succeed(&arguments).stdout;
    for word in [
        "eafo-layer0: gelu corrected for the inputs of layer.0",
        "8,192 inputs of run at step 20",
        "it does not increase: the correction is 0 there",
        "33 knots",
        "activation.function = \"@named.toml:eafo\"",
        "picture: corrections.svg",
    ] {
        assert!(text.contains(word), "{word}\n{text}");
    }
    let library = String::from_utf8(workplace.read("named.toml")).unwrap();
    assert!(
        library.starts_with("# mine\n[activations]\nbent = \"swish(2)\"\n"),
        "{library}"
    );
    let picture = String::from_utf8(workplace.read("corrections.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("layer.1 · eafo-layer1"));
    // Names that are taken stay what they are.
    let again = workplace.run(&arguments);
    assert_eq!(again.code, Some(2), "{again}");
    assert!(
        again
            .error()
            .contains("has an activation `eafo-layer0` already"),
        "{again}"
    );
    assert_eq!(
        String::from_utf8(workplace.read("named.toml")).unwrap(),
        library
    );
    // Each layer has its own correction, and they train.
    workplace.succeed(&[
        "pretrain",
        "--recipe",
        "nano.toml",
        "--set",
        "activation.function=@named.toml:eafo",
        "--set",
        "train.steps=4",
        "--out",
        "corrected",
    ]);
    let sites = workplace.json("corrected/shapes/inputs.json")["sites"].clone();
    let activation = |site: usize| sites[site]["activation"].as_str().unwrap().to_owned();
    assert!(activation(0).starts_with("corrected(gelu, table=["));
    assert_ne!(activation(0), activation(1));
    let coefficient = |when: &str| sites[0][when][0]["values"][0].as_f64().unwrap();
    assert!((coefficient("start") - 0.01).abs() < 1e-8);
    assert!((coefficient("learned") - coefficient("start")).abs() > 1e-8);
}

#[test]
fn one_site_alone() {
    let workplace = trained();
    let arguments = ["act", "eafo", "--run", "run", "--site", "layer1", "--json"];
    let document = workplace.succeed(&arguments).json();
    let corrections = document["corrections"].as_array().unwrap();
    assert_eq!(corrections.len(), 1);
    assert_eq!(corrections[0]["site"], "layer.1");
    assert_eq!(corrections[0]["name"], "eafo-layer1");
    assert_eq!(corrections[0]["inputs"]["samples"], 8192);
    assert!(document["together"].is_null());
    // The correction follows the density: largest where the inputs are, nothing far from them.
    let places = corrections[0]["places"].as_array().unwrap();
    let largest = places
        .iter()
        .map(|place| place["correction"].as_f64().unwrap().abs())
        .fold(0.0, f64::max);
    assert!((0.3..0.607).contains(&largest), "{largest}");
}

#[test]
fn what_has_no_correction_is_refused_with_the_reason() {
    let workplace = trained();
    let refused = |name: &str, arguments: &[&str]| {
        let all: Vec<&str> = ["act", "eafo"]
            .into_iter()
            .chain(arguments.iter().copied())
            .collect();
        let finished = workplace.run(&all);
        assert_eq!(finished.code, Some(2), "{finished}");
        insta::assert_snapshot!(name, finished.error());
    };
    refused("eafo_unknown_site", &["--run", "run", "--site", "layer7"]);
    refused("eafo_no_run", &["--run", "text"]);
    refused("eafo_site_without_run", &["--site", "layer1"]);
    refused(
        "eafo_constant",
        &["--from", "frozen(polynomial(1), [2, 0])"],
    );
    refused(
        "eafo_falling",
        &["--from", "frozen(polynomial(1), [0, -1])"],
    );
    refused("eafo_learnable", &["--from", "rational"]);
    refused("eafo_knots", &["--knots", "2"]);
    refused("eafo_foreign_file", &["--out", "nano.toml"]);
    std::fs::remove_file(workplace.path("run/shapes/inputs.json")).unwrap();
    refused("eafo_no_inputs", &["--run", "run"]);
}
