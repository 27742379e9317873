//! Batches as a pure function of the step.

use std::ops::Range;

use crate::masking::Masker;
use crate::order::Permutation;
use crate::{DataError, Dataset, Masking, Shards, Tokenizer};

/// Keys the validation masks: the same whatever the training seed is.
const VALIDATION_SEED: u64 = 0x76616c6964;

/// Sequences with masks, ready for a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// Flat indices into `[sequences * length]`, ascending; at least one in every sequence.
    pub masked_positions: Vec<u32>,
    /// Original ids at the masked positions.
    pub labels: Vec<u32>,
    /// Row of the first sequence inside the step's whole batch.
    pub first_sequence: u64,
    /// `(epoch, corpus sequence)` of each row.
    pub sequence_ids: Vec<(u64, u64)>,
}

impl Batch {
    fn new(length: usize, first_sequence: u64) -> Self {
        Self {
            length,
            first_sequence,
            ..Self::default()
        }
    }

    fn push(
        &mut self,
        shards: &Shards,
        tokenizer: &Tokenizer,
        masker: &Masker<'_>,
        epoch: u64,
        sequence: u64,
    ) {
        let start = self.ids.len();
        self.ids.resize(start + self.length, 0);
        let row = &mut self.ids[start..];
        shards.read(sequence, row);
        let pad = tokenizer.special().pad;
        self.attention_mask
            .extend(row.iter().map(|&id| u8::from(id != pad)));
        let first = self.masked_positions.len();
        masker.positions(sequence, row, |position| {
            self.masked_positions.push((start + position) as u32);
        });
        for &flat in &self.masked_positions[first..] {
            let position = flat as usize - start;
            self.labels.push(row[position]);
            row[position] = masker.replacement(sequence, self.length, position, row[position]);
        }
        self.type_ids.resize(self.ids.len(), 0);
        self.sequence_ids.push((epoch, sequence));
        self.sequences += 1;
    }
}

/// Says which sequences with which masks make up a step: a pure function of seed, masking, batch size and data.
///
/// Step `s` takes the places `s * batch..(s + 1) * batch` of an endless row of epochs; each epoch is a permutation
/// of all train sequences, so a batch may hold the end of one epoch and the beginning of the next.
#[derive(Debug, Clone)]
pub struct BatchPlan {
    dataset: Dataset,
    seed: u64,
    batch: usize,
    masking: Masking,
}

impl BatchPlan {
    /// A plan of steps of `batch` sequences.
    ///
    /// # Errors
    /// [`DataError::CorpusSmallerThanBatch`], and [`DataError::Option`] for a batch of 0 or impossible rates.
    pub fn new(
        dataset: &Dataset,
        seed: u64,
        batch: usize,
        masking: Masking,
    ) -> Result<Self, DataError> {
        masking.check()?;
        if batch == 0 {
            let reason = "a batch has at least one sequence";
            return Err(DataError::Option {
                key: "batch",
                value: "0".into(),
                reason,
            });
        }
        let train = dataset.train();
        if train.sequences() < batch as u64 {
            return Err(DataError::CorpusSmallerThanBatch {
                sequences: train.sequences(),
                length: train.sequence_length(),
                batch,
            });
        }
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
    pub fn rows(&self, step: u64, rows: Range<usize>) -> Batch {
        let mut batch = Batch::new(self.dataset.train().sequence_length(), rows.start as u64);
        self.visit(step, rows, |masker, epoch, sequence| {
            let tokenizer = self.dataset.tokenizer();
            batch.push(self.dataset.train(), tokenizer, masker, epoch, sequence);
        });
        batch
    }

    /// Masked positions in the whole batch of `step`: what the loss is divided by. At least 1.
    pub fn masked_count(&self, step: u64) -> usize {
        let train = self.dataset.train();
        let mut ids = vec![0; train.sequence_length()];
        let mut count = 0;
        self.visit(step, 0..self.batch, |masker, _, sequence| {
            train.read(sequence, &mut ids);
            masker.positions(sequence, &ids, |_| count += 1);
        });
        count
    }

    /// The validation sequences in order; see [`Dataset::validation_batches`].
    pub fn validation_batches(&self, batch: usize) -> impl Iterator<Item = Batch> + '_ {
        self.dataset.validation_batches(batch, self.masking)
    }

    fn visit(&self, step: u64, rows: Range<usize>, mut row: impl FnMut(&Masker<'_>, u64, u64)) {
        assert!(
            rows.end <= self.batch,
            "rows {rows:?} of a batch of {}",
            self.batch
        );
        let sequences = self.dataset.train().sequences();
        let first = step * self.batch as u64;
        let places = first + rows.start as u64..first + rows.end as u64;
        let mut place = places.start;
        while place < places.end {
            let epoch = place / sequences;
            let end = places.end.min((epoch + 1) * sequences);
            let permutation = Permutation::new(self.seed, epoch, sequences);
            let masker = Masker::new(self.masking, self.dataset.tokenizer(), self.seed, epoch);
            for place in place..end {
                row(&masker, epoch, permutation.get(place % sequences));
            }
            place = end;
        }
    }
}

impl Dataset {
    /// The validation sequences in order, `batch` at a time (the last batch may be smaller), with masks that depend
    /// on the data and the rates alone: neither on a training seed nor on `batch`. With
    /// [`validation_sequences`](crate::DataConfig::validation_sequences) set, that many, spread evenly.
    ///
    /// # Panics
    /// Where `batch` is 0.
    pub fn validation_batches(
        &self,
        batch: usize,
        masking: Masking,
    ) -> impl Iterator<Item = Batch> + '_ {
        let (all, used) = (self.validation().sequences(), self.validation_sequences());
        let masker = Masker::new(masking, self.tokenizer(), VALIDATION_SEED, 0);
        (0..used).step_by(batch).map(move |first| {
            let mut rows = Batch::new(self.validation().sequence_length(), first);
            for place in first..used.min(first + batch as u64) {
                let sequence = (u128::from(place) * u128::from(all) / u128::from(used)) as u64;
                rows.push(self.validation(), self.tokenizer(), &masker, 0, sequence);
            }
            rows
        })
    }
}
