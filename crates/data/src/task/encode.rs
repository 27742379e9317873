//! Token ids of rows: `[CLS] first [SEP]`, or `[CLS] first [SEP] second [SEP]`.

use rayon::prelude::*;

use super::{Example, Sequence, SequenceTarget, Target, TaskError};
use crate::{DataError, Tokenizer};

/// A row as a model sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedExample {
    /// Token ids, without padding.
    pub ids: Vec<u32>,
    /// 0 up to and including the first `[SEP]`, then 1.
    pub type_ids: Vec<u32>,
    /// What it should be answered with.
    pub target: Option<Target>,
}

impl Sequence for EncodedExample {
    fn ids(&self) -> &[u32] {
        &self.ids
    }

    fn type_ids(&self) -> &[u32] {
        &self.type_ids
    }

    fn target(&self) -> SequenceTarget {
        match self.target {
            None => SequenceTarget::None,
            Some(Target::Class(class)) => SequenceTarget::Class(class),
            Some(Target::Score(score)) => SequenceTarget::Score(score),
        }
    }
}

/// Encodes rows, in their order, to at most `max_length` tokens each.
///
/// What is too long is cut at its end: of two texts the longer one, until both are equally long, then both
/// (`longest_first` of Hugging Face).
///
/// # Errors
/// [`TaskError::EmptyText`] where a text has no tokens, [`DataError::Option`] where `max_length` has no room for a token
/// of each text.
pub fn encode_examples(
    tokenizer: &Tokenizer,
    examples: &[Example],
    max_length: usize,
) -> Result<Vec<EncodedExample>, DataError> {
    examples
        .par_iter()
        .map(|example| {
            let first = tokens(tokenizer, &example.first, example.row)?;
            let second = match &example.second {
                Some(text) => Some(tokens(tokenizer, text, example.row)?),
                None => None,
            };
            let (ids, type_ids) = tokenizer.join(&first, second.as_deref(), max_length)?;
            Ok(EncodedExample {
                ids,
                type_ids,
                target: example.target,
            })
        })
        .collect()
}

fn tokens(tokenizer: &Tokenizer, text: &str, row: usize) -> Result<Vec<u32>, DataError> {
    let ids = tokenizer.encode(text)?;
    if ids.is_empty() {
        return Err(TaskError::EmptyText {
            place: format!("row {row}"),
        }
        .into());
    }
    Ok(ids)
}
