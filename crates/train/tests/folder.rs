//! What a run does with the folder it is given.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;

use pliant_train::{ErrorKind, Start, TrainError};
use support::{options, recipe, run, run_until};

/// Message and hint.
fn told(error: &TrainError) -> String {
    format!("{error}\nhint: {}", error.hint().unwrap_or_default())
}

#[test]
fn folders_that_hold_something_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let small = recipe(&["train.steps=3"]);

    let error = run(&small, &out, &options(Start::Resume, 1))
        .result
        .unwrap_err();
    assert!(
        told(&error).contains("holds no run to resume")
            && told(&error).contains("without --resume"),
        "{}",
        told(&error)
    );
    assert!(!out.exists());

    fs::create_dir(&out).unwrap();
    fs::write(out.join("thesis.txt"), "mine").unwrap();
    let error = run(&small, &out, &options(Start::Fresh, 1))
        .result
        .unwrap_err();
    assert!(told(&error).contains("`thesis.txt`"), "{}", told(&error));
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    fs::remove_file(out.join("thesis.txt")).unwrap();

    run_until(&small, &out, &options(Start::Fresh, 1), 1)
        .result
        .unwrap_err();
    let error = run(&small, &out, &options(Start::Fresh, 1))
        .result
        .unwrap_err();
    assert!(
        told(&error).contains("holds a run already") && told(&error).contains("--resume"),
        "{}",
        told(&error)
    );

    let other = recipe(&[
        "train.steps=3",
        "train.seed=2",
        "optimizer.group.activation.learning_rate=0.1",
    ]);
    let error = run(&other, &out, &options(Start::Resume, 1))
        .result
        .unwrap_err();
    let text = told(&error);
    assert!(text.contains("train.seed: 2 now, 1 in the run"), "{text}");
    assert!(
        text.contains("optimizer.group.activation.learning_rate: 0.1 now, 0.003 in the run"),
        "{text}"
    );
    assert!(!text.contains("train.steps"), "{text}");
}

#[test]
fn a_run_without_a_checkpoint_cannot_be_resumed_but_continued() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let small = recipe(&["train.steps=2"]);
    run_until(&small, &out, &options(Start::Fresh, 1), 1)
        .result
        .unwrap_err();
    let done = out.join("checkpoints/step-00000001/DONE");
    fs::remove_file(&done).unwrap();
    let error = run(&small, &out, &options(Start::Resume, 1))
        .result
        .unwrap_err();
    assert!(
        told(&error).contains("no completed checkpoint"),
        "{}",
        told(&error)
    );
    let summary = run(&small, &out, &options(Start::Continue, 1))
        .result
        .unwrap();
    assert_eq!(summary.steps, 2);
}

#[test]
fn a_folder_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let small = recipe(&["train.steps=2"]);
    let mut second = None;
    let (inner_recipe, inner_out) = (small.clone(), out.clone());
    let mut sink = |event: &pliant_train::Event| {
        if matches!(event, pliant_train::Event::Started { .. }) {
            second = Some(
                run(&inner_recipe, &inner_out, &options(Start::Continue, 1))
                    .result
                    .unwrap_err(),
            );
        }
    };
    pliant_train::run(&small, &out, &options(Start::Fresh, 1), &mut sink).unwrap();
    let text = told(&second.unwrap());
    assert!(text.contains("another process is running in"), "{text}");
}

#[test]
fn a_damaged_checkpoint_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let small = recipe(&["train.steps=4"]);
    run_until(&small, &out, &options(Start::Fresh, 1), 2)
        .result
        .unwrap_err();
    let checkpoint = out.join("checkpoints/step-00000002");

    let file = checkpoint.join("optimizer.safetensors");
    let whole = fs::read(&file).unwrap();
    let mut altered = whole.clone();
    *altered.last_mut().unwrap() ^= 1;
    fs::write(&file, &altered).unwrap();
    let text = told(
        &run(&small, &out, &options(Start::Resume, 1))
            .result
            .unwrap_err(),
    );
    assert!(
        text.contains("optimizer.safetensors: its SHA-256") && text.contains("delete the folder"),
        "{text}"
    );

    fs::write(&file, &whole[..whole.len() - 5]).unwrap();
    let text = told(
        &run(&small, &out, &options(Start::Resume, 1))
            .result
            .unwrap_err(),
    );
    assert!(text.contains("optimizer.safetensors: it has"), "{text}");

    fs::write(&file, &whole).unwrap();
    fs::remove_file(checkpoint.join("model.safetensors")).unwrap();
    let text = told(
        &run(&small, &out, &options(Start::Resume, 1))
            .result
            .unwrap_err(),
    );
    assert!(text.contains("model.safetensors: it is missing"), "{text}");
}

#[test]
fn a_file_in_the_way_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("file");
    fs::write(&out, "").unwrap();
    let error = run(&recipe(&[]), &out, &options(Start::Fresh, 1))
        .result
        .unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Failed);
}
