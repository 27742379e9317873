//! An interrupted run ends with the bytes of an uninterrupted one, at any number of threads.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;

use pliant_train::{Event, Start, TrainError, read_metrics};
use support::{moments, options, recipe, run, run_until, weights};

#[test]
fn interrupted_twice_with_other_threads_equals_uninterrupted() {
    interrupted_twice("train.precision=f32");
}

#[test]
fn interrupted_twice_with_other_threads_equals_uninterrupted_in_bf16() {
    interrupted_twice("train.precision=bf16");
}

fn interrupted_twice(precision: &str) {
    let recipe = recipe(&[
        precision,
        "model.dropout=0.1",
        "model.attention_dropout=0.1",
        "optimizer.group.activation.decay_towards=start",
        "optimizer.group.activation.weight_decay=0.1",
    ]);
    let folder = tempfile::tempdir().unwrap();
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    let uninterrupted = run(&recipe, &whole, &options(Start::Fresh, 2))
        .result
        .unwrap();

    let first = run_until(&recipe, &parts, &options(Start::Fresh, 1), 3);
    assert!(
        matches!(first.result, Err(TrainError::Interrupted { step: 3 })),
        "{:?}",
        first.result
    );
    let second = run_until(&recipe, &parts, &options(Start::Resume, 3), 7);
    assert!(
        matches!(second.result, Err(TrainError::Interrupted { step: 7 })),
        "{:?}",
        second.result
    );
    assert!(
        second
            .events
            .iter()
            .any(|event| matches!(event, Event::Started { step: 3, .. }))
    );
    let resumed = run(&recipe, &parts, &options(Start::Resume, 2))
        .result
        .unwrap();

    assert!(weights(&whole) == weights(&parts), "weights differ");
    assert!(moments(&whole, 12) == moments(&parts, 12), "moments differ");
    assert_eq!(uninterrupted.fairness, resumed.fairness);
    assert_eq!(uninterrupted.validation_loss, resumed.validation_loss);
    assert_eq!(uninterrupted.coefficients, resumed.coefficients);
    assert_eq!(uninterrupted.training_loss, resumed.training_loss);

    // Every step is recorded once, in order.
    let steps: Vec<u64> = read_metrics(&parts.join("metrics.jsonl"))
        .unwrap()
        .iter()
        .filter_map(|event| {
            if let Event::Step { step, .. } = event {
                Some(*step)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(steps, (1..=12).collect::<Vec<_>>());

    // A finished run is not trained again.
    let again = run(&recipe, &parts, &options(Start::Continue, 2));
    assert_eq!(again.result.unwrap().fairness, resumed.fairness);
    assert_eq!(again.events.len(), 1);
}

#[test]
fn a_process_killed_behind_its_checkpoint_repeats_the_lost_steps() {
    killed_behind_its_checkpoint("train.precision=f32");
}

#[test]
fn a_process_killed_behind_its_checkpoint_repeats_the_lost_steps_in_bf16() {
    killed_behind_its_checkpoint("train.precision=bf16");
}

fn killed_behind_its_checkpoint(precision: &str) {
    let recipe = recipe(&[precision]);
    let folder = tempfile::tempdir().unwrap();
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    run(&recipe, &whole, &options(Start::Fresh, 2))
        .result
        .unwrap();

    // What kill -9 leaves: a checkpoint at 4, one without DONE, a temporary folder, metrics beyond with a torn line.
    run_until(&recipe, &killed, &options(Start::Fresh, 2), 4)
        .result
        .unwrap_err();
    let checkpoints = killed.join("checkpoints");
    let unfinished = checkpoints.join("step-00000008");
    fs::create_dir(&unfinished).unwrap();
    fs::copy(
        checkpoints.join("step-00000004/model.safetensors"),
        unfinished.join("model.safetensors"),
    )
    .unwrap();
    fs::create_dir(checkpoints.join("temporary-00000008")).unwrap();
    let metrics = killed.join("metrics.jsonl");
    let mut text = fs::read_to_string(&metrics).unwrap();
    text.push_str("{\"event\":\"interrupted\",\"step\":6}\n{\"event\":\"st");
    fs::write(&metrics, text).unwrap();

    let resumed = run(&recipe, &killed, &options(Start::Resume, 2));
    resumed.result.unwrap();
    assert!(resumed.events.iter().any(
        |event| matches!(event, Event::Warning { message } if message.contains("step-00000008") && message.contains("DONE"))
    ));
    assert!(
        resumed
            .events
            .iter()
            .any(|event| matches!(event, Event::Started { step: 4, .. }))
    );
    assert!(!checkpoints.join("temporary-00000008").exists());
    assert!(weights(&whole) == weights(&killed), "weights differ");
    let events = read_metrics(&metrics).unwrap();
    assert!(!events.contains(&Event::Interrupted { step: 6 }));
    assert_eq!(
        events
            .iter()
            .filter(|event| matches!(event, Event::Step { .. }))
            .count(),
        12
    );
}

#[test]
fn the_newest_and_the_best_checkpoint_are_kept() {
    let recipe = recipe(&[
        "train.steps=10",
        "checkpoint.every=1",
        "checkpoint.keep=2",
        "validation.every=4",
    ]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let summary = run(&recipe, &out, &options(Start::Fresh, 2))
        .result
        .unwrap();
    let mut names: Vec<String> = fs::read_dir(out.join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let best = format!("step-{:08}", summary.best_step);
    let mut expected = vec![
        "best.json".to_owned(),
        "step-00000009".to_owned(),
        "step-00000010".to_owned(),
    ];
    if !expected.contains(&best) {
        expected.push(best);
    }
    expected.sort();
    assert_eq!(names, expected);
    let marker: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("checkpoints/best.json")).unwrap())
            .unwrap();
    assert_eq!(marker["step"], summary.best_step);
}
