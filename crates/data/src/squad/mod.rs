//! Question answering with spans: SQuAD v1.1 and v2.0 and any file of that form.
//!
//! A reader gives [`Question`]s; [`windows`] cuts question and context into sequences for a model;
//! [`best_answers`] turns the model's logits into texts.

mod answers;
mod parts;
mod read;
mod windows;

use std::sync::Arc;

pub use answers::{AnswerOptions, QuestionAnswers, ScoredAnswer, best_answers};
pub use parts::{QuestionParts, read_squad_parts};
pub(crate) use read::json_error;
pub use read::{SquadFile, read_squad};
pub use windows::{Window, WindowOptions, windows};

/// A question about a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The question's id in its file.
    pub id: String,
    /// The question.
    pub question: String,
    /// The text that holds the answer; questions about one text share it.
    pub context: Arc<str>,
    /// The right answers, any of which will do; none where there is none, or it is not known.
    pub answers: Vec<Answer>,
    /// The context holds no answer (SQuAD v2.0).
    pub is_impossible: bool,
}

/// A right answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The answer.
    pub text: String,
    /// Its first character in the context, counted in characters from 0; none where the file's place is wrong and
    /// cannot be repaired: such an answer scores, but cannot train.
    pub start: Option<usize>,
}
