//! The tokenizer: a Hugging Face tokenizer with the five tokens that masked language modelling needs.

mod encoder;
mod folder;
mod merges;
mod pair;
mod style;
mod vocabulary;
mod words;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::{AddedToken, decoders};

use crate::DataError;

pub(crate) use encoder::Encoder;
pub use pair::TokenPlace;
use style::Style;
pub(crate) use vocabulary::train;
pub(crate) use words::WordCounter;

/// Names of the special tokens; in a trained vocabulary their ids are their places here.
pub(crate) const SPECIAL: [&str; 5] = Style::Bert.names();

/// Words of a vocabulary at most: a table has a row for each id, also for those that stand for nothing.
const MOST_WORDS: usize = 1 << 24;

/// Ids of the special tokens, found by BERT's names or by `RoBERTa`'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecialTokens {
    /// `[PAD]` or `<pad>`
    pub pad: u32,
    /// `[UNK]` or `<unk>`
    pub unknown: u32,
    /// `[CLS]` or `<s>`
    pub classify: u32,
    /// `[SEP]` or `</s>`
    pub separate: u32,
    /// `[MASK]` or `<mask>`
    pub mask: u32,
}

/// A tokenizer ready for use: padding and truncation off, special tokens known.
///
/// Special tokens spelled out in a text are encoded like any other text, so that no text can forge one.
#[derive(Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    style: Style,
    special: SpecialTokens,
    vocabulary_size: usize,
    /// Ids that stand for text, ascending.
    ordinary: Vec<u32>,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`, or (by the ending `.txt`) a `vocab.txt`.
    ///
    /// A `vocab.txt` says nothing about letter case: one whose words are all in lower case is taken as lower-casing and
    /// accent-stripping (as BERT's uncased vocabulary is), any other as cased.
    ///
    /// # Errors
    /// [`DataError::Tokenizer`] where the file is no such thing, [`DataError::MissingSpecialTokens`] where a token
    /// is missing.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let bytes = fs::read(path).map_err(DataError::io("read", path))?;
        let unusable = |reason: String| DataError::Tokenizer {
            path: path.to_owned(),
            reason,
        };
        let is_list = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("txt"));
        let inner = if is_list {
            let words = word_list(&bytes).map_err(unusable)?;
            check_special(path, Style::Bert, |name| {
                words.iter().any(|word| word == name)
            })?;
            word_piece(&words, !is_cased(&words)).map_err(|error| unusable(error.to_string()))?
        } else {
            // The crate panics where it meets what is no JSON in the middle.
            serde_json::from_slice::<serde_json::Value>(&bytes)
                .map_err(|error| unusable(error.to_string()))?;
            tokenizers::Tokenizer::from_bytes(&bytes)
                .map_err(|error| unusable(error.to_string()))?
        };
        let has = |name: &str| inner.token_to_id(name).is_some();
        check_special(path, Style::of(has), has)?;
        Self::from_inner(inner).map_err(|error| match error {
            DataError::Encode(reason) => unusable(reason),
            other => other,
        })
    }

    /// A lower-casing `WordPiece` tokenizer of these words, their ids being their places.
    pub(crate) fn from_words(words: &[String]) -> Result<Self, DataError> {
        Self::from_inner(word_piece(words, true).map_err(encode_error)?)
    }

    fn from_inner(mut inner: tokenizers::Tokenizer) -> Result<Self, DataError> {
        inner.with_padding(None);
        inner.with_truncation(None).map_err(encode_error)?;
        inner.set_encode_special_tokens(true);
        let id = |name: &str| {
            inner
                .token_to_id(name)
                .ok_or_else(|| DataError::Encode(format!("no {name} token")))
        };
        let style = Style::of(|name| inner.token_to_id(name).is_some());
        let [pad, unknown, classify, separate, mask] = style.names();
        let special = SpecialTokens {
            pad: id(pad)?,
            unknown: id(unknown)?,
            classify: id(classify)?,
            separate: id(separate)?,
            mask: id(mask)?,
        };
        let mut not_text: HashSet<u32> = [
            special.pad,
            special.unknown,
            special.classify,
            special.separate,
            special.mask,
        ]
        .into();
        if not_text.len() < SPECIAL.len() {
            return Err(DataError::Encode("two special tokens share an id".into()));
        }
        let added = inner.get_added_tokens_decoder();
        not_text.extend(
            added
                .iter()
                .filter(|(_, token)| token.special)
                .map(|(id, _)| *id),
        );
        let mut ordinary: Vec<u32> = inner.get_vocab(true).into_values().collect();
        ordinary.sort_unstable();
        ordinary.dedup();
        let vocabulary_size = ordinary.last().map_or(0, |&last| last as usize + 1);
        if vocabulary_size > MOST_WORDS {
            return Err(DataError::Encode(format!(
                "the highest id is {}; at most {} can be used",
                vocabulary_size - 1,
                MOST_WORDS - 1
            )));
        }
        ordinary.retain(|id| !not_text.contains(id));
        if ordinary.is_empty() {
            return Err(DataError::Encode(
                "the vocabulary has no ordinary words".into(),
            ));
        }
        Ok(Self {
            inner,
            style,
            special,
            vocabulary_size,
            ordinary,
        })
    }

    /// One more than the highest id: the rows that an embedding table needs.
    pub fn vocabulary_size(&self) -> usize {
        self.vocabulary_size
    }

    /// Ids of the special tokens.
    pub fn special(&self) -> SpecialTokens {
        self.special
    }

    /// Ids that stand for text (no special token), ascending.
    pub fn ordinary(&self) -> &[u32] {
        &self.ordinary
    }

    /// Token ids of a text, without `[CLS]` and `[SEP]`.
    ///
    /// # Errors
    /// [`DataError::Encode`] where the tokenizer cannot represent the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, DataError> {
        let encoding = self.inner.encode_fast(text, false).map_err(encode_error)?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The text of an id, e.g. `##ing`.
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// The text of a sequence of ids, special tokens left out.
    ///
    /// # Errors
    /// [`DataError::Encode`] where the tokenizer's decoder refuses the ids.
    pub fn decode(&self, ids: &[u32]) -> Result<String, DataError> {
        self.inner.decode(ids, true).map_err(encode_error)
    }

    /// The Hugging Face `tokenizer.json`.
    ///
    /// # Errors
    /// [`DataError::Encode`] where the tokenizer cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, DataError> {
        self.inner.to_string(true).map_err(encode_error)
    }

    /// Writes a Hugging Face `tokenizer.json`.
    ///
    /// # Errors
    /// [`DataError::Io`] where the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), DataError> {
        fs::write(path, self.to_json()?).map_err(DataError::io("write", path))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "its place is in map_err")]
