//! A model as a folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;

use pliant_nn::{MaskedLanguageModel, ModelError};
use support::{OwnedBatch, small_config};

#[test]
fn round_trip_is_identical_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (
        folder.path().join("first"),
        folder.path().join("deep/second"),
    );
    let config = small_config("rational");
    let mut model = MaskedLanguageModel::new(&config, 4).unwrap();
    model
        .write(0, &vec![0.25; model.parameters()[0].count()])
        .unwrap();
    model.save(&first).unwrap();
    let loaded = MaskedLanguageModel::load(&first).unwrap();
    assert_eq!(loaded.config(), model.config());
    assert_eq!(loaded.parameters(), model.parameters());
    for index in 0..model.parameters().len() {
        assert_eq!(
            loaded.read(index),
            model.read(index),
            "{}",
            model.parameters()[index].name
        );
    }
    loaded.save(&second).unwrap();
    for file in ["config.json", "model.safetensors"] {
        assert_eq!(
            fs::read(first.join(file)).unwrap(),
            fs::read(second.join(file)).unwrap(),
            "{file}"
        );
    }
    let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
    assert_eq!(
        model.score(&batch.input()).unwrap(),
        loaded.score(&batch.input()).unwrap()
    );
}

#[test]
fn a_loaded_model_trains_on() {
    let folder = tempfile::tempdir().unwrap();
    let config = small_config("rational");
    let model = MaskedLanguageModel::new(&config, 4).unwrap();
    model.save(folder.path()).unwrap();
    let loaded = MaskedLanguageModel::load(folder.path()).unwrap();
    let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
    let (_, fresh) = model.forward_backward(&batch.input(), None, 1.0).unwrap();
    let (_, again) = loaded.forward_backward(&batch.input(), None, 1.0).unwrap();
    for index in 0..model.parameters().len() {
        assert_eq!(fresh.get(index).unwrap(), again.get(index).unwrap());
    }
}

#[test]
fn the_configuration_has_hugging_face_keys() {
    let folder = tempfile::tempdir().unwrap();
    MaskedLanguageModel::new(&small_config("rational"), 4)
        .unwrap()
        .save(folder.path())
        .unwrap();
    let text = fs::read_to_string(folder.path().join("config.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["model_type"], "pliant");
    assert_eq!(document["hidden_size"], 32);
    assert_eq!(document["num_hidden_layers"], 2);
    assert_eq!(document["activation"], "rational");
    assert_eq!(document["activation_sites"], "all");
    assert_eq!(document["position_embedding_type"], "rotary");
}

#[test]
fn weights_of_another_model_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    MaskedLanguageModel::new(&small_config("gelu"), 4)
        .unwrap()
        .save(folder.path())
        .unwrap();
    let mut other = small_config("rational");
    other.max_positions = 20;
    other.intermediate_size = 48;
    let elsewhere = tempfile::tempdir().unwrap();
    MaskedLanguageModel::new(&other, 4)
        .unwrap()
        .save(elsewhere.path())
        .unwrap();
    fs::copy(
        elsewhere.path().join("config.json"),
        folder.path().join("config.json"),
    )
    .unwrap();

    let error = MaskedLanguageModel::load(folder.path()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ModelError::Tensors { .. }), "{text}");
    assert!(
        text.contains("missing    bert.encoder.layer.0.intermediate.activation.numerator [1, 6]"),
        "{text}"
    );
    assert!(
        text.contains("misshapen  bert.encoder.layer.0.intermediate.dense.weight: [64, 32] in the file, [48, 32] in the model"),
        "{text}"
    );
    assert!(error.hint().is_some());
}

#[test]
fn broken_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = MaskedLanguageModel::load(folder.path()).unwrap_err();
    assert!(error.to_string().contains("config.json"), "{error}");

    MaskedLanguageModel::new(&small_config("gelu"), 4)
        .unwrap()
        .save(folder.path())
        .unwrap();
    let weights = folder.path().join("model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    let error = MaskedLanguageModel::load(folder.path()).unwrap_err();
    assert!(
        matches!(error, ModelError::WeightFile { .. })
            && error.to_string().contains("model.safetensors"),
        "{error}"
    );

    fs::write(
        folder.path().join("config.json"),
        "{\"model_type\": \"bert\"}",
    )
    .unwrap();
    let error = MaskedLanguageModel::load(folder.path()).unwrap_err();
    assert!(matches!(error, ModelError::ConfigFile { .. }), "{error}");
}
