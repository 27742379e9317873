//! Batches as a pure function of the step.

use std::ops::Range;

use crate::{DataError, Dataset, Masking};

/// Sequences with masks, ready for a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Number of sequences.
    pub sequences: usize,
    /// Tokens per sequence.
    pub length: usize,
    /// Token ids after masking, `[sequences, length]`.
    pub ids: Vec<u32>,
    /// Segment ids, all 0, `[sequences, length]`.
    pub type_ids: Vec<u32>,
    /// 1 = token, 0 = padding, `[sequences, length]`.
    pub attention_mask: Vec<u8>,
    /// Flat indices into `[sequences * length]`, ascending.
    pub masked_positions: Vec<u32>,
    /// Original ids at the masked positions.
    pub labels: Vec<u32>,
    /// Row of the first sequence inside the step's whole batch.
    pub first_sequence: u64,
    /// `(epoch, corpus sequence)` of each row.
    pub sequence_ids: Vec<(u64, u64)>,
}

/// Says which sequences with which masks make up a step: a pure function of seed, masking, batch size and data.
#[derive(Debug, Clone)]
pub struct BatchPlan {
    dataset: Dataset,
    seed: u64,
    batch: usize,
    masking: Masking,
}

impl BatchPlan {
    /// A plan of steps of `batch` sequences.
    pub fn new(
        dataset: &Dataset,
        seed: u64,
        batch: usize,
        masking: Masking,
    ) -> Result<Self, DataError> {
        Ok(Self {
            dataset: dataset.clone(),
            seed,
            batch,
            masking,
        })
    }

    /// Sequences per step.
    pub fn batch_size(&self) -> usize {
        self.batch
    }

    /// The data.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// The whole batch of `step` (counted from 0).
    pub fn batch(&self, step: u64) -> Batch {
        self.rows(step, 0..self.batch)
    }

    /// Rows `rows` of the batch of `step`: what a micro-batch consumes.
    ///
    /// # Panics
    /// Where `rows` reaches beyond the batch.
    pub fn rows(&self, _step: u64, _rows: Range<usize>) -> Batch {
        let _ = (self.seed, self.masking);
        todo!()
    }

    /// Masked positions in the whole batch of `step`: what the loss is divided by. At least 1.
    pub fn masked_count(&self, _step: u64) -> usize {
        todo!()
    }

    /// The validation sequences in order, `batch` at a time (the last batch may be smaller), with masks that depend
    /// on the data alone: neither on the seed nor on `batch`.
    pub fn validation_batches(&self, _batch: usize) -> impl Iterator<Item = Batch> + '_ {
        std::iter::empty()
    }
}
