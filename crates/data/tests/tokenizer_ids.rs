//! Ids of hard lines, as `transformers` gives them for tokenizers of every form (python/golden/tokenizer.py).
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pliant_data::Tokenizer;
use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    text: String,
    /// By the name of the tokenizer's folder.
    ids: BTreeMap<String, Vec<u32>>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tokenizer")
}

fn lines() -> Vec<Line> {
    serde_json::from_slice(&fs::read(folder().join("lines.json")).unwrap()).unwrap()
}

#[test]
fn hard_lines_have_the_ids_of_transformers() {
    let lines = lines();
    let names: Vec<&String> = lines[0].ids.keys().collect();
    assert_eq!(names.len(), 8);
    let temporary = tempfile::tempdir().unwrap();
    for name in names {
        let tokenizer = Tokenizer::open_folder(&folder().join(name)).unwrap();
        // What the program saves with a model, whatever form it was read from.
        let path = temporary.path().join("tokenizer.json");
        tokenizer.save(&path).unwrap();
        let saved = Tokenizer::open(&path).unwrap();
        for line in &lines {
            let expected = &line.ids[name];
            assert_eq!(
                &tokenizer.encode(&line.text).unwrap(),
                expected,
                "{name}: {:?}",
                line.text
            );
            assert_eq!(
                &saved.encode(&line.text).unwrap(),
                expected,
                "{name}, saved: {:?}",
                line.text
            );
            let places = tokenizer.encode_places(&line.text).unwrap();
            let ids: Vec<u32> = places.iter().map(|place| place.id).collect();
            assert_eq!(&ids, expected, "{name}, with places: {:?}", line.text);
        }
    }
}

/// The lines are hard enough that the settings of a folder show.
#[test]
fn every_setting_changes_some_ids() {
    let lines = lines();
    let texts = |name: &str| -> Vec<Vec<String>> {
        let tokenizer = Tokenizer::open_folder(&folder().join(name)).unwrap();
        let token = |id: &u32| tokenizer.token(*id).unwrap();
        lines
            .iter()
            .map(|line| line.ids[name].iter().map(token).collect())
            .collect()
    };
    for (one, other) in [
        ("uncased", "cased"),
        ("uncased", "accents"),
        ("cased", "stripped"),
        ("byte-pairs", "byte-pairs-prefix"),
    ] {
        assert_ne!(texts(one), texts(other), "{one} and {other}");
    }
}
