//! The preparation of text, timed.

use std::path::PathBuf;
use std::time::Instant;

use pliant_data::{Corpus, DataConfig, TokenizerSource};
use serde::Serialize;

use super::error::BenchError;
use super::report::{Milliseconds, Processor, peak_rss_mib};
use crate::TrainError;
use crate::temporary::TemporaryFolder;

/// What to prepare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataBenchOptions {
    /// A text file or a folder of them.
    pub corpus: PathBuf,
    /// Tokenizer: `vocab.txt` or `tokenizer.json`.
    pub vocabulary: PathBuf,
    /// Tokens per sequence.
    pub sequence: usize,
    /// How often; each time from the start.
    pub repeats: usize,
}

/// A measured preparation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataBenchReport {
    /// Threads that computed.
    pub threads: usize,
    /// Tokens per sequence.
    pub sequence: usize,
    /// Words of the vocabulary.
    pub vocabulary: usize,
    /// How often the corpus was prepared.
    pub repeats: usize,
    /// Size of the text in bytes, unpacked.
    pub text_bytes: u64,
    /// Tokens of the text.
    pub tokens: u64,
    /// Sequences written.
    pub sequences: u64,
    /// Time from the corpus to shards that are checked and open: reading, hashing, choosing validation documents (where the
    /// corpus is not cut already), tokenizing, packing, writing, synchronising, verifying.
    pub ms: Milliseconds,
    /// Text over the median time, in 10⁶ bytes.
    pub megabytes_per_second: f64,
    /// Tokens over the median time.
    pub tokens_per_second: f64,
    /// Largest resident memory of the process so far in MiB, where the system tells it.
    pub peak_rss_mib: Option<f64>,
    /// What it ran on.
    pub processor: Processor,
}

/// Prepares a corpus into a temporary folder as a run does, `repeats` times.
///
/// # Errors
/// A corpus or vocabulary that cannot be used, a disk that is full.
pub fn prepare(options: &DataBenchOptions) -> Result<DataBenchReport, BenchError> {
    let mut times = Vec::new();
    loop {
        let folder = TemporaryFolder::new("bench-data")?;
        let config = DataConfig {
            tokenizer: TokenizerSource::File(options.vocabulary.clone()),
            sequence: options.sequence,
            ..DataConfig::new(Corpus::Path(options.corpus.clone()), folder.path())
        };
        let start = Instant::now();
        let dataset = pliant_data::prepare(&config, &mut |_| {}).map_err(TrainError::from)?;
        times.push(start.elapsed());
        if times.len() < options.repeats {
            continue;
        }
        let manifest = dataset.manifest();
        let ms = Milliseconds::of(&times);
        let tokens = manifest.train.tokens + manifest.validation.tokens;
        let per_second = |amount: u64| amount as f64 / (1e-3 * ms.median);
        return Ok(DataBenchReport {
            threads: rayon::current_num_threads(),
            sequence: options.sequence,
            vocabulary: manifest.vocabulary_size,
            repeats: times.len(),
            text_bytes: manifest.bytes,
            tokens,
            sequences: manifest.train.sequences + manifest.validation.sequences,
            ms,
            megabytes_per_second: 1e-6 * per_second(manifest.bytes),
            tokens_per_second: per_second(tokens),
            peak_rss_mib: peak_rss_mib(),
            processor: Processor::inspect(),
        });
    }
}
