//! A folder of made-up files.

use std::fs;
use std::path::{Path, PathBuf};

use pliant_data::task::TaskError;
use pliant_data::{DataError, Tokenizer};
use tempfile::TempDir;

pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, content) in files {
            folder.write(name, content);
        }
        folder
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

/// Message and hint of the failure of a task's files, without the folder.
pub(crate) fn said<T: std::fmt::Debug>(
    result: Result<T, DataError>,
    folder: &Folder,
) -> (String, String) {
    let error = result.unwrap_err();
    assert!(matches!(error, DataError::Task(_)), "{error:?}");
    let folder = format!("{}/", folder.path().display());
    let without = |text: String| text.replace(&folder, "");
    (
        without(error.to_string()),
        without(error.hint().unwrap_or_default()),
    )
}

pub(crate) fn task_error<T: std::fmt::Debug>(result: Result<T, DataError>) -> TaskError {
    match result.unwrap_err() {
        DataError::Task(error) => error,
        other => panic!("{other:?}"),
    }
}

pub(crate) const WORDS: [&str; 26] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "old", "ferry", "left", "harbour", "at",
    "noon", "with", "nine", "goats", "when", "did", "it", "leave", "?", ".", "ca", "##fe", "a",
    "b", "c",
];

/// A lower-casing tokenizer of few words.
pub(crate) fn tokenizer() -> Tokenizer {
    let folder = Folder::new(&[]);
    let path = folder.write("vocab.txt", &(WORDS.join("\n") + "\n"));
    Tokenizer::open(&path).unwrap()
}

pub(crate) fn id(word: &str) -> u32 {
    WORDS.iter().position(|known| *known == word).unwrap() as u32
}
