//! Labelled rows as CSV, TSV, JSON lines and Parquet; the first byte says which.
#![no_main]
use std::sync::LazyLock;

use pliant_data::task::{OwnFiles, read_own};
use pliant_fuzz::Folder;

static FOLDER: LazyLock<Folder> = LazyLock::new(|| Folder::new("table"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    let ending = ["csv", "tsv", "jsonl", "parquet"][usize::from(kind % 4)];
    let files = OwnFiles {
        train: FOLDER.write(&format!("rows.{ending}"), rest),
        validation: None,
        test: None,
        text_columns: vec!["text".to_owned()],
        label_column: "label".to_owned(),
        regression: kind & 4 != 0,
    };
    let _ = read_own(&files);
});
