//! Hashes that prove what a run started from and was fed.

use std::fmt::Write;

use pliant_nn::Role;
use sha2::{Digest, Sha256};

use crate::trainable::{StepBatch, Trainable};

/// A SHA-256 digest in hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Digest of names, shapes and values of every tensor that is no activation coefficient.
pub(crate) fn initial_weights(model: &impl Trainable) -> String {
    let mut hash = Sha256::new();
    for (index, parameter) in model.parameters().iter().enumerate() {
        if parameter.role == Role::Activation {
            continue;
        }
        hash.update(parameter.name.as_bytes());
        hash.update([0]);
        for size in &parameter.shape {
            hash.update((*size as u64).to_le_bytes());
        }
        for value in model.read(index) {
            hash.update(value.to_le_bytes());
        }
    }
    hexadecimal(&hash.finalize())
}

/// Digests of batches and masks, chained from step to step: each is the hash of the one before and of the step's content.
/// They do not depend on how a batch is cut into micro-batches.
pub(crate) struct FeedDigest {
    batches: Sha256,
    masks: Sha256,
}

impl FeedDigest {
    /// Begins a step behind the digests (hexadecimal, empty at the start) of the one before.
    pub(crate) fn after(batches: &str, masks: &str) -> Self {
        let mut digest = Self {
            batches: Sha256::new(),
            masks: Sha256::new(),
        };
        digest.batches.update(batches.as_bytes());
        digest.masks.update(masks.as_bytes());
        digest
    }

    /// Adds a micro-batch.
    pub(crate) fn add(&mut self, batch: &impl StepBatch) {
        for (epoch, sequence) in batch.rows() {
            self.batches.update(epoch.to_le_bytes());
            self.batches.update(sequence.to_le_bytes());
        }
        batch.digest_targets(&mut self.masks);
    }

    /// The digests behind this step.
    pub(crate) fn finish(self) -> (String, String) {
        (
            hexadecimal(&self.batches.finalize()),
            hexadecimal(&self.masks.finalize()),
        )
    }
}
