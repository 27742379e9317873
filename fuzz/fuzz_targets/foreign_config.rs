//! `config.json` of `transformers`, over sound weights.
#![no_main]
use std::sync::LazyLock;

use pliant_fuzz::{Folder, import};

static FOLDER: LazyLock<Folder> = LazyLock::new(|| Folder::golden("bert-classes-relu"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    FOLDER.write("config.json", bytes);
    import(&FOLDER);
});
