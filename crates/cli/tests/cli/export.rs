//! `export`: a model of a run for other programs.

use crate::{models::Model, workplace::Workplace};

#[test]
fn a_folder_without_a_model_and_an_unknown_format() {
    let workplace = Workplace::nano();
    let finished = workplace.run(&["export", "--to", "hf", "--model", "nothing", "--out", "out"]);
    assert_eq!(finished.code, Some(2), "{finished}");
    assert!(
        finished.error().contains("it has no config.json"),
        "{finished}"
    );
    let finished = workplace.run(&["export", "--to", "tf", "--model", "nothing", "--out", "out"]);
    assert_eq!(finished.code, Some(2), "{finished}");
    assert!(finished.error().contains("hf"), "{finished}");
}

#[test]
fn an_onnx_file_of_each_precision_and_of_the_encoder_alone() {
    let workplace = Workplace::with(Model::Topic);
    let export = |arguments: &[&str]| {
        let all = [
            &[
                "export",
                "--to",
                "onnx",
                "--model",
                "model",
                "--out",
                "topic.onnx",
            ],
            arguments,
        ]
        .concat();
        workplace.succeed(&all)
    };
    let whole = export(&[]);
    assert!(
        whole
            .stdout
            .contains("classification model in topic.onnx: logits; opset 17, "),
        "{whole}"
    );
    let full = workplace.read("topic.onnx").len();
    let half = export(&["--half", "--json"]).json();
    assert_eq!(
        (&half["element"], &half["kind"]),
        (&"f16".into(), &"classification".into())
    );
    assert!(workplace.read("topic.onnx").len() < full * 3 / 4);
    let encoder = export(&["--encoder-only", "--json"]).json();
    assert_eq!(encoder["outputs"][0], "last_hidden_state");
}

#[test]
fn what_onnx_and_its_options_refuse() {
    let workplace = Workplace::with(Model::Topic);
    let refused = |arguments: &[&str], part: &str| {
        let finished = workplace.run(&[&["export", "--model", "model"], arguments].concat());
        assert_eq!(finished.code, Some(2), "{finished}");
        assert!(
            finished.error().contains(part) && finished.stderr.contains("hint: "),
            "{finished}"
        );
    };
    refused(
        &["--to", "hf", "--out", "out", "--half"],
        "--half has no meaning with --to hf",
    );
    refused(&["--to", "onnx", "--out", "model"], "model is a folder");
    refused(
        &["--to", "onnx", "--out", "model/config.json"],
        "did not export",
    );
    refused(
        &["--to", "onnx", "--out", "m.onnx", "--adapter", "nothing"],
        "nothing",
    );
}
