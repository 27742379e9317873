//! What a prepared folder holds.

use serde::{Deserialize, Serialize};

/// Counts of one part (train or validation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartCounts {
    /// Documents.
    pub documents: u64,
    /// Tokens of the text: without `[CLS]`, `[SEP]` and `[PAD]`.
    pub tokens: u64,
    /// Packed sequences.
    pub sequences: u64,
}

/// One shard file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardEntry {
    /// File name inside the folder.
    pub file: String,
    /// Sequences in it.
    pub sequences: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole file, hexadecimal.
    pub sha256: String,
}

/// `manifest.json` of a prepared folder. A folder without it is not complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the folder's format.
    pub version: u32,
    /// The corpus as the user named it.
    pub corpus: String,
    /// SHA-256 over names and contents of the corpus files, hexadecimal.
    pub corpus_hash: String,
    /// SHA-256 of `tokenizer.json`, hexadecimal.
    pub tokenizer_hash: String,
    /// Words in the vocabulary.
    pub vocabulary_size: usize,
    /// Tokens per sequence.
    pub sequence: usize,
    /// Bits per stored token: 16 or 32.
    pub width: u32,
    /// The train part.
    pub train: PartCounts,
    /// The validation part.
    pub validation: PartCounts,
    /// Bytes of text read.
    pub bytes: u64,
    /// Tokens per second of the pass that reads, tokenizes, packs and writes.
    pub tokens_per_second: f64,
    /// Seconds the whole preparation took.
    pub seconds: f64,
    /// Cross-entropy in nats of the validation words under the word frequencies of the train part.
    pub unigram_loss: f64,
    /// Train shards in order.
    pub train_shards: Vec<ShardEntry>,
    /// Validation shards in order.
    pub validation_shards: Vec<ShardEntry>,
}