fn encode_error(error: tokenizers::Error) -> DataError {
    DataError::Encode(error.to_string())
}

fn check_special(path: &Path, style: Style, has: impl Fn(&str) -> bool) -> Result<(), DataError> {
    let missing: Vec<&'static str> = style
        .names()
        .into_iter()
        .filter(|name| !has(name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(DataError::MissingSpecialTokens {
        path: path.to_owned(),
        missing,
    })
}

/// The words of a `vocab.txt`, one a line.
fn word_list(bytes: &[u8]) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
    let text = text.trim_start_matches('\u{feff}');
    let words: Vec<String> = text
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    let mut seen = HashSet::new();
    for (index, word) in words.iter().enumerate() {
        if word.is_empty() {
            return Err(format!("line {} is empty", index + 1));
        }
        if !seen.insert(word) {
            return Err(format!("line {} repeats {word:?}", index + 1));
        }
    }
    Ok(words)
}

/// Some word changes when it is put in lower case. (Capitals that have no lower case, such as `ℝ`, occur in BERT's
/// uncased vocabulary.)
fn is_cased(words: &[String]) -> bool {
    words
        .iter()
        .any(|word| !SPECIAL.contains(&word.as_str()) && word.to_lowercase() != *word)
}

/// BERT's tokenizer around a list of words.
fn word_piece(words: &[String], lowercase: bool) -> tokenizers::Result<tokenizers::Tokenizer> {
    let vocabulary = WordPiece::read_bytes(words.join("\n").as_bytes())?;
    let id = |name: &str| vocabulary.get(name).copied().unwrap_or_default();
    let processing = BertProcessing::new(
        ("[SEP]".to_owned(), id("[SEP]")),
        ("[CLS]".to_owned(), id("[CLS]")),
    );
    let model = WordPiece::builder()
        .vocab(vocabulary)
        .unk_token("[UNK]".to_owned())
        .build()?;
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    tokenizer.with_normalizer(Some(BertNormalizer::new(true, true, None, lowercase)))?;
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    tokenizer.with_post_processor(Some(processing));
    tokenizer.with_decoder(Some(decoders::wordpiece::WordPiece::default()));
    tokenizer.add_special_tokens(SPECIAL.map(|name| AddedToken::from(name, true)))?;
    Ok(tokenizer)
}

#[cfg(test)]
mod tests;
