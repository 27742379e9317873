//! `vocab.txt`, and `vocab.json` with `merges.txt`; the first byte says which.
#![no_main]
use std::fs;
use std::sync::LazyLock;

use pliant_data::Tokenizer;
use pliant_fuzz::Folder;

static FOLDER: LazyLock<Folder> = LazyLock::new(|| Folder::new("vocabulary"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    if kind % 2 == 0 {
        FOLDER.write("vocab.txt", rest);
    } else {
        let _ = fs::remove_file(FOLDER.path("vocab.txt"));
        let middle = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
        FOLDER.write("vocab.json", &rest[..middle]);
        FOLDER.write("merges.txt", rest.get(middle + 1..).unwrap_or_default());
    }
    if let Ok(tokenizer) = Tokenizer::open_folder(FOLDER.folder()) {
        let _ = tokenizer.encode("The naïve café, 東京 🙂\u{0}\t");
        let _ = tokenizer.to_json();
    }
});
