//! Sliding windows: `[CLS] question [SEP] part of the context [SEP]`.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::Question;
use crate::task::{Sequence, SequenceTarget, TaskError};
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
/// As in BERT's own code, each window begins [`doc_stride`](WindowOptions::doc_stride) tokens of the context after the one
/// before it (or at its end, where the stride is longer than the window), until one reaches the context's end. A window that does not hold the
/// whole answer has none.
///
/// # Errors
/// [`TaskError::EmptyText`] for a question or context without tokens, [`TaskError::QuestionTooLong`] where a question
/// leaves no room for a token of the context, [`DataError::Option`] for a stride of 0 or questions of no tokens.
pub fn windows(
    tokenizer: &Tokenizer,
    questions: &[Question],
    options: WindowOptions,
) -> Result<Vec<Window>, DataError> {
    for (key, value) in [
        ("doc_stride", options.doc_stride),
        ("max_query_length", options.max_query_length),
    ] {
        if value == 0 {
            return Err(DataError::Option {
                key,
                value: "0".into(),
                reason: "it must be at least 1",
            });
        }
    }
    // Questions about one text follow each other; it is encoded once.
    let mut groups: Vec<(usize, &[Question])> = Vec::new();
    let mut first = 0;
    for group in questions.chunk_by(|a, b| a.context == b.context) {
        groups.push((first, group));
        first += group.len();
    }
    let windows: Vec<Vec<Window>> = groups
        .into_par_iter()
        .map(|(first, group)| {
            let context = Context::new(tokenizer, &group[0])?;
            let mut windows = Vec::new();
            for (question, number) in group.iter().zip(first..) {
                context.windows(tokenizer, question, number, options, &mut windows)?;
            }
            Ok::<_, DataError>(windows)
        })
        .collect::<Result<_, _>>()?;
    Ok(windows.into_iter().flatten().collect())
}

/// The tokens of a context.
struct Context {
    ids: Vec<u32>,
    places: Arc<[(u32, u32)]>,
}

impl Context {
    fn new(tokenizer: &Tokenizer, question: &Question) -> Result<Self, DataError> {
        let tokens = tokenizer.encode_places(&question.context)?;
        if tokens.is_empty() {
            return Err(empty(question, "context"));
        }
        Ok(Self {
            ids: tokens.iter().map(|token| token.id).collect(),
            places: tokens
                .iter()
                .map(|token| (token.start, token.end))
                .collect(),
        })
    }

    fn windows(
        &self,
        tokenizer: &Tokenizer,
        question: &Question,
        number: usize,
        options: WindowOptions,
        windows: &mut Vec<Window>,
    ) -> Result<(), DataError> {
        let mut query = tokenizer.encode(&question.question)?;
        query.truncate(options.max_query_length);
        if query.is_empty() {
            return Err(empty(question, "question"));
        }
        let Some(room) = options
            .max_length
            .checked_sub(query.len() + tokenizer.marks(2))
            .filter(|room| *room > 0)
        else {
            return Err(TaskError::QuestionTooLong {
                id: question.id.clone(),
                tokens: query.len(),
                max_length: options.max_length,
            }
            .into());
        };
        let stretches = stretches(self.ids.len(), room, options.doc_stride);
        let answer = self.answer(question);
        for (stretch, maximum_context) in stretches.iter().zip(maximum_context(&stretches)) {
            let (ids, type_ids) =
                tokenizer.join(&query, Some(&self.ids[stretch.clone()]), options.max_length)?;
            let first_position = tokenizer.second_start(query.len());
            windows.push(Window {
                ids,
                type_ids,
                question: number,
                span: match answer {
                    Known::Nothing => None,
                    Known::Tokens(first, last)
                        if stretch.contains(&first) && stretch.contains(&last) =>
                    {
                        let position = |token| (token - stretch.start + first_position) as u32;
                        Some((position(first), position(last)))
                    }
                    Known::Tokens(..) | Known::NoAnswer => Some((0, 0)),
                },
                places: Arc::clone(&self.places),
                first_token: stretch.start,
                first_position,
                tokens: stretch.len(),
                maximum_context,
            });
        }
        Ok(())
    }

    /// The answer to train on.
    fn answer(&self, question: &Question) -> Known {
        if question.is_impossible {
            return Known::NoAnswer;
        }
        let Some((start, end)) = question.first_place() else {
            return Known::Nothing;
        };
        // Every token that shares a character with the answer: an answer may begin or end inside a token.
        let before = |(_, token_end): &(u32, u32)| *token_end as usize <= start;
        let not_after = |(token_start, _): &(u32, u32)| (*token_start as usize) < end;
        let first = self.places.partition_point(before);
        let after = self.places.partition_point(not_after);
        if first < after {
            Known::Tokens(first, after - 1)
        } else {
            Known::Nothing
        }
    }
}

/// What is known about a question's answer.
#[derive(Clone, Copy)]
enum Known {
    Nothing,
    NoAnswer,
    /// First and last token of the context.
    Tokens(usize, usize),
}

fn empty(question: &Question, what: &str) -> DataError {
    TaskError::EmptyText {
        place: format!("{what} of {}", question.id),
    }
    .into()
}

/// Which tokens of a context of `length` tokens each window holds.
fn stretches(length: usize, room: usize, stride: usize) -> Vec<Range<usize>> {
    let mut stretches = Vec::new();
    let mut start = 0;
    loop {
        let end = length.min(start + room);
        stretches.push(start..end);
        if end == length {
            return stretches;
        }
        start += stride.min(room);
    }
}

/// For each token of each window whether the window shows it with most context: the lesser of what is left and right of it,
/// and a hundredth of the window's length to decide between equal ones, then the first (as in BERT's own code).
fn maximum_context(stretches: &[Range<usize>]) -> Vec<Vec<bool>> {
    let score = |stretch: &Range<usize>, token: usize| {
        let scarcer = (token - stretch.start).min(stretch.end - 1 - token);
        100 * scarcer + stretch.len()
    };
    stretches
        .iter()
        .enumerate()
        .map(|(window, stretch)| {
            stretch
                .clone()
                .map(|token| {
                    let own = score(stretch, token);
                    stretches.iter().enumerate().all(|(other, rival)| {
                        other == window || !rival.contains(&token) || {
                            let theirs = score(rival, token);
                            own > theirs || (own == theirs && window < other)
                        }
                    })
                })
                .collect()
        })
        .collect()
}
