//! What a task model reads and how well it did.

use std::sync::Arc;

use super::input::{TokenInput, expect_length, within};
use super::network::ForwardBatch;
use crate::config::ModelConfig;
use crate::error::ModelError;
use crate::head::TaskHead;
use crate::operation::TaskTruth;

/// A batch of sequences (or pairs, told apart by the token types) with what is expected of them. Slices are row-major.
#[derive(Debug, Clone, Copy)]
pub struct TaskInput<'a> {
    /// Number of sequences (batch).
    pub sequences: usize,
    /// Tokens of each sequence, padding included.
    pub length: usize,
    /// Token ids `[sequences, length]`.
    pub ids: &'a [u32],
    /// Token types `[sequences, length]`.
    pub type_ids: &'a [u32],
    /// 1 for a token, 0 for padding `[sequences, length]`. Padding is left out of all work and changes no result; each
    /// sequence has at least one token, and the first one is pooled.
    pub attention_mask: &'a [u8],
    /// What is expected.
    pub target: TaskTarget<'a>,
    /// Index of the first sequence inside the step's whole batch: dropout follows it, not the micro-batch.
    pub first_sequence: u64,
}

/// What is expected of a batch; its kind is that of the model's head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TaskTarget<'a> {
    /// Not known: enough for logits.
    None,
    /// The class of each sequence.
    Classes(&'a [u32]),
    /// The value of each sequence.
    Scores(&'a [f32]),
    /// Where the answer of each sequence starts and where it ends (its last token), as positions in the sequence. A
    /// position of `length` or beyond is ignored: it adds nothing to loss and gradients.
    Spans {
        /// First tokens.
        starts: &'a [u32],
        /// Last tokens.
        ends: &'a [u32],
    },
}

impl TaskTarget<'_> {
    const fn kind(&self) -> &'static str {
        match self {
            Self::None => "no targets",
            Self::Classes(_) => "classes",
            Self::Scores(_) => "scores",
            Self::Spans { .. } => "spans",
        }
    }
}

/// What a task model earned on some sequences.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TaskScore {
    /// Sum over the sequences of the cross-entropy in nats, of the squared error of a regression, or of the mean of the
    /// cross-entropies of start and end.
    pub loss_sum: f64,
    /// Number of sequences.
    pub sequences: usize,
    /// Sequences whose class, or both ends of whose span, have the largest logit (the first of equal ones counts); 0 for
    /// a regression.
    pub correct: usize,
}

impl std::ops::AddAssign for TaskScore {
    fn add_assign(&mut self, other: Self) {
        self.loss_sum += other.loss_sum;
        self.sequences += other.sequences;
        self.correct += other.correct;
    }
}

impl<'a> TaskInput<'a> {
    /// The tokens alone.
    pub(crate) fn tokens(&self) -> TokenInput<'a> {
        TokenInput {
            sequences: self.sequences,
            length: self.length,
            ids: self.ids,
            type_ids: self.type_ids,
            attention_mask: self.attention_mask,
        }
    }

    /// Checks tokens, and that every sequence has one.
    pub(crate) fn validate_tokens(&self, config: &ModelConfig) -> Result<(), ModelError> {
        self.tokens().validate(config)?;
        let is_empty = |mask: &[u8]| mask.iter().all(|real| *real == 0);
        match self
            .attention_mask
            .chunks_exact(self.length)
            .position(is_empty)
        {
            None => Ok(()),
            Some(sequence) => Err(ModelError::EmptySequence { sequence }),
        }
    }

    /// Checks the targets of a batch with valid tokens and brings them into the form of the loss.
    pub(crate) fn truth(
        &self,
        head: &TaskHead,
        batch: &ForwardBatch,
    ) -> Result<TaskTruth, ModelError> {
        let one_each =
            |field, found| expect_length(field, found, self.sequences, "one for each sequence");
        match (head, self.target) {
            (TaskHead::Classification { labels }, TaskTarget::Classes(classes)) => {
                one_each("classes", classes.len())?;
                within("classes", classes, labels.len())?;
                Ok(TaskTruth::Classes(classes.into()))
            }
            (TaskHead::Regression, TaskTarget::Scores(scores)) => {
                one_each("scores", scores.len())?;
                match scores.iter().position(|score| !score.is_finite()) {
                    None => Ok(TaskTruth::Scores(scores.into())),
                    Some(sequence) => Err(ModelError::ScoreNotFinite { sequence }),
                }
            }
            (TaskHead::Span, TaskTarget::Spans { starts, ends }) => {
                one_each("starts", starts.len())?;
                one_each("ends", ends.len())?;
                Ok(TaskTruth::Spans {
                    layout: Arc::clone(&batch.layout),
                    starts: self.span_rows("starts", starts, batch)?,
                    ends: self.span_rows("ends", ends, batch)?,
                })
            }
            (head, target) => Err(ModelError::TargetKind {
                head: head.kind(),
                found: target.kind(),
            }),
        }
    }

    /// The rows of positions among the real tokens of their sequences.
    fn span_rows(
        &self,
        field: &'static str,
        positions: &[u32],
        batch: &ForwardBatch,
    ) -> Result<Arc<[Option<u32>]>, ModelError> {
        positions
            .iter()
            .enumerate()
            .map(|(sequence, position)| {
                if *position as usize >= self.length {
                    return Ok(None);
                }
                let place = sequence * self.length + *position as usize;
                match batch.layout.row(place) {
                    Some(row) => Ok(Some((row - batch.layout.rows(sequence).start) as u32)),
                    None => Err(ModelError::MaskedPadding {
                        field,
                        position: place as u32,
                    }),
                }
            })
            .collect()
    }
}
