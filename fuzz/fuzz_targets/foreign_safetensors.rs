//! `model.safetensors` of `transformers`, under a sound configuration.
#![no_main]
use std::sync::LazyLock;

use pliant_fuzz::{Folder, import};

static FOLDER: LazyLock<Folder> = LazyLock::new(|| Folder::golden("bert-classes-relu"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    FOLDER.write("model.safetensors", bytes);
    import(&FOLDER);
});
