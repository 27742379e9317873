//! Optimizer groups that keep their values for a while, or have the same ones in all layers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use pliant_nn::MaskedLanguageModel;
use pliant_train::{Event, Recipe, Start, TrainError};
use support::{Ran, moments, options, recipe, run, run_until, weights};

const NUMERATORS: [&str; 2] = [
    "bert.encoder.layer.0.intermediate.activation.numerator",
    "bert.encoder.layer.1.intermediate.activation.numerator",
];

fn values(out: &Path) -> BTreeMap<String, Vec<f32>> {
    let model = MaskedLanguageModel::load(&out.join("model")).unwrap();
    let names = model.parameters().iter().map(|info| info.name.clone());
    names
        .enumerate()
        .map(|(index, name)| (name, model.read(index)))
        .collect()
}

fn trained(settings: &[&str], out: &Path) -> Ran {
    let ran = run(&recipe(settings), out, &options(Start::Fresh, 2));
    assert!(ran.result.is_ok(), "{:?}", ran.result);
    ran
}

#[test]
fn tied_layers_learn_one_function() {
    let folder = tempfile::tempdir().unwrap();
    let [tied, free] = ["tied", "free"].map(|name| folder.path().join(name));
    let ran = trained(&["optimizer.group.activation.tied=true"], &tied);
    trained(&[], &free);
    let (tied_values, free_values) = (values(&tied), values(&free));
    let [first, second] = NUMERATORS.map(|name| &tied_values[name]);
    assert_eq!(first, second);
    assert_ne!(free_values[NUMERATORS[0]], free_values[NUMERATORS[1]]);
    // It is not that of the first layer alone.
    assert_ne!(*first, free_values[NUMERATORS[0]]);
    let Some(Event::Started { groups, .. }) = ran
        .events
        .iter()
        .find(|event| matches!(event, Event::Started { .. }))
    else {
        panic!("no start report")
    };
    assert!(groups[0].tied && !groups[1].tied);
}

#[test]
fn an_interrupted_run_of_tied_layers_ends_with_the_same_bytes() {
    let recipe = recipe(&[
        "optimizer.group.activation.tied=true",
        "optimizer.group.activation.hold=2",
    ]);
    let folder = tempfile::tempdir().unwrap();
    let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
    run(&recipe, &whole, &options(Start::Fresh, 2))
        .result
        .unwrap();
    let first = run_until(&recipe, &parts, &options(Start::Fresh, 1), 5);
    assert!(matches!(
        first.result,
        Err(TrainError::Interrupted { step: 5 })
    ));
    run(&recipe, &parts, &options(Start::Resume, 3))
        .result
        .unwrap();
    assert!(weights(&whole) == weights(&parts), "weights differ");
    assert!(moments(&whole, 12) == moments(&parts, 12), "moments differ");
}

#[test]
fn a_held_group_keeps_its_values_and_then_learns() {
    let folder = tempfile::tempdir().unwrap();
    let [held, part] = ["held", "part"].map(|name| folder.path().join(name));
    let ran = trained(&["optimizer.group.activation.hold=1.0"], &held);
    let model = MaskedLanguageModel::load(&held.join("model")).unwrap();
    let start: Vec<f32> = model.sites()[0].activation.start_coefficients(32).unwrap();
    assert_eq!(values(&held)[NUMERATORS[0]], start[..6]);
    let rates: Vec<f64> = ran
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Step { learning_rates, .. } => Some(learning_rates[0]),
            _ => None,
        })
        .collect();
    assert_eq!(rates, [0.0; 12]);
    trained(&["optimizer.group.activation.hold=0.5"], &part);
    assert_ne!(values(&part)[NUMERATORS[0]], start[..6]);
}

#[test]
fn numerator_and_denominator_have_rates_of_their_own() {
    let text = "
        [[optimizer.group]]
        name = \"denominators\"
        roles = [\"activation\"]
        match = \"*.denominator\"
        learning_rate = 0.0
        [[optimizer.group]]
        name = \"numerators\"
        roles = [\"activation\"]
        [[optimizer.group]]
        name = \"rest\"
        match = \"*\"
    ";
    let path = Path::new("test.toml");
    let small = recipe(&[]);
    let groups = Recipe::parse(path, text, &[]).unwrap().groups;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let recipe = Recipe { groups, ..small };
    let ran = run(&recipe, &out, &options(Start::Fresh, 2));
    assert!(ran.result.is_ok(), "{:?}", ran.result);
    let model = MaskedLanguageModel::load(&out.join("model")).unwrap();
    let start = model.sites()[0].activation.start_coefficients(32).unwrap();
    let learned = values(&out);
    assert_ne!(learned[NUMERATORS[0]], start[..6]);
    assert_eq!(
        learned["bert.encoder.layer.0.intermediate.activation.denominator"],
        start[6..]
    );
    // The fixed twin has neither group.
    let mut twin = recipe;
    twin.activation.function = "gelu".parse().unwrap();
    let ran = run(
        &twin,
        &folder.path().join("twin"),
        &options(Start::Fresh, 2),
    );
    assert!(ran.result.is_ok(), "{:?}", ran.result);
}

#[test]
fn what_cannot_be_tied_or_held_is_refused() {
    let refused = |text: &str| {
        let error = Recipe::parse(Path::new("test.toml"), text, &[]).unwrap_err();
        error.to_string()
    };
    let all = refused("[[optimizer.group]]\nname = \"all\"\nmatch = \"*\"\ntied = true\n");
    assert!(all.contains("roles = [\"activation\"]"), "{all}");
    let long = refused(
        "[train]\nsteps = 10\n[[optimizer.group]]\nname = \"all\"\nmatch = \"*\"\nhold = 11\n",
    );
    assert!(long.contains("optimizer.group.all.hold"), "{long}");

    let two = recipe(&[
        "optimizer.group.activation.tied=true",
        "activation.function=layers([swish, swish(2)])",
    ]);
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&two, &folder.path().join("run"), &options(Start::Fresh, 2));
    let error = ran.result.unwrap_err();
    assert!(matches!(error, TrainError::Untied { .. }), "{error}");
    assert!(error.to_string().contains("layer.1"), "{error}");
    assert!(error.hint().is_some());
}
