//! Folders of `transformers` brought in: the logits that PyTorch computed, every form of file, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pliant_hub::HubError;
use pliant_hub::hugging_face::{ImportOptions, Imported, import};
use pliant_nn::{TaskInput, TaskTarget};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::Value;

const FOLDERS: [&str; 5] = [
    "bert-words-old",
    "bert-classes-relu",
    "bert-questions-pickle",
    "roberta-words-shards",
    "roberta-number-pickle",
];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// A copy of a folder that can be damaged.
fn copied(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(golden(name)).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    folder
}

fn brought_in(folder: &Path) -> Imported {
    import(folder, &ImportOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(folder: &Path) -> HubError {
    let error = import(folder, &ImportOptions::default()).unwrap_err();
    assert!(error.hint().is_some(), "{error}");
    error
}

/// Tensors of a safetensors file: shapes, and numbers as they are stored.
fn tensors(path: &Path) -> BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> {
    let bytes = fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.iter()
        .map(|(name, view)| {
            let content = (view.dtype(), view.shape().to_vec(), view.data().to_vec());
            (name.to_owned(), content)
        })
        .collect()
}

fn write(path: &Path, tensors: &BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>) {
    let views = tensors.iter().map(|(name, (dtype, shape, data))| {
        (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    safetensors::serialize_to_file(views, None, path).unwrap();
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|word| f32::from_le_bytes(*word))
        .collect()
}

fn integers(bytes: &[u8]) -> Vec<u32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|word| u32::from_le_bytes(*word))
        .collect()
}

/// The largest difference between a model's logits and the folder's.
fn apart(imported: &Imported, folder: &Path) -> f32 {
    let expected = tensors(&folder.join("expected.safetensors"));
    let (_, shape, ids) = &expected["ids"];
    let mask = integers(&expected["mask"].2);
    let attention_mask: Vec<u8> = mask.iter().map(|mask| *mask as u8).collect();
    let logits = imported
        .model
        .logits(&TaskInput {
            sequences: shape[0],
            length: shape[1],
            ids: &integers(ids),
            type_ids: &integers(&expected["types"].2),
            attention_mask: &attention_mask,
            target: TaskTarget::None,
            first_sequence: 0,
        })
        .unwrap();
    // Padding of spans has no logits.
    let logits: Vec<f32> = logits
        .into_iter()
        .filter(|logit| logit.is_finite())
        .collect();
    let wanted = floats(&expected["logits"].2);
    assert_eq!(logits.len(), wanted.len());
    logits
        .iter()
        .zip(&wanted)
        .map(|(own, wanted)| (own - wanted).abs())
        .fold(0.0, f32::max)
}

#[test]
fn every_folder_has_the_logits_that_transformers_computes() {
    for name in FOLDERS {
        let folder = golden(name);
        let imported = brought_in(&folder);
        let apart = apart(&imported, &folder);
        assert!(apart < 1e-4, "{name}: {apart}");
        assert!(imported.report.left_out.is_empty() && imported.report.drawn.is_empty());
        // What is saved is a model of this program, and is brought in as the same.
        let own = tempfile::tempdir().unwrap();
        imported.model.save(own.path()).unwrap();
        imported
            .tokenizer
            .save(&own.path().join("tokenizer.json"))
            .unwrap();
        let again = brought_in(own.path());
        assert_eq!(again.model.parameters(), imported.model.parameters());
        for index in 0..again.model.parameters().len() {
            assert_eq!(again.model.read(index), imported.model.read(index));
        }
    }
}

#[test]
fn old_names_and_second_names_are_reported() {
    let report = brought_in(&golden("bert-words-old")).report;
    assert_eq!(report.architecture, "BertForMaskedLM");
    let renamed = (
        "embeddings.LayerNorm.gamma".to_owned(),
        "bert.embeddings.LayerNorm.weight".to_owned(),
    );
    assert!(report.renamed.contains(&renamed), "{:?}", report.renamed);
    assert_eq!(report.copies.len(), 2);
}

#[test]
fn numbers_of_other_formats_become_f32() {
    let folder = copied("bert-classes-relu");
    let path = folder.path().join("model.safetensors");
    let original = tensors(&path);
    let convert = |dtype: Dtype, change: &dyn Fn(f32) -> Vec<u8>| {
        let changed = original
            .iter()
            .map(|(name, (_, shape, data))| {
                let data = floats(data).into_iter().flat_map(change).collect();
                (name.clone(), (dtype, shape.clone(), data))
            })
            .collect();
        write(&path, &changed);
    };
    convert(Dtype::F64, &|value| f64::from(value).to_le_bytes().to_vec());
    assert!(apart(&brought_in(folder.path()), folder.path()) < 1e-4);
    convert(Dtype::F16, &|value| {
        half::f16::from_f32(value).to_le_bytes().to_vec()
    });
    assert!(apart(&brought_in(folder.path()), folder.path()) < 2e-2);
    convert(Dtype::BF16, &|value| {
        half::bf16::from_f32(value).to_le_bytes().to_vec()
    });
    assert!(apart(&brought_in(folder.path()), folder.path()) < 0.1);
    convert(Dtype::I32, &|value| (value as i32).to_le_bytes().to_vec());
    let error = refused(folder.path()).to_string();
    assert!(error.contains("I32 numbers cannot be read"), "{error}");
}

#[test]
fn missing_unexpected_misshapen_and_double_tensors_are_all_listed() {
    let folder = copied("bert-words-old");
    let path = folder.path().join("model.safetensors");
    let mut changed = tensors(&path);
    let bias = changed
        .remove("encoder.layer.1.attention.self.key.bias")
        .unwrap();
    changed.insert("cls.seq_relationship.bias".to_owned(), bias.clone());
    let norm = changed["embeddings.LayerNorm.gamma"].clone();
    changed.insert("embeddings.LayerNorm.weight".to_owned(), norm);
    changed.insert(
        "cls.predictions.transform.dense.bias".to_owned(),
        (Dtype::F32, vec![8], bias.2[..32].to_vec()),
    );
    write(&path, &changed);
    let error = refused(folder.path());
    let text = error.to_string();
    for line in [
        "missing    bert.encoder.layer.1.attention.self.key.bias [16]",
        "unexpected cls.seq_relationship.bias [16]",
        "twice      bert.embeddings.LayerNorm.weight: as embeddings.LayerNorm.gamma and as embeddings.LayerNorm.weight",
        "misshapen  cls.predictions.transform.dense.bias: [8] in the file, [16] by config.json",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert_eq!(text.matches("transform.dense.bias").count(), 1, "{text}");
    let hint = error.hint().unwrap();
    assert!(hint.contains("--allow 'cls.seq_relationship.*'"), "{hint}");
}

#[test]
fn what_is_allowed_is_drawn_or_left_out() {
    let folder = copied("bert-words-old");
    let path = folder.path().join("model.safetensors");
    let mut changed = tensors(&path);
    let bias = changed
        .remove("encoder.layer.1.attention.self.key.bias")
        .unwrap();
    changed.insert("cls.seq_relationship.bias".to_owned(), bias);
    write(&path, &changed);
    let options = |allow: &[&str]| ImportOptions {
        allow: allow.iter().map(ToString::to_string).collect(),
        ..ImportOptions::default()
    };
    let both = ["cls.seq*", "bert.encoder.layer.1.attention.self.key.bias"];
    for one in both {
        assert!(import(folder.path(), &options(&[one])).is_err());
    }
    let report = import(folder.path(), &options(&both)).unwrap().report;
    assert_eq!(
        report.drawn,
        ["bert.encoder.layer.1.attention.self.key.bias"]
    );
    assert_eq!(report.left_out, ["cls.seq_relationship.bias"]);
}

#[test]
fn a_head_can_be_left_out() {
    let options = ImportOptions {
        without_head: true,
        ..ImportOptions::default()
    };
    for name in FOLDERS {
        let imported =
            import(&golden(name), &options).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(imported.model.head().is_none());
        assert!(!imported.report.left_out.is_empty(), "{name}");
        assert!(
            imported
                .report
                .drawn
                .iter()
                .all(|drawn| drawn.starts_with("cls.predictions.")),
            "{name}"
        );
    }
}

#[test]
fn an_output_table_of_its_own_is_refused() {
    let folder = copied("bert-words-old");
    let path = folder.path().join("model.safetensors");
    let mut changed = tensors(&path);
    changed.get_mut("cls.predictions.decoder.weight").unwrap().2[0] ^= 1;
    write(&path, &changed);
    assert!(matches!(refused(folder.path()), HubError::Untied { .. }));
}

#[test]
fn configurations_that_cannot_be_brought_in_say_why() {
    let folder = copied("bert-classes-relu");
    let path = folder.path().join("config.json");
    let original: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let with = |key: &str, value: Value| {
        let mut changed = original.clone();
        changed[key] = value;
        fs::write(&path, changed.to_string()).unwrap();
        refused(folder.path()).to_string()
    };
    for (key, value, message) in [
        ("model_type", "gpt2".into(), "model_type is \"gpt2\""),
        ("hidden_act", "mish".into(), "hidden_act is \"mish\""),
        (
            "position_embedding_type",
            "relative_key".into(),
            "position_embedding_type is \"relative_key\"",
        ),
        ("is_decoder", true.into(), "it is a decoder"),
        (
            "architectures",
            serde_json::json!(["BertForTokenClassification"]),
            "architectures has BertForTokenClassification",
        ),
        (
            "problem_type",
            "multi_label_classification".into(),
            "problem_type is \"multi_label_classification\"",
        ),
        ("hidden_size", 15.into(), "2 heads do not divide"),
        ("hidden_size", (-1).into(), "invalid value: integer `-1`"),
        ("vocab_size", 0.into(), "`vocabulary_size` is 0"),
        (
            "num_hidden_layers",
            1_000_000_000_u64.into(),
            "`layers` is 1000000000; it must be at most 1000",
        ),
        (
            "vocab_size",
            1_u64.wrapping_shl(40).into(),
            "`vocabulary_size` is 1099511627776",
        ),
        (
            "id2label",
            serde_json::json!({"0": "a", "2": "b"}),
            "id2label has no name for \"1\"",
        ),
    ] {
        let found = with(key, value);
        assert!(found.contains(message), "{key}: {found}");
    }
    let mut lacking = original.clone();
    lacking.as_object_mut().unwrap().remove("hidden_size");
    fs::write(&path, lacking.to_string()).unwrap();
    let found = refused(folder.path()).to_string();
    assert!(found.contains("missing field `hidden_size`"), "{found}");

    fs::write(&path, "[".repeat(100_000)).unwrap();
    let found = refused(folder.path()).to_string();
    assert!(found.contains("cannot be brought in"), "{found}");
}

#[test]
fn damaged_safetensors_are_refused() {
    let folder = copied("bert-classes-relu");
    let path = folder.path().join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let header = |text: &str| {
        let mut file = (text.len() as u64).to_le_bytes().to_vec();
        file.extend(text.as_bytes());
        file
    };
    let huge = r#"{"bert.embeddings.word_embeddings.weight":{"dtype":"F32","shape":[25000000000],"data_offsets":[0,100000000000]}}"#;
    let wrong = r#"{"bert.embeddings.word_embeddings.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#;
    for damaged in [
        bytes[..bytes.len() - 8].to_vec(),
        bytes[..40].to_vec(),
        Vec::new(),
        u64::MAX.to_le_bytes().to_vec(),
        header(huge),
        [header(wrong), vec![0; 4]].concat(),
    ] {
        fs::write(&path, damaged).unwrap();
        let error = refused(folder.path());
        assert!(matches!(error, HubError::Weights { .. }), "{error}");
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(refused(folder.path()), HubError::NoWeights { .. }));
}

#[test]
fn pickles_run_no_code_and_may_not_lie() {
    let folder = copied("bert-questions-pickle");
    let path = folder.path().join("pytorch_model.bin");
    let bytes = fs::read(&path).unwrap();
    let target = folder.path().join("made-by-a-pickle");
    let call = format!("cos\nsystem\n(S'touch {}'\ntR.", target.display());
    for damaged in [
        call.into_bytes(),
        bytes[..bytes.len() / 2].to_vec(),
        b"\x80\x02]q\x00.".to_vec(),
        b"not a pickle".to_vec(),
        Vec::new(),
    ] {
        fs::write(&path, damaged).unwrap();
        refused(folder.path());
        assert!(!target.exists());
    }
}

#[test]
fn a_view_may_not_claim_more_than_the_file_holds() {
    let folder = copied("bert-questions-pickle");
    fs::copy(
        golden("expanded.bin"),
        folder.path().join("pytorch_model.bin"),
    )
    .unwrap();
    let found = refused(folder.path()).to_string();
    assert!(
        found.contains("has the shape [100000, 1000], more than the file holds"),
        "{found}"
    );
}

#[test]
fn an_index_names_shards_beside_it() {
    let folder = copied("roberta-words-shards");
    let path = folder.path().join("model.safetensors.index.json");
    for (shard, message) in [
        ("../other.safetensors", "is not beside it"),
        ("/etc/passwd", "is not beside it"),
        ("", "is not beside it"),
        ("gone.safetensors", "the shard gone.safetensors is missing"),
        ("model.safetensors.index.json", "cannot be read as weights"),
    ] {
        let index = serde_json::json!({"weight_map": {"a": shard}});
        fs::write(&path, index.to_string()).unwrap();
        let found = refused(folder.path()).to_string();
        assert!(found.contains(message), "{shard}: {found}");
    }
    fs::write(&path, "{}").unwrap();
    let found = refused(folder.path()).to_string();
    assert!(found.contains("missing field `weight_map`"), "{found}");
}

#[test]
fn a_tokenizer_must_fit_the_words() {
    let folder = copied("bert-classes-relu");
    let path = folder.path().join("vocab.txt");
    let words = fs::read_to_string(&path).unwrap() + "more\nwords\n";
    fs::write(&path, words).unwrap();
    assert!(matches!(
        refused(folder.path()),
        HubError::Vocabulary { .. }
    ));
    fs::remove_file(&path).unwrap();
    let found = refused(folder.path()).to_string();
    assert!(found.contains("has no tokenizer"), "{found}");
}
