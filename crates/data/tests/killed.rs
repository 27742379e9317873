//! A preparation killed at any moment leaves nothing or a complete folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Instant;
use std::{env, fs};

use pliant_data::{Corpus, DataConfig, Generated, TokenizerSource, prepare};

const FOLDER: &str = "PLIANT_TEST_KILLED";

fn config(cache: &Path) -> DataConfig {
    let corpus = Corpus::Generated(Generated {
        seed: 3,
        words: 60_000,
    });
    let mut config = DataConfig::new(corpus, cache);
    config.tokenizer = TokenizerSource::Trained {
        vocabulary_size: 1000,
    };
    config
}

#[test]
fn killed_at_any_moment() {
    if let Ok(folder) = env::var(FOLDER) {
        prepare(&config(Path::new(&folder)), &mut |_| {}).unwrap();
        return;
    }
    let child = |folder: &Path| {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "killed_at_any_moment"])
            .env(FOLDER, folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let whole = tempfile::tempdir().unwrap();
    let started = Instant::now();
    assert!(child(whole.path()).wait().unwrap().success());
    let duration = started.elapsed();
    let expected = prepare(&config(whole.path()), &mut |_| {}).unwrap();

    let folder = tempfile::tempdir().unwrap();
    for moment in 1..=8 {
        let mut process = child(folder.path());
        sleep(duration * moment / 9);
        process.kill().unwrap();
        process.wait().unwrap();
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.extension().is_none() {
                assert!(
                    path.join("manifest.json").exists(),
                    "an incomplete folder has its last name"
                );
                // It was too late to kill; the next process starts from nothing again.
                fs::remove_dir_all(path).unwrap();
            }
        }
    }
    let dataset = prepare(&config(folder.path()), &mut |_| {}).unwrap();
    assert_eq!(
        dataset.manifest().train_shards,
        expected.manifest().train_shards
    );
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .collect();
    assert_eq!(names.len(), 2, "a folder and its lock: {names:?}");
}
