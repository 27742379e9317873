//! The model that a fine-tuning begins from.

use std::path::Path;

use pliant_data::Tokenizer;
use pliant_nn::{TaskHead, TaskModel};

use super::tuned::Tuned;
use super::{FinetuneOptions, Mode, Selection, twin_coefficients};
use crate::TrainError;

/// The tokenizer inside a model folder.
pub(crate) const TOKENIZER_FILE: &str = "tokenizer.json";

/// Opens the tokenizer of a model folder.
pub(crate) fn open_tokenizer(model: &Path) -> Result<Tokenizer, TrainError> {
    let path = model.join(TOKENIZER_FILE);
    if !path.is_file() {
        return Err(TrainError::NoTokenizer {
            model: model.to_path_buf(),
        });
    }
    Ok(Tokenizer::open(&path)?)
}

/// Some word tables are padded with rows of no word, up to a multiple of 64 or 128.
const PADDING: usize = 128;

/// Refuses a tokenizer of so many words where the model has another vocabulary.
pub(crate) fn check_vocabulary(
    model: &Path,
    tokenizer: usize,
    vocabulary: usize,
) -> Result<(), TrainError> {
    let unused = vocabulary.checked_sub(tokenizer);
    let is_padded = vocabulary.is_multiple_of(PADDING / 2);
    if unused.is_some_and(|unused| unused == 0 || is_padded && unused < PADDING) {
        return Ok(());
    }
    Err(TrainError::OtherVocabulary {
        model: model.to_path_buf(),
        model_words: vocabulary,
        tokenizer_words: tokenizer,
    })
}

/// Builds the model with its head and adapter, and selects what trains.
pub(crate) fn build(
    options: &FinetuneOptions,
    head: TaskHead,
    tokenizer: &Tokenizer,
    seed: u64,
) -> Result<Tuned, TrainError> {
    let has_pooler = !matches!(head, TaskHead::Span);
    let mut model = TaskModel::from_encoder(&options.model, head, seed)?;
    check_vocabulary(
        &options.model,
        tokenizer.vocabulary_size(),
        model.config().vocabulary_size,
    )?;
    if options.max_length > model.config().max_positions {
        return Err(TrainError::TooLong {
            max_length: options.max_length,
            positions: model.config().max_positions,
        });
    }
    if let Some(dropout) = options.dropout {
        model.set_dropout(dropout, dropout)?;
    }
    model.set_precision(options.precision);
    if let Some(adapter) = options.mode.adapter() {
        model.add_adapter(&adapter, seed)?;
    }
    let matched = match (options.mode, options.matched_bias) {
        (Mode::MatchedBias, Some(given)) => given,
        (Mode::MatchedBias, None) => twin_coefficients(model.config(), has_pooler)?,
        _ => 0,
    };
    let selection = Selection::new(options.mode, model.parameters(), matched, seed)?;
    Ok(Tuned::new(model, selection))
}
