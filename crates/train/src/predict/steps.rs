//! Asking in three steps: a text becomes sequences, sequences go through the model, its outputs become a reply. So sequences
//! of different askers can go through the model together, and nobody's reply depends on the others'.

use pliant_data::task::{Sequence, SequenceTarget, TaskBatch};
use pliant_nn::{AnyModel, ModelInput};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BATCH, Predictor};
use crate::TrainError;
use crate::finetune::tuned::input;

/// What is done with a text that is longer than the model reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// Its end is cut, of two texts as in training.
    Cut,
    /// It is refused with [`TrainError::TextTooLong`].
    Refuse,
}

/// How the vectors of a sequence's tokens become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// Their mean, that of `[CLS]` and `[SEP]` included.
    #[default]
    Mean,
    /// The vector of the first token, `[CLS]`.
    First,
}

/// Tokens that go through the model as one, and what is wanted of them.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSequence {
    ids: Vec<u32>,
    type_ids: Vec<u32>,
    wanted: Wanted,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Wanted {
    /// So many words for each mask.
    Words(usize),
    /// What the head says.
    Logits,
    /// A vector of the encoder.
    Vector(Pooling),
}

/// What the model makes of a sequence.
#[derive(Clone, Debug, PartialEq)]
pub enum SequenceOutput {
    /// For each mask the most probable words with their probabilities.
    Words(Vec<Vec<(u32, f32)>>),
    /// The labels' logits, or two for each token (start, end).
    Logits(Vec<f32>),
    /// A vector.
    Vector(Vec<f32>),
}

/// From outputs to the reply.
type Finish<R> = Box<dyn FnOnce(&Predictor, Vec<SequenceOutput>) -> R + Send>;

/// One input in the form in which the model reads it, and how its reply is made.
pub struct Encoded<R> {
    sequences: Vec<ModelSequence>,
    is_cut: bool,
    finish: Finish<R>,
}

impl ModelSequence {
    pub(super) fn words(ids: Vec<u32>, top: usize) -> Self {
        Self {
            type_ids: vec![0; ids.len()],
            ids,
            wanted: Wanted::Words(top),
        }
    }

    pub(super) fn logits(ids: Vec<u32>, type_ids: Vec<u32>) -> Self {
        Self {
            ids,
            type_ids,
            wanted: Wanted::Logits,
        }
    }

    pub(super) fn vector(ids: Vec<u32>, type_ids: Vec<u32>, pooling: Pooling) -> Self {
        Self {
            ids,
            type_ids,
            wanted: Wanted::Vector(pooling),
        }
    }

    /// Its tokens, with those that mark beginning and end.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// Whether it goes through the encoder alone.
    fn wants_vector(&self) -> bool {
        matches!(self.wanted, Wanted::Vector(_))
    }
}

impl Sequence for &ModelSequence {
    fn ids(&self) -> &[u32] {
        &self.ids
    }

    fn type_ids(&self) -> &[u32] {
        &self.type_ids
    }

    fn target(&self) -> SequenceTarget {
        SequenceTarget::None
    }
}

impl SequenceOutput {
    /// Whether all its numbers are finite, as those of a sound model are.
    pub fn is_finite(&self) -> bool {
        match self {
            Self::Words(masks) => masks
                .iter()
                .all(|words| !words.is_empty() && words.iter().all(|(_, share)| share.is_finite())),
            Self::Logits(values) | Self::Vector(values) => {
                values.iter().all(|value| value.is_finite())
            }
        }
    }

    /// The words, of an output of words.
    pub(super) fn into_words(self) -> Vec<Vec<(u32, f32)>> {
        match self {
            Self::Words(words) => words,
            Self::Logits(_) | Self::Vector(_) => Vec::new(),
        }
    }

    /// The numbers, of an output of numbers.
    pub(super) fn into_values(self) -> Vec<f32> {
        match self {
            Self::Logits(values) | Self::Vector(values) => values,
            Self::Words(_) => Vec::new(),
        }
    }
}

impl<R> Encoded<R> {
    /// An input of several sequences, whose text may have been cut; `finish` gets their outputs in their order.
    pub(super) fn several(
        sequences: Vec<ModelSequence>,
        is_cut: bool,
        finish: impl FnOnce(&Predictor, Vec<SequenceOutput>) -> R + Send + 'static,
    ) -> Self {
        Self {
            sequences,
            is_cut,
            finish: Box::new(finish),
        }
    }

    /// An input of one sequence, whose text may have been cut.
    pub(super) fn one(
        sequence: ModelSequence,
        is_cut: bool,
        finish: impl FnOnce(&Predictor, SequenceOutput) -> R + Send + 'static,
    ) -> Self {
        let finish = move |predictor: &Predictor, mut outputs: Vec<SequenceOutput>| {
            // As many outputs as sequences.
            finish(predictor, outputs.remove(0))
        };
        Self::several(vec![sequence], is_cut, finish)
    }

    /// Whether the text's end was cut.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Takes the sequences out; their outputs go to [`Encoded::finish`].
    pub fn take_sequences(&mut self) -> Vec<ModelSequence> {
        std::mem::take(&mut self.sequences)
    }

    /// The reply, from the outputs of the sequences, one for each, in their order.
    ///
    /// # Panics
    /// If there are fewer outputs than there were sequences.
    pub fn finish(self, predictor: &Predictor, outputs: Vec<SequenceOutput>) -> R {
        (self.finish)(predictor, outputs)
    }
}

impl<R> std::fmt::Debug for Encoded<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Encoded")
            .field("sequences", &self.sequences)
            .field("is_cut", &self.is_cut)
            .finish_non_exhaustive()
    }
}

