//! From a corpus to a folder of shards.

use crate::{DataConfig, DataError, Dataset};

/// What preparation is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Another process prepares the same data.
    Waiting,
    /// Reading and counting words.
    Counting,
    /// Training the tokenizer.
    Tokenizer,
    /// Choosing validation documents.
    Splitting,
    /// Tokenizing, packing and writing.
    Encoding,
    /// Checking the shards' checksums.
    Verifying,
}

/// A report to the progress callback.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrepareProgress {
    /// What is being done.
    pub stage: Stage,
    /// Work done: bytes of the corpus files (compressed as they are), or words of the generated language, or
    /// words of the vocabulary in [`Stage::Tokenizer`].
    pub done: u64,
    /// All the work of this stage in the same unit; 0 where unknown.
    pub total: u64,
    /// Tokens written so far.
    pub tokens: u64,
    /// Tokens per second of the encoding stage, 0 before.
    pub tokens_per_second: f64,
}

/// Prepares the data, or opens what an earlier call prepared.
///
/// The folder is `cache/prepared-<hash of configuration and corpus>`. Preparation writes to a temporary folder and
/// renames it at the end: killed at any moment it leaves nothing that a later call would take for complete. Two
/// processes that prepare the same data wait for each other.
pub fn prepare(
    _config: &DataConfig,
    _progress: &mut dyn FnMut(PrepareProgress),
) -> Result<Dataset, DataError> {
    todo!()
}
