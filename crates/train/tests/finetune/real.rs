//! Every task with its real files; needs the environment variable `PLIANT_DATA` (the folder with `glue/`, `squad/`,
//! `snli/`, `bert-base-uncased/`). A model of two small layers sees a few rows: what is asserted is that the parts and
//! metrics of each task arrive.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::PathBuf;

use pliant_nn::MaskedLanguageModel;
use pliant_train::finetune::{FinetuneOptions, SeedResult, TaskData};
use pliant_train::{TaskEvaluationOptions, evaluate_task};

use crate::world::{World, config, run, run_options};

fn data() -> PathBuf {
    PathBuf::from(
        env::var_os("PLIANT_DATA").expect("set PLIANT_DATA to the folder with the real data"),
    )
}

/// A small model with BERT's vocabulary.
fn world() -> World {
    let world = World::new("rational", "all");
    fs::copy(
        data().join("bert-base-uncased/tokenizer.json"),
        world.model().join("tokenizer.json"),
    )
    .unwrap();
    let mut config = config(30_522, "rational", "all+pooler");
    config.max_positions = 384;
    MaskedLanguageModel::new(&config, 1)
        .unwrap()
        .save(&world.model())
        .unwrap();
    world
}

fn tune(world: &World, task: &str, folder: PathBuf) -> (SeedResult, PathBuf) {
    let options = FinetuneOptions {
        epochs: 1,
        test_cap: Some(40),
        ..FinetuneOptions::new(
            world.model(),
            task.parse().unwrap(),
            TaskData::Folder(folder),
            "full".parse().unwrap(),
            Some(32),
        )
    };
    let out = world.path(&format!("run-{task}"));
    let result = run(&options, 1, &out, &run_options(2)).result.unwrap();
    assert_eq!(
        (result.rows["train"], result.rows["validation"]),
        (32, 32),
        "{task}"
    );
    (result, out.join("model"))
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn every_task_of_glue_is_trained_and_scored() {
    let world = world();
    for (task, metrics) in [
        ("cola", &["accuracy", "loss", "matthews"][..]),
        ("sst2", &["accuracy", "loss"]),
        ("stsb", &["loss", "pearson", "pearson_spearman", "spearman"]),
        ("qqp", &["accuracy", "accuracy_f1", "f1", "loss"]),
        (
            "mnli",
            &[
                "accuracy",
                "accuracy_matched",
                "accuracy_mismatched",
                "loss",
                "loss_matched",
                "loss_mismatched",
            ],
        ),
        ("qnli", &["accuracy", "loss"]),
        ("rte", &["accuracy", "loss"]),
    ] {
        let (result, _) = tune(&world, task, data().join("glue"));
        let test = result.test.unwrap();
        let names: BTreeSet<&str> = test.keys().map(String::as_str).collect();
        assert_eq!(names, metrics.iter().copied().collect(), "{task}");
        assert!(
            test.values().all(|value| value.is_finite()),
            "{task}: {test:?}"
        );
        let tested: usize = result
            .rows
            .iter()
            .filter(|(name, _)| name.starts_with("test"))
            .map(|(_, rows)| rows)
            .sum();
        assert_eq!(tested, if task == "mnli" { 80 } else { 40 }, "{task}");
        if task == "mnli" {
            let mean = f64::midpoint(test["accuracy_matched"], test["accuracy_mismatched"]);
            assert!((test["accuracy"] - mean).abs() < 1e-12);
        }
    }
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn a_model_of_mnli_is_scored_on_snli_and_one_of_squad_on_files_of_its_form() {
    let world = world();
    let (_, model) = tune(&world, "mnli", data().join("glue"));
    let lines = fs::read_to_string(data().join("snli/dev.jsonl")).unwrap();
    let some: Vec<&str> = lines.lines().take(300).collect();
    let file = world.path("snli.jsonl");
    fs::write(&file, some.join("\n")).unwrap();
    let options = TaskEvaluationOptions::default();
    let report = evaluate_task(&model, None, "snli".parse().unwrap(), &file, &options).unwrap();
    assert!(report.rows > 250 && report.rows <= 300, "{report:?}");
    assert!((0.0..=1.0).contains(&report.metrics["accuracy"]));

    let (result, model) = tune(&world, "squad", data().join("squad"));
    assert_eq!(result.primary, "f1");
    let xquad = data().join("xquad/xquad.en.json");
    let report = evaluate_task(&model, None, "squad".parse().unwrap(), &xquad, &options).unwrap();
    assert_eq!(report.rows, 1190);
    assert!(report.metrics["f1"] >= report.metrics["exact_match"]);
}
