//! Task models as folders, and on the encoders of others.

use std::fs;
use std::path::Path;

use pliant_nn::{MaskedLanguageModel, ModelError, TaskHead, TaskModel};
use serde_json::{Value, json};

use crate::support::task::{TaskRows, heads, task_config, three_labels};

fn logits(model: &TaskModel) -> Vec<f32> {
    let batch = TaskRows::new(7, 6, 16, model.config());
    model.logits(&batch.input(model.head())).unwrap()
}

fn document(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join("config.json")).unwrap()).unwrap()
}

fn values(model: &TaskModel, of_encoder: bool) -> Vec<(String, Vec<f32>)> {
    model
        .parameters()
        .iter()
        .enumerate()
        .filter(|(_, info)| info.name.starts_with("bert.e") == of_encoder)
        .map(|(index, info)| (info.name.clone(), model.read(index)))
        .collect()
}

#[test]
fn round_trip_is_identical_to_the_byte() {
    for head in heads() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut model = TaskModel::new(&task_config(), head.clone(), 3).unwrap();
        model.set_dropout(0.2, 0.3).unwrap();
        model.save(first.path()).unwrap();
        assert!(TaskModel::is_in(first.path()).unwrap());
        let loaded = TaskModel::load(first.path()).unwrap();
        assert_eq!(loaded.head(), &head);
        assert_eq!(loaded.config(), model.config());
        assert_eq!(loaded.config().attention_dropout, 0.3);
        assert_eq!(loaded.parameters(), model.parameters());
        assert_eq!(logits(&loaded), logits(&model));
        loaded.save(second.path()).unwrap();
        for file in ["config.json", "model.safetensors"] {
            assert!(
                fs::read(first.path().join(file)).unwrap()
                    == fs::read(second.path().join(file)).unwrap(),
                "{file}"
            );
        }
    }
}

#[test]
fn the_configuration_has_hugging_faces_keys() {
    let folder = tempfile::tempdir().unwrap();
    let saved = |head: TaskHead| {
        let model = TaskModel::new(&task_config(), head, 3).unwrap();
        model.save(folder.path()).unwrap();
        document(folder.path())
    };
    let classes = saved(three_labels());
    assert_eq!(
        classes["architectures"],
        json!(["BertForSequenceClassification"])
    );
    assert_eq!(classes["problem_type"], "single_label_classification");
    assert_eq!(classes["num_labels"], 3);
    assert_eq!(
        classes["id2label"],
        json!({"0": "no", "1": "perhaps", "2": "yes"})
    );
    assert_eq!(
        classes["label2id"],
        json!({"no": 0, "perhaps": 1, "yes": 2})
    );
    let regression = saved(TaskHead::Regression);
    assert_eq!(regression["problem_type"], "regression");
    assert_eq!(regression["num_labels"], 1);
    let span = saved(TaskHead::Span);
    assert_eq!(span["architectures"], json!(["BertForQuestionAnswering"]));
    assert_eq!(span.get("num_labels"), None);
}

/// A model with more than ten labels keeps their order.
#[test]
fn labels_are_in_the_order_of_their_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let labels: Vec<String> = (0..12)
        .map(|label| format!("label {}", 30 - label))
        .collect();
    let head = TaskHead::Classification { labels };
    let model = TaskModel::new(&task_config(), head.clone(), 3).unwrap();
    model.save(folder.path()).unwrap();
    assert_eq!(TaskModel::load(folder.path()).unwrap().head(), &head);
}

#[test]
fn names_are_hugging_faces() {
    let names = |head: TaskHead| -> Vec<String> {
        let model = TaskModel::new(&task_config(), head, 3).unwrap();
        values(&model, false)
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    };
    assert_eq!(
        names(three_labels()),
        [
            "bert.pooler.dense.weight",
            "bert.pooler.dense.bias",
            "bert.pooler.activation.numerator",
            "bert.pooler.activation.denominator",
            "classifier.weight",
            "classifier.bias"
        ]
    );
    assert_eq!(
        names(TaskHead::Span),
        ["qa_outputs.weight", "qa_outputs.bias"]
    );
}

#[test]
fn a_head_on_a_pre_trained_encoder_is_drawn_from_its_seed() {
    let folder = tempfile::tempdir().unwrap();
    let base = MaskedLanguageModel::new(&task_config(), 21).unwrap();
    base.save(folder.path()).unwrap();
    assert!(!TaskModel::is_in(folder.path()).unwrap());
    for head in heads() {
        let model = TaskModel::from_encoder(folder.path(), head.clone(), 4).unwrap();
        for (index, info) in base.parameters().iter().enumerate() {
            let own = values(&model, true);
            if let Some((_, values)) = own.iter().find(|(name, _)| *name == info.name) {
                assert_eq!(values, &base.read(index), "{}", info.name);
            } else {
                assert!(info.name.starts_with("cls."), "{}", info.name);
            }
        }
        let fresh = TaskModel::new(&task_config(), head.clone(), 4).unwrap();
        assert_eq!(values(&model, false), values(&fresh, false));
        let other = TaskModel::from_encoder(folder.path(), head, 5).unwrap();
        assert_ne!(values(&model, false), values(&other, false));
        assert_eq!(values(&model, true), values(&other, true));
    }
}