impl Predictor {
    /// Sends sequences through the model together; gives the output of each, in their order. Padding is left out of all
    /// work, so their lengths need not be alike, and no output depends on what else is in `sequences` but for rounding.
    ///
    /// # Errors
    /// What the model says of sequences that do not fit it.
    pub fn forward(&self, sequences: &[&ModelSequence]) -> Result<Vec<SequenceOutput>, TrainError> {
        let mut outputs: Vec<Option<SequenceOutput>> = vec![None; sequences.len()];
        for wants_vector in [false, true] {
            let rows: Vec<usize> = (0..sequences.len())
                .filter(|row| sequences[*row].wants_vector() == wants_vector)
                .collect();
            if rows.is_empty() {
                continue;
            }
            let pad = self.tokenizer.special().pad;
            let batch = TaskBatch::gather(sequences, &rows, 0..rows.len(), pad);
            let own: Vec<&ModelSequence> = rows.iter().map(|row| sequences[*row]).collect();
            let all = match (&self.model, wants_vector) {
                (_, true) => self.vectors(&own, &batch)?,
                (AnyModel::MaskedLanguage(_), false) => self.words(&own, &batch)?,
                (AnyModel::Task(_), false) => self.logits(&own, &batch)?,
            };
            for (row, output) in rows.into_iter().zip(all) {
                outputs[row] = Some(output);
            }
        }
        Ok(outputs.into_iter().flatten().collect())
    }

    /// The replies to inputs, `BATCH` sequences at a time.
    pub(super) fn ask<R>(&self, mut inputs: Vec<Encoded<R>>) -> Result<Vec<R>, TrainError> {
        let sequences: Vec<Vec<ModelSequence>> =
            inputs.iter_mut().map(Encoded::take_sequences).collect();
        let all: Vec<&ModelSequence> = sequences.iter().flatten().collect();
        let mut outputs = Vec::with_capacity(all.len());
        for batch in all.chunks(BATCH) {
            outputs.extend(self.forward(batch)?);
        }
        let mut outputs = outputs.into_iter();
        Ok(inputs
            .into_iter()
            .zip(&sequences)
            .map(|(input, own)| input.finish(self, outputs.by_ref().take(own.len()).collect()))
            .collect())
    }

    fn words(
        &self,
        sequences: &[&ModelSequence],
        batch: &TaskBatch,
    ) -> Result<Vec<SequenceOutput>, TrainError> {
        let AnyModel::MaskedLanguage(model) = &self.model else {
            return Err(self.unable("fill masks"));
        };
        let mask = self.tokenizer.special().mask;
        let top = |sequence: &ModelSequence| match sequence.wanted {
            Wanted::Words(top) => top,
            Wanted::Logits | Wanted::Vector(_) => 0,
        };
        let places: Vec<u32> = (0_u32..)
            .zip(&batch.ids)
            .filter(|(_, id)| **id == mask)
            .map(|(place, _)| place)
            .collect();
        let most = sequences.iter().map(|sequence| top(sequence)).max();
        let words = model.fill_mask(&model_input(batch), &places, most.unwrap_or(0))?;
        let mut words = words.into_iter();
        Ok(sequences
            .iter()
            .map(|sequence| {
                let masks = sequence.ids.iter().filter(|id| **id == mask).count();
                let own = words.by_ref().take(masks);
                SequenceOutput::Words(
                    own.map(|mut words| {
                        words.truncate(top(sequence));
                        words
                    })
                    .collect(),
                )
            })
            .collect())
    }

    fn logits(
        &self,
        sequences: &[&ModelSequence],
        batch: &TaskBatch,
    ) -> Result<Vec<SequenceOutput>, TrainError> {
        let model = self.task("name labels")?;
        let all = model.logits(&input(batch))?;
        let each = all.len() / batch.sequences.max(1);
        let is_span = *model.head() == pliant_nn::TaskHead::Span;
        Ok(sequences
            .iter()
            .zip(all.chunks_exact(each.max(1)))
            .map(|(sequence, logits)| {
                let own = if is_span {
                    &logits[..2 * sequence.ids.len()]
                } else {
                    logits
                };
                SequenceOutput::Logits(own.to_vec())
            })
            .collect())
    }

    fn vectors(
        &self,
        sequences: &[&ModelSequence],
        batch: &TaskBatch,
    ) -> Result<Vec<SequenceOutput>, TrainError> {
        let input = model_input(batch);
        let (hidden, size) = match &self.model {
            AnyModel::MaskedLanguage(model) => {
                (model.hidden_states(&input)?, model.config().hidden_size)
            }
            AnyModel::Task(model) => (model.hidden_states(&input)?, model.config().hidden_size),
        };
        let mut rest = hidden.as_slice();
        Ok(sequences
            .iter()
            .map(|sequence| {
                let own;
                (own, rest) = rest.split_at(sequence.ids.len() * size);
                SequenceOutput::Vector(match sequence.wanted {
                    Wanted::Vector(Pooling::First) => own[..size].to_vec(),
                    _ => mean(own, size),
                })
            })
            .collect())
    }
}

fn model_input(batch: &TaskBatch) -> ModelInput<'_> {
    ModelInput {
        sequences: batch.sequences,
        length: batch.length,
        ids: &batch.ids,
        type_ids: &batch.type_ids,
        attention_mask: &batch.attention_mask,
        masked_positions: &[],
        labels: &[],
        first_sequence: 0,
    }
}

/// The mean of `rows` `[rows, size]`, summed in f64.
fn mean(rows: &[f32], size: usize) -> Vec<f32> {
    let count = (rows.len() / size) as f64;
    (0..size)
        .map(|column| {
            let values = rows.iter().skip(column).step_by(size);
            (values.map(|value| f64::from(*value)).sum::<f64>() / count) as f32
        })
        .collect()
}
