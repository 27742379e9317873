//! `pliant eval --task`: a fine-tuned model on labelled rows, its own task's and others'.

use serde_json::Value;

use crate::{models::Model, rows, workplace::Workplace};

#[test]
fn the_development_part_scores_as_in_training() {
    let workplace = Workplace::with(Model::Rational);
    rows::rte(&workplace, "glue", 80, 30);
    let trained = workplace.succeed(&[
        "finetune", "--model", "model", "--task", "rte", "--data", "glue", "--epochs", "1",
        "--out", "rte", "--json",
    ]);
    let accuracy = trained.json()["seeds"][0]["test"]["accuracy"].clone();
    // The folder, and the file in it.
    for data in ["glue", "glue/RTE/dev.tsv"] {
        let report = workplace
            .succeed(&[
                "eval",
                "--model",
                "rte/seed-1/model",
                "--task",
                "rte",
                "--data",
                data,
                "--json",
            ])
            .json();
        assert_eq!(
            (&report["task"], &report["rows"]),
            (&"rte".into(), &30.into())
        );
        assert_eq!(report["metrics"]["accuracy"], accuracy, "{data}");
    }
}

#[test]
fn a_model_is_scored_on_another_task_without_training() {
    let workplace = Workplace::with(Model::Topic);
    // The form of SNLI with the labels of the model: names count, not their order.
    let mut lines = String::new();
    for row in 0..40 {
        let (text, topic) = rows::sentence(9, row);
        lines += &serde_json::json!({"sentence": text, "kind": topic}).to_string();
        lines.push('\n');
    }
    workplace.write("other.jsonl", &lines);
    let own = [
        "eval",
        "--model",
        "model",
        "--task",
        "own",
        "--data",
        "other.jsonl",
        "--text-columns",
        "sentence",
        "--label-column",
        "kind",
    ];
    let report = workplace.succeed(&[&own[..], &["--json"]].concat()).json();
    assert_eq!(report["rows"], 40);
    assert!(
        report["metrics"]["accuracy"].as_f64().unwrap() >= 0.9,
        "{report}"
    );
    let shown = workplace.succeed(&own).stdout;
    assert!(
        shown.contains("accuracy") && shown.contains("rows"),
        "{shown}"
    );
}

#[test]
fn questions_of_any_file_of_that_form_are_scored() {
    let workplace = Workplace::with(Model::Answer);
    rows::squad(&workplace, "shifted.json", 31, 20);
    let report = workplace
        .succeed(&[
            "eval",
            "--model",
            "model",
            "--task",
            "squad",
            "--data",
            "shifted.json",
            "--json",
        ])
        .json();
    assert_eq!(report["rows"], 20);
    let metric = |name: &str| report["metrics"][name].as_f64().unwrap();
    assert!(
        metric("exact_match") >= 70.0 && metric("f1") >= metric("exact_match"),
        "{report}"
    );
    assert_eq!(report["metrics"].get("loss"), None::<&Value>);
}
