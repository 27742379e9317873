//! The index of weights in shards.
#![no_main]
use std::sync::LazyLock;

use pliant_fuzz::{Folder, import};

static FOLDER: LazyLock<Folder> = LazyLock::new(|| Folder::golden("roberta-words-shards"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    FOLDER.write("model.safetensors.index.json", bytes);
    import(&FOLDER);
});
