//! `adapter.safetensors`, on a sound base.
#![no_main]
use std::sync::LazyLock;

use pliant_fuzz::Folder;
use pliant_nn::TaskModel;

static FOLDER: LazyLock<Folder> = LazyLock::new(Folder::own);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    FOLDER.write("adapter/adapter.safetensors", bytes);
    let _ = TaskModel::with_adapter(FOLDER.folder(), &FOLDER.path("adapter"));
});
