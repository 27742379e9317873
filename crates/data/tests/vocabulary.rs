//! The vocabulary is a pure function of the corpus: the same in every process, at any number of threads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use pliant_data::{Corpus, DataConfig, Generated, TokenizerSource, prepare};

const FOLDER: &str = "PLIANT_TEST_VOCABULARY";

fn child(folder: &Path) {
    let corpus = Corpus::Generated(Generated {
        seed: 3,
        words: 30_000,
    });
    let mut config = DataConfig::new(corpus, folder);
    config.tokenizer = TokenizerSource::Trained {
        vocabulary_size: 1500,
    };
    let dataset = prepare(&config, &mut |_| {}).unwrap();
    let manifest = dataset.manifest();
    let shard = &manifest.train_shards[0].sha256;
    fs::write(
        folder.join("hash"),
        format!("{} {shard}", manifest.tokenizer_hash),
    )
    .unwrap();
}

#[test]
fn twenty_processes_agree() {
    if let Ok(folder) = env::var(FOLDER) {
        return child(Path::new(&folder));
    }
    let mut hashes = HashSet::new();
    for process in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let status = Command::new(env::current_exe().unwrap())
            .args(["--exact", "twenty_processes_agree"])
            .env(FOLDER, folder.path())
            .env("RAYON_NUM_THREADS", (1 + process % 5).to_string())
            .output()
            .unwrap();
        assert!(
            status.status.success(),
            "{}",
            String::from_utf8_lossy(&status.stdout)
        );
        hashes.insert(fs::read_to_string(folder.path().join("hash")).unwrap());
    }
    assert_eq!(hashes.len(), 1, "{hashes:?}");
}
