//! `tokenizer.json`, and a text through what it describes.
#![no_main]
use std::sync::LazyLock;

use pliant_data::Tokenizer;
use pliant_fuzz::Folder;

static FOLDER: LazyLock<Folder> = LazyLock::new(|| Folder::new("tokenizer"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(tokenizer) = Tokenizer::open(&FOLDER.write("tokenizer.json", bytes)) {
        if let Ok(ids) = tokenizer.encode("The naïve café, 東京 🙂\u{0}\t") {
            let _ = tokenizer.decode(&ids);
            let _ = tokenizer.join(&ids, Some(&ids), 16);
        }
        let _ = tokenizer.encode_places("The naïve café, 東京 🙂");
    }
});
