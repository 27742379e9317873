//! `metrics.jsonl` of a run.
#![no_main]
use std::sync::LazyLock;

use pliant_fuzz::Folder;

static FOLDER: LazyLock<Folder> = LazyLock::new(|| Folder::new("metrics"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = pliant_train::read_metrics(&FOLDER.write("metrics.jsonl", bytes));
});
