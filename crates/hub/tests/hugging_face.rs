//! Exported folders: what is in them, that this program reads them, and what is refused.
//!
//! That `transformers` computes the same is checked by `python/checks/hugging_face.py`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use pliant_hub::HubError;
use pliant_hub::hugging_face::export;
use pliant_nn::{MaskedLanguageModel, TaskModel};
use serde_json::Value;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../nn/tests/golden")
        .join(name)
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A copy of a golden model that can be changed.
fn copied(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors"] {
        fs::copy(golden(name).join(file), folder.path().join(file)).unwrap();
    }
    folder
}

#[test]
fn every_head_is_exported_and_read_back_with_the_same_bytes() {
    for (name, architecture) in [
        ("pre-rotary-groups", "PliantForMaskedLM"),
        ("pre-rotary-glu-rational", "PliantForMaskedLM"),
        ("task-classification", "PliantForSequenceClassification"),
        ("task-regression", "PliantForSequenceClassification"),
        ("task-span", "PliantForQuestionAnswering"),
    ] {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().join("exported");
        let exported = export(&golden(name), &out).unwrap();
        assert_eq!(exported.architecture, architecture);
        assert_eq!(
            exported.files,
            [
                "README.md",
                "config.json",
                "model.safetensors",
                "modeling_pliant.py"
            ]
        );
        let config = json(&out.join("config.json"));
        assert_eq!(config["architectures"][0], architecture);
        let class = &config["auto_map"][architecture.replace("Pliant", "AutoModel")];
        assert_eq!(*class, format!("modeling_pliant.{architecture}"));
        if architecture == "PliantForMaskedLM" {
            MaskedLanguageModel::load(&out).unwrap();
        } else {
            TaskModel::load(&out).unwrap();
        }
        // What was exported is exported again, to the same bytes.
        let again = place.path().join("again");
        export(&out, &again).unwrap();
        for file in &exported.files {
            assert!(
                fs::read(out.join(file)).unwrap() == fs::read(again.join(file)).unwrap(),
                "{file}"
            );
        }
        // An earlier export is written over.
        export(&golden(name), &out).unwrap();
    }
}

/// What the module computes is checked by `python/checks/hugging_face.py`; here that every family gets there.
#[test]
fn every_family_is_exported_with_its_coefficients() {
    for entry in pliant_activation::list::list().unwrap() {
        let spec = entry.name.parse().unwrap();
        let mut config = pliant_nn::Preset::Tiny.config(40, spec).unwrap();
        (config.hidden_size, config.heads, config.intermediate_size) = (16, 2, 32);
        let place = tempfile::tempdir().unwrap();
        let (model, out) = (place.path().join("model"), place.path().join("out"));
        MaskedLanguageModel::new(&config, 1)
            .unwrap()
            .save(&model)
            .unwrap();
        export(&model, &out).unwrap();
        let module = fs::read_to_string(out.join("modeling_pliant.py")).unwrap();
        assert!(module.contains(&format!("    \"{}\": (", entry.name)));
        for (tensor, symbols) in &entry.tensors {
            let shape = format!("\"{tensor}\": {{\"layer\": (1, {})", symbols.len());
            assert!(module.contains(&shape), "{}: {shape}", entry.name);
            for symbol in symbols {
                assert!(module.contains(symbol.as_str()), "{}: {symbol}", entry.name);
            }
        }
        MaskedLanguageModel::load(&out).unwrap();
    }
}

#[test]
fn special_tokens_are_told_where_there_is_a_tokenizer() {
    let model = copied("post-learned");
    let tokens = r#"{"added_tokens": [{"id": 0, "content": "[PAD]"}, {"id": 4, "content": "[MASK]"}, {"id": 9, "content": "own"}]}"#;
    fs::write(model.path().join("tokenizer.json"), tokens).unwrap();
    let out = model.path().join("out");
    export(model.path(), &out).unwrap();
    assert_eq!(json(&out.join("config.json"))["pad_token_id"], 0);
    let tokenizer = json(&out.join("tokenizer_config.json"));
    assert_eq!(tokenizer["mask_token"], "[MASK]");
    assert_eq!(tokenizer["sep_token"], Value::Null);
    assert_eq!(
        fs::read_to_string(out.join("tokenizer.json")).unwrap(),
        tokens
    );
}

#[test]
fn what_is_no_whole_model_is_refused_before_anything_is_written() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let refused = |model: &Path| {
        let error = export(model, &out).unwrap_err();
        assert!(!out.exists(), "{error}");
        assert!(error.hint().is_some(), "{error}");
        error
    };
    assert!(matches!(
        refused(&golden("task-lora")),
        HubError::Adapter { .. }
    ));
    assert!(matches!(refused(place.path()), HubError::Model(_)));

    let short = copied("post-learned");
    let weights = short.path().join("model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() - 4]).unwrap();
    assert!(matches!(refused(short.path()), HubError::Model(_)));

    let named = copied("post-learned");
    let config = fs::read_to_string(named.path().join("config.json")).unwrap();
    fs::write(
        named.path().join("config.json"),
        config.replace("\"rational\"", "\"of_the_future\""),
    )
    .unwrap();
    let error = refused(named.path());
    assert!(error.to_string().contains("of_the_future"), "{error}");
}

#[test]
fn a_folder_with_other_files_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("thesis.tex"), "precious").unwrap();
    let error = export(&golden("post-learned"), place.path()).unwrap_err();
    assert!(
        matches!(&error, HubError::Occupied { found, .. } if found == "thesis.tex"),
        "{error}"
    );
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}
