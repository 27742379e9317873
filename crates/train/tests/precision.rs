//! `train.precision`: part of a run's identity, recorded, and close to f32.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;

use pliant_nn::Precision;
use pliant_train::evaluate::{EvaluationOptions, evaluate};
use pliant_train::{ErrorKind, Event, Start, TrainError, dry_run};
use support::{Ran, options, recipe, run, run_until};

fn losses(ran: &Ran) -> Vec<f64> {
    ran.events
        .iter()
        .filter_map(|event| {
            if let Event::Step { loss, .. } = event {
                Some(*loss)
            } else {
                None
            }
        })
        .collect()
}

#[test]
fn another_precision_is_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    run_until(
        &recipe(&["train.precision=bf16"]),
        &out,
        &options(Start::Fresh, 2),
        3,
    )
    .result
    .unwrap_err();
    for start in [Start::Resume, Start::Continue] {
        let error = run(&recipe(&[]), &out, &options(start, 2))
            .result
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let TrainError::OtherRecipe { differences, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(
            differences,
            ["train.precision: \"f32\" now, \"bf16\" in the run"]
        );
    }
}

#[test]
fn a_run_older_than_the_key_is_one_in_f32() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    run_until(&recipe(&[]), &out, &options(Start::Fresh, 2), 3)
        .result
        .unwrap_err();
    let saved = out.join("recipe.toml");
    let text = fs::read_to_string(&saved).unwrap();
    let older = text.replace("precision = \"f32\"\n", "");
    assert_ne!(text, older);
    fs::write(&saved, older).unwrap();
    let summary = run(&recipe(&[]), &out, &options(Start::Resume, 2))
        .result
        .unwrap();
    assert_eq!(summary.precision, "f32");
}

#[test]
fn run_summary_dry_run_and_evaluation_say_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let recipe = recipe(&["train.precision=bf16"]);
    let estimate = dry_run(
        &recipe,
        None,
        &options(Start::Fresh, 2),
        &mut |_: &Event| {},
    )
    .unwrap();
    assert_eq!(estimate.precision, "bf16");

    let ran = run(&recipe, &out, &options(Start::Fresh, 2));
    assert_eq!(ran.result.as_ref().unwrap().precision, "bf16");
    assert_eq!(losses(&ran)[0], estimate.loss);
    assert!(
        ran.events
            .iter()
            .any(|event| matches!(event, Event::Started { precision, .. } if precision == "bf16"))
    );

    let corpus = folder.path().join("text.txt");
    fs::write(&corpus, "the dog sees the cat .\n\n".repeat(50)).unwrap();
    let evaluated = [Precision::F32, Precision::Bf16].map(|precision| {
        let options = EvaluationOptions {
            sequence: 32,
            precision,
            threads: Some(2),
            ..EvaluationOptions::default()
        };
        let report = evaluate(&out.join("model"), &corpus, &options, &mut |_: &Event| {}).unwrap();
        assert_eq!(report.precision, precision.name());
        report.loss
    });
    assert_ne!(evaluated[0], evaluated[1], "nothing was rounded");
    assert!((evaluated[0] - evaluated[1]).abs() < 5e-3 * evaluated[0]);
}

/// The losses of single steps are means over few tokens; what counts is the curve.
fn smoothed(losses: &[f64]) -> Vec<f64> {
    losses
        .windows(10)
        .map(|window| window.iter().sum::<f64>() / 10.0)
        .collect()
}

#[test]
fn the_loss_curve_of_bf16_stays_beside_that_of_f32() {
    let folder = tempfile::tempdir().unwrap();
    let curve = |precision: &str| {
        let setting = format!("train.precision={precision}");
        let recipe = recipe(&[
            "model.hidden_size=64",
            "model.intermediate_size=128",
            "train.steps=150",
            "train.batch=16",
            "validation.every=0",
            &setting,
        ]);
        let ran = run(
            &recipe,
            &folder.path().join(precision),
            &options(Start::Fresh, 2),
        );
        ran.result.as_ref().unwrap();
        smoothed(&losses(&ran))
    };
    let (full, rounded) = (curve("f32"), curve("bf16"));
    assert!(full[0] - full.last().unwrap() > 0.5, "{full:?}");
    assert_ne!(full, rounded, "nothing was rounded");
    let distance = full
        .iter()
        .zip(&rounded)
        .map(|(a, b)| (a - b).abs() / a)
        .fold(0.0, f64::max);
    assert!(distance < 5e-3, "{distance}");
}
