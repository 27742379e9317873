//! `pytorch_model.bin`, a pickle in a ZIP archive, under a sound configuration.
#![no_main]
use std::sync::LazyLock;

use pliant_fuzz::{Folder, import};

static FOLDER: LazyLock<Folder> = LazyLock::new(|| Folder::golden("bert-questions-pickle"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    FOLDER.write("pytorch_model.bin", bytes);
    import(&FOLDER);
});
