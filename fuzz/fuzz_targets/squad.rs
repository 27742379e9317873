//! Questions in the form of SQuAD.
#![no_main]
use std::sync::LazyLock;

use pliant_fuzz::Folder;

static FOLDER: LazyLock<Folder> = LazyLock::new(|| Folder::new("squad"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = pliant_data::squad::read_squad(&FOLDER.write("squad.json", bytes));
});
