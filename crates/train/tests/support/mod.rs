//! A run small enough for tests: hidden size 16, a few thousand generated words, prepared once per test process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    unreachable_pub
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use pliant_train::{Event, Recipe, RunOptions, RunSummary, Start, StopFlag, TrainError};

/// Folder of this test process; prepared data are shared by its tests.
pub fn cache() -> &'static Path {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    CACHE.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("prepared");
        fs::create_dir_all(&folder).unwrap();
        folder
    })
}

/// Settings of a small run; later ones override.
pub fn recipe(settings: &[&str]) -> Recipe {
    let cache = format!("data.cache={}", cache().display());
    let small = [
        "model.hidden_size=16",
        "model.heads=2",
        "model.intermediate_size=32",
        "data.generated_words=20000",
        "data.vocabulary_size=400",
        "train.steps=12",
        "train.batch=8",
        "train.sequence=32",
        "checkpoint.every=4",
        "validation.every=6",
        "validation.sequences=16",
        cache.as_str(),
    ];
    let settings: Vec<String> = small
        .iter()
        .chain(settings)
        .map(ToString::to_string)
        .collect();
    Recipe::parse(Path::new("test.toml"), "", &settings).unwrap()
}

/// Events of a run with its result.
pub struct Ran {
    pub result: Result<RunSummary, TrainError>,
    pub events: Vec<Event>,
}

pub fn options(start: Start, threads: usize) -> RunOptions {
    RunOptions {
        start,
        threads: Some(threads),
        ..RunOptions::default()
    }
}

pub fn run(recipe: &Recipe, out: &Path, options: &RunOptions) -> Ran {
    run_until(recipe, out, options, u64::MAX)
}

/// Runs and raises the stop flag when `stop_after` steps are done.
pub fn run_until(recipe: &Recipe, out: &Path, options: &RunOptions, stop_after: u64) -> Ran {
    let stop = StopFlag::new();
    let options = RunOptions {
        stop: stop.clone(),
        ..options.clone()
    };
    let mut events = Vec::new();
    let mut sink = |event: &Event| {
        if matches!(event, Event::Step { step, .. } if *step >= stop_after) {
            stop.raise();
        }
        events.push(event.clone());
    };
    let result = pliant_train::run(recipe, out, &options, &mut sink);
    Ran { result, events }
}

pub fn weights(out: &Path) -> Vec<u8> {
    fs::read(out.join("model/model.safetensors")).unwrap()
}

pub fn moments(out: &Path, step: u64) -> Vec<u8> {
    fs::read(out.join(format!("checkpoints/step-{step:08}/optimizer.safetensors"))).unwrap()
}
