//! Prepared data, open for reading.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Manifest, Shards, Tokenizer};

/// Prepared data: tokenizer, train and validation sequences. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Dataset {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) folder: PathBuf,
    pub(crate) tokenizer: Tokenizer,
    pub(crate) train: Shards,
    pub(crate) validation: Shards,
    pub(crate) manifest: Manifest,
    pub(crate) validation_sequences: Option<usize>,
}

impl Dataset {
    pub(crate) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The prepared folder.
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.inner.tokenizer
    }

    /// Train sequences.
    pub fn train(&self) -> &Shards {
        &self.inner.train
    }

    /// Validation sequences, all of them.
    pub fn validation(&self) -> &Shards {
        &self.inner.validation
    }

    /// Cross-entropy in nats of the validation part's ordinary tokens under the word frequencies of the train part
    /// (one added to each count): what a model reaches that knows nothing but how often each word occurs. Without a
    /// train part, under the validation part's own frequencies.
    pub fn unigram_loss(&self) -> f64 {
        self.inner.manifest.unigram_loss
    }

    /// Hashes, counts, tokens per second.
    pub fn manifest(&self) -> &Manifest {
        &self.inner.manifest
    }

    /// How many validation sequences [`BatchPlan::validation_batches`](crate::BatchPlan::validation_batches) uses.
    pub fn validation_sequences(&self) -> u64 {
        let all = self.inner.validation.sequences();
        self.inner
            .validation_sequences
            .map_or(all, |limit| all.min(limit as u64))
    }
}
