//! A small model in a folder, and generated tasks for it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use pliant_data::Tokenizer;
use pliant_data::task::TaskName;
use pliant_nn::{MaskedLanguageModel, ModelConfig, Preset};
use pliant_train::finetune::{FinetuneOptions, Mode, SeedResult, TaskData, finetune_seed};
use pliant_train::{Event, RunOptions, Start, StopFlag, TrainError};
use tempfile::TempDir;

/// Words of the generated texts; the first half says yes, the second no.
pub(crate) const WORDS: [&str; 16] = [
    "good", "fine", "great", "nice", "warm", "calm", "kind", "rich", "bad", "poor", "awful",
    "mean", "cold", "loud", "cruel", "bare",
];
/// Words that say nothing.
const FILLERS: [&str; 8] = ["the", "a", "film", "story", "with", "and", "is", "was"];

/// A folder with a model and data.
pub(crate) struct World {
    folder: TempDir,
}

impl World {
    /// With that activation in all layers (and the pooler, if `sites` say so).
    pub(crate) fn new(activation: &str, sites: &str) -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        write_model(&world.model(), &vocabulary(), activation, sites);
        world.write_sst2(240, 60);
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn model(&self) -> PathBuf {
        self.path("base")
    }

    /// The task's folder: SST-2's form.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("SST-2")
    }

    fn write_sst2(&self, train: usize, dev: usize) {
        let folder = self.data();
        fs::create_dir_all(&folder).unwrap();
        for (name, rows, first) in [("train.tsv", train, 0), ("dev.tsv", dev, train)] {
            let mut text = String::from("sentence\tlabel\n");
            for row in first..first + rows {
                let (sentence, label) = sentence(row);
                writeln!(text, "{sentence}\t{label}").unwrap();
            }
            fs::write(folder.join(name), text).unwrap();
        }
    }

    /// Two epochs of five steps, all of a small model in motion.
    pub(crate) fn options(&self, mode: &str) -> FinetuneOptions {
        let mode: Mode = mode.parse().unwrap();
        let task: TaskName = "sst2".parse().unwrap();
        FinetuneOptions {
            epochs: 2,
            batch: 8,
            max_length: 32,
            learning_rate: 1e-3,
            head_learning_rate: 1e-2,
            activation_learning_rate: 1e-2,
            adapter_learning_rate: 1e-2,
            ..FinetuneOptions::new(
                self.model(),
                task,
                TaskData::Folder(self.data()),
                mode,
                Some(36),
            )
        }
    }
}

/// A sentence of 3 to 10 words with one that tells.
pub(crate) fn sentence(row: usize) -> (String, usize) {
    let mut state = (row as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut below = |bound: usize| {
        state ^= state >> 29;
        state = state.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        state ^= state >> 32;
        state as usize % bound
    };
    let telling = below(WORDS.len());
    let length = 2 + below(8);
    let mut words: Vec<&str> = (0..length).map(|_| FILLERS[below(FILLERS.len())]).collect();
    words.insert(below(length + 1), WORDS[telling]);
    (words.join(" "), usize::from(telling < WORDS.len() / 2))
}

pub(crate) fn vocabulary() -> Vec<String> {
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "?", "."]
        .into_iter()
        .chain(WORDS)
        .chain(FILLERS)
        .chain(["where", "box", "key"])
        .map(str::to_owned)
        .collect()
}

pub(crate) fn config(words: usize, activation: &str, sites: &str) -> ModelConfig {
    let mut config = Preset::Tiny
        .config(words, activation.parse().unwrap())
        .unwrap();
    config.hidden_size = 16;
    config.heads = 2;
    config.intermediate_size = 32;
    config.layers = 2;
    config.max_positions = 64;
    config.sites = sites.parse().unwrap();
    config
}

pub(crate) fn write_model(folder: &Path, words: &[String], activation: &str, sites: &str) {
    fs::create_dir_all(folder).unwrap();
    let list = folder.join("vocab.txt");
    fs::write(&list, words.join("\n")).unwrap();
    let tokenizer = Tokenizer::open(&list).unwrap();
    fs::remove_file(&list).unwrap();
    tokenizer.save(&folder.join("tokenizer.json")).unwrap();
    let config = config(words.len(), activation, sites);
    MaskedLanguageModel::new(&config, 7)
        .unwrap()
        .save(folder)
        .unwrap();
}

/// Events of a run with its result.
pub(crate) struct Ran {
    pub(crate) result: Result<SeedResult, TrainError>,
    pub(crate) events: Vec<Event>,
}

impl Ran {
    pub(crate) fn losses(&self) -> Vec<f64> {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::Step { loss, .. } => Some(*loss),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn error(self) -> TrainError {
        self.result.expect_err("the run came to its end")
    }
}

pub(crate) fn run_options(threads: usize) -> RunOptions {
    RunOptions {
        start: Start::Continue,
        threads: Some(threads),
        checkpoint_seconds: Some(0.0),
        ..RunOptions::default()
    }
}

pub(crate) fn run(options: &FinetuneOptions, seed: u64, out: &Path, run: &RunOptions) -> Ran {
    run_until(options, seed, out, run, u64::MAX)
}

/// Runs and raises the stop flag when `stop_after` steps are done.
pub(crate) fn run_until(
    options: &FinetuneOptions,
    seed: u64,
    out: &Path,
    run: &RunOptions,
    stop_after: u64,
) -> Ran {
    let stop = StopFlag::new();
    let run = RunOptions {
        stop: stop.clone(),
        ..run.clone()
    };
    let mut events = Vec::new();
    let mut sink = |event: &Event| {
        if matches!(event, Event::Step { step, .. } if *step >= stop_after) {
            stop.raise();
        }
        events.push(event.clone());
    };
    let result = finetune_seed(options, None, seed, out, &run, &mut sink);
    Ran { result, events }
}

/// Message and hint.
pub(crate) fn told(error: &TrainError) -> String {
    format!("{error}\nhint: {}", error.hint().unwrap_or_default())
}
