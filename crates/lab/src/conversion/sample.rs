//! Text on which a model is looked at.

use pliant_data::{Dataset, Masking, Tokenizer};
use pliant_nn::{TaskInput, TaskTarget};

use super::ConversionError;

/// Sequences that go through the model at once.
pub(super) const SEQUENCES: usize = 8;

/// A few lines of several kinds, for when no corpus is given.
const LINES: [&str; 24] = [
    "The river rises in the hills and reaches the sea after two hundred miles.",
    "She opened the letter, read it twice, and put it back without a word.",
    "In 1887 the society moved to a larger building near the market square.",
    "How many of them knew the answer before the question was asked?",
    "Water boils at a lower temperature on a mountain because the air is thinner.",
    "The committee rejected the proposal by 14 votes to 9.",
    "He had never seen so much snow in April, and neither had his grandmother.",
    "A function is continuous if small changes of its argument cause small changes of its value.",
    "The band released three albums before its singer left to study medicine.",
    "Nobody at the station could say when the next train would leave.",
    "Most of the island is covered by forest, and its only town lies on the southern coast.",
    "If you add the eggs too early, the sauce will separate.",
    "The defendant's lawyer argued that the contract had expired.",
    "Its wings are brown above and pale below, with a dark spot near the edge.",
    "They lost the first match 2-1 but won the return leg by three goals.",
    "I would not call it a bad film, only a long one.",
    "The engine was designed for heavy trucks and later used in boats.",
    "Children under twelve pay half the price, and dogs travel for free.",
    "After the war the bridge was rebuilt in steel.",
    "Light from the galaxy has travelled for more than a billion years.",
    "The old dictionary lists four meanings for this word, none of which fits here.",
    "Prices fell sharply in March, recovered in May, and have hardly moved since.",
    "Turn left at the church, then follow the canal until you reach the mill.",
    "Her second novel tells the same story from the point of view of the gardener.",
];

/// Sequences of tokens.
#[derive(Clone, Debug)]
pub struct Sample {
    batches: Vec<SampleBatch>,
}

/// Sequences of one length.
#[derive(Clone, Debug, Default)]
pub(super) struct SampleBatch {
    sequences: usize,
    length: usize,
    ids: Vec<u32>,
    type_ids: Vec<u32>,
    attention_mask: Vec<u8>,
}

impl Sample {
    /// A few built-in English sentences.
    ///
    /// # Errors
    /// [`ConversionError::Data`] where the tokenizer refuses them.
    pub fn built_in(tokenizer: &Tokenizer, max_length: usize) -> Result<Self, ConversionError> {
        let mut batches = Vec::new();
        for lines in LINES.chunks(SEQUENCES) {
            let mut batch = SampleBatch::default();
            let rows = lines
                .iter()
                .map(|line| {
                    let ids = tokenizer.encode(line)?;
                    Ok(tokenizer.join(&ids, None, max_length)?.0)
                })
                .collect::<Result<Vec<_>, ConversionError>>()?;
            batch.length = rows.iter().map(Vec::len).max().unwrap_or(0);
            for row in rows {
                batch.sequences += 1;
                batch.attention_mask.resize(batch.ids.len() + row.len(), 1);
                batch.ids.extend(row);
                batch
                    .ids
                    .resize(batch.sequences * batch.length, tokenizer.special().pad);
                batch.attention_mask.resize(batch.ids.len(), 0);
            }
            batch.type_ids = vec![0; batch.ids.len()];
            batches.push(batch);
        }
        Ok(Self { batches })
    }

    /// The first sequences of a corpus, unmasked.
    pub fn of(dataset: &Dataset, sequences: usize) -> Self {
        let count = sequences.div_ceil(SEQUENCES);
        let batches = dataset
            .validation_batches(SEQUENCES, Masking::default())
            .take(count)
            .map(|batch| {
                let mut ids = batch.ids;
                for (place, label) in batch.masked_positions.iter().zip(&batch.labels) {
                    ids[*place as usize] = *label;
                }
                SampleBatch {
                    sequences: batch.sequences,
                    length: batch.length,
                    ids,
                    type_ids: batch.type_ids,
                    attention_mask: batch.attention_mask,
                }
            })
            .collect();
        Self { batches }
    }

    pub(super) fn batches(&self) -> &[SampleBatch] {
        &self.batches
    }
}

impl SampleBatch {
    pub(super) fn input(&self) -> TaskInput<'_> {
        TaskInput {
            sequences: self.sequences,
            length: self.length,
            ids: &self.ids,
            type_ids: &self.type_ids,
            attention_mask: &self.attention_mask,
            target: TaskTarget::None,
            first_sequence: 0,
        }
    }

    pub(super) fn tokens(&self) -> usize {
        self.attention_mask
            .iter()
            .filter(|mask| **mask != 0)
            .count()
    }
}
