//! `model.safetensors` of this program, under a sound configuration.
#![no_main]
use std::sync::LazyLock;

use pliant_fuzz::Folder;
use pliant_nn::AnyModel;

static FOLDER: LazyLock<Folder> = LazyLock::new(Folder::own_words);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    FOLDER.write("model.safetensors", bytes);
    let _ = AnyModel::load(FOLDER.folder());
});
