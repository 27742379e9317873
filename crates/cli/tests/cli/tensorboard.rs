//! `--tensorboard`: event files in the folder of every run, and nothing else changes.

use std::fs;

use crate::{
    models::Model,
    rows,
    workplace::{Finished, Workplace},
};

/// Event files in a run folder.
fn files(workplace: &Workplace, run: &str) -> usize {
    let Ok(entries) = fs::read_dir(workplace.path(run).join("tensorboard")) else {
        return 0;
    };
    entries
        .filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_str().unwrap().starts_with("events.out.tfevents.")
        })
        .count()
}

#[test]
fn pretrain_records_and_trains_the_same() {
    let workplace = Workplace::nano();
    let run = |out: &str, more: &[&str]| -> Finished {
        workplace.succeed(&[&["pretrain", "--recipe", "nano.toml", "--out", out], more].concat())
    };
    run("with", &["--tensorboard"]);
    run("without", &[]);
    assert_eq!(
        (files(&workplace, "with"), files(&workplace, "without")),
        (1, 0)
    );
    let weights = |run: &str| workplace.read(&format!("{run}/model/model.safetensors"));
    assert!(weights("with") == weights("without"), "weights differ");
    // A finished run that is found again has nothing to record.
    run("with", &["--tensorboard", "--resume"]);
    assert_eq!(files(&workplace, "with"), 1);
}

#[test]
fn compare_and_finetune_record_in_the_folder_of_each_run() {
    let workplace = Workplace::nano();
    workplace.succeed(&[
        "compare",
        "--recipe",
        "nano.toml",
        "--seeds",
        "1-2",
        "--steps",
        "3",
        "--out",
        "twins",
        "--tensorboard",
    ]);
    for run in [
        "gelu/seed-1",
        "gelu/seed-2",
        "rational/seed-1",
        "rational/seed-2",
    ] {
        assert_eq!(files(&workplace, &format!("twins/{run}")), 1, "{run}");
    }

    let workplace = Workplace::with(Model::Rational);
    rows::rte(&workplace, "glue", 120, 30);
    workplace.succeed(&[
        "finetune",
        "--model",
        "model",
        "--task",
        "rte",
        "--data",
        "glue",
        "--examples",
        "16",
        "--epochs",
        "1",
        "--seeds",
        "1-2",
        "--out",
        "rte",
        "--tensorboard",
    ]);
    for run in ["rte/seed-1", "rte/seed-2"] {
        assert_eq!(files(&workplace, run), 1, "{run}");
    }
}

#[test]
fn a_record_that_cannot_be_written_is_an_error_behind_a_complete_run() {
    let workplace = Workplace::nano();
    fs::create_dir(workplace.path("run")).unwrap();
    let begun = [
        "pretrain",
        "--recipe",
        "nano.toml",
        "--out",
        "run",
        "--set",
        "train.steps=2",
    ];
    workplace.succeed(&begun);
    for name in ["summary.json", "metrics.jsonl"] {
        fs::remove_file(workplace.path("run").join(name)).unwrap();
    }
    fs::remove_dir_all(workplace.path("run/checkpoints")).unwrap();
    workplace.write("run/tensorboard", "a file where the folder should be");
    let finished = workplace.run(&[&begun[..], &["--tensorboard"]].concat());
    assert_eq!(finished.code, Some(1), "{finished}");
    assert!(finished.error().contains("run/tensorboard"), "{finished}");
    assert!(workplace.path("run/summary.json").is_file());
}
