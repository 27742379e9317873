//! Small random models of each kind, and a server of one.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use pliant_data::Tokenizer;
use pliant_nn::{MaskedLanguageModel, Precision, Preset, TaskHead, TaskModel};
use pliant_serve::inference::{Options, Server};
use pliant_serve::{ServeError, until};
use pliant_train::predict::Predictor;
use serde::Serialize;
use serde_json::Value;
use tempfile::TempDir;

use crate::client;

/// The models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    FillMask,
    Classify,
    Regress,
    Answer,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::FillMask, Self::Classify, Self::Regress, Self::Answer];

    /// Where it can be asked beside `/v1/embeddings`.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::FillMask => "/v1/fill-mask",
            Self::Classify | Self::Regress => "/v1/classify",
            Self::Answer => "/v1/answer",
        }
    }
}

const WORDS: [&str; 16] = [
    "river", "stone", "mill", "rain", "field", "horse", "tree", "wind", "old", "quiet", "tall",
    "grey", "stands", "falls", "carries", "past",
];

/// Words of a text, as many as asked, different for each seed.
pub(crate) fn text(seed: usize, words: usize) -> String {
    let mut state = seed as u64 + 1;
    let chosen: Vec<&str> = (0..words)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            WORDS[(state >> 40) as usize % WORDS.len()]
        })
        .collect();
    chosen.join(" ")
}

/// A value as it is read back from its JSON text, with numbers of 32 bits in their shortest form.
pub(crate) fn written(value: &impl Serialize) -> Value {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

/// Longest sequence of the models.
pub(crate) const POSITIONS: usize = 48;

fn write_model(kind: Kind, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let list = folder.join("vocab.txt");
    let words: Vec<&str> = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "where", "?", "is",
    ]
    .into_iter()
    .chain(WORDS)
    .collect();
    fs::write(&list, words.join("\n")).unwrap();
    let tokenizer = Tokenizer::open(&list).unwrap();
    fs::remove_file(&list).unwrap();
    tokenizer.save(&folder.join("tokenizer.json")).unwrap();
    let activation = "rational".parse().unwrap();
    let mut config = Preset::Tiny.config(words.len(), activation).unwrap();
    config.hidden_size = 32;
    config.heads = 2;
    config.intermediate_size = 64;
    config.layers = 2;
    config.max_positions = POSITIONS;
    let head = match kind {
        Kind::FillMask => {
            return MaskedLanguageModel::new(&config, 5)
                .unwrap()
                .save(folder)
                .unwrap();
        }
        Kind::Classify => TaskHead::Classification {
            labels: ["dry", "wet", "unknown"].map(str::to_owned).to_vec(),
        },
        Kind::Regress => TaskHead::Regression,
        Kind::Answer => TaskHead::Span,
    };
    TaskModel::new(&config, head, 5)
        .unwrap()
        .save(folder)
        .unwrap();
}

/// A server in a thread of its own.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    folder: TempDir,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

impl Served {
    /// With the default options.
    pub(crate) fn new(kind: Kind) -> Self {
        Self::with(kind, Options::default())
    }

    pub(crate) fn with(kind: Kind, options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model");
        write_model(kind, &model);
        let server = Server::bind(options).unwrap();
        let url = server.url();
        let address = url
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .parse()
            .unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let predictor = Predictor::load(&model, None, Precision::F32).unwrap();
            let stop = until(move || stopped.load(Ordering::SeqCst));
            server.run(predictor, &model, stop)
        });
        Self {
            address,
            folder,
            stop,
            thread: Some(thread),
        }
    }

    pub(crate) fn model(&self) -> PathBuf {
        self.folder.path().join("model")
    }

    /// The same model, asked without a server.
    pub(crate) fn predictor(&self) -> Predictor {
        Predictor::load(&self.model(), None, Precision::F32).unwrap()
    }

    /// The value of a line of `/metrics`; 0 where there is none.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = client::get(self.address, "/metrics").body;
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
            .unwrap_or(0.0)
    }

    /// Waits until a line of `/metrics` has a value.
    pub(crate) fn wait_for(&self, name: &str, value: f64) {
        for _ in 0..2000 {
            if self.metric(name) == value {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("{name} never became {value}");
    }

    /// Asks the server to stop, without waiting for it.
    pub(crate) fn begin_stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    /// Stops the server and gives what it says.
    pub(crate) fn stop(mut self) -> Result<(), ServeError> {
        self.begin_stop();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.begin_stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