#[test]
fn a_head_is_kept_if_it_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let model = TaskModel::new(&task_config(), three_labels(), 21).unwrap();
    model.save(folder.path()).unwrap();
    let same = TaskModel::from_encoder(folder.path(), three_labels(), 4).unwrap();
    assert_eq!(values(&same, false), values(&model, false));
    assert_eq!(logits(&same), logits(&model));

    let labels = ["a", "b", "c"].map(str::to_owned).to_vec();
    let head = TaskHead::Classification { labels };
    let other = TaskModel::from_encoder(folder.path(), head.clone(), 4).unwrap();
    assert_eq!(values(&other, true), values(&model, true));
    let fresh = TaskModel::new(&task_config(), head, 4).unwrap();
    assert_eq!(values(&other, false), values(&fresh, false));

    let span = TaskModel::from_encoder(folder.path(), TaskHead::Span, 4).unwrap();
    assert_eq!(values(&span, true), values(&model, true));
}

/// The pooler's weight does not depend on whether its function learns.
#[test]
fn models_that_differ_in_the_activation_start_from_equal_weights() {
    let mut fixed = task_config();
    fixed.sites = "none".parse().unwrap();
    let learnable = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    let fixed = TaskModel::new(&fixed, three_labels(), 3).unwrap();
    let all = [values(&learnable, true), values(&learnable, false)].concat();
    for (name, own) in [values(&fixed, true), values(&fixed, false)].concat() {
        let other = all.iter().find(|(other, _)| *other == name).unwrap();
        assert_eq!(own, other.1, "{name}");
    }
}

#[test]
fn folders_of_other_models_are_named() {
    let (task, language) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    model.save(task.path()).unwrap();
    MaskedLanguageModel::new(&task_config(), 3)
        .unwrap()
        .save(language.path())
        .unwrap();
    let error = MaskedLanguageModel::load(task.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("holds a classification model, not a masked-language model"),
        "{error}"
    );
    assert!(error.hint().is_some());
    let error = TaskModel::load(language.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("holds a masked-language model, not a task model"),
        "{error}"
    );
    assert!(error.hint().is_some());
}

#[test]
fn tensors_that_do_not_fit_are_listed() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    TaskModel::new(&task_config(), TaskHead::Span, 3)
        .unwrap()
        .save(folder.path())
        .unwrap();
    TaskModel::new(&task_config(), three_labels(), 3)
        .unwrap()
        .save(other.path())
        .unwrap();
    fs::copy(
        other.path().join("model.safetensors"),
        folder.path().join("model.safetensors"),
    )
    .unwrap();
    for error in [
        TaskModel::load(folder.path()).unwrap_err(),
        TaskModel::from_encoder(folder.path(), three_labels(), 1).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(matches!(error, ModelError::Tensors { .. }), "{text}");
        assert!(
            text.contains("missing    qa_outputs.weight [2, 32]"),
            "{text}"
        );
        assert!(
            text.contains("unexpected bert.pooler.dense.weight [32, 32]"),
            "{text}"
        );
    }
}

#[test]
fn labels_that_do_not_fit_are_refused() {
    for (labels, text) in [
        (vec!["only"], "there are 1"),
        (vec!["a", "b", "a"], "`a` occurs twice"),
    ] {
        let labels = labels.into_iter().map(str::to_owned).collect();
        let head = TaskHead::Classification { labels };
        let error = TaskModel::new(&task_config(), head, 3).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
        assert!(error.hint().is_some());
    }
    let folder = tempfile::tempdir().unwrap();
    let model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    model.save(folder.path()).unwrap();
    for (key, value, text) in [
        (
            "num_labels",
            json!(4),
            "num_labels is 4, but id2label has 3",
        ),
        (
            "id2label",
            json!({"0": "a", "2": "b", "3": "c"}),
            "no name for \"1\"",
        ),
        (
            "problem_type",
            json!("multi_label_classification"),
            "is not known",
        ),
        (
            "architectures",
            json!(["BertForMultipleChoice"]),
            "are not known",
        ),
    ] {
        model.save(folder.path()).unwrap();
        let mut changed = document(folder.path());
        changed[key] = value;
        fs::write(folder.path().join("config.json"), changed.to_string()).unwrap();
        let error = TaskModel::load(folder.path()).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
}
