//! The tokenizer: a Hugging Face tokenizer with the five tokens that masked language modelling needs.

use std::path::Path;

use crate::DataError;

/// Ids of the special tokens, found by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecialTokens {
    /// `[PAD]`
    pub pad: u32,
    /// `[UNK]`
    pub unknown: u32,
    /// `[CLS]`
    pub classify: u32,
    /// `[SEP]`
    pub separate: u32,
    /// `[MASK]`
    pub mask: u32,
}

/// A tokenizer ready for use: padding and truncation off, special tokens known.
#[derive(Debug)]
pub struct Tokenizer {
    special: SpecialTokens,
    vocabulary_size: usize,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`, or (by the ending `.txt`) a `vocab.txt`.
    pub fn open(_path: &Path) -> Result<Self, DataError> {
        todo!()
    }

    /// Words in the vocabulary, special and added tokens included; ids are below it.
    pub fn vocabulary_size(&self) -> usize {
        self.vocabulary_size
    }

    /// Ids of the special tokens.
    pub fn special(&self) -> SpecialTokens {
        self.special
    }

    /// Token ids of a text, without `[CLS]` and `[SEP]`.
    pub fn encode(&self, _text: &str) -> Result<Vec<u32>, DataError> {
        todo!()
    }

    /// The text of an id.
    pub fn token(&self, _id: u32) -> Option<String> {
        todo!()
    }

    /// Writes a Hugging Face `tokenizer.json`.
    pub fn save(&self, _path: &Path) -> Result<(), DataError> {
        todo!()
    }
}
