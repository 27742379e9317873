//! How often each word occurs, the words being those that the tokenizer's normalizer and splitter make.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{
    NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer,
};

use super::encode_error;
use crate::DataError;
use crate::corpus::text::Chunk;

type Counts = HashMap<String, u64>;

/// The words of a text as they are written. BERT's normalizer drops a form feed like any other control character, so none ends a
/// word, unlike in [`str::split_ascii_whitespace`].
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\t', '\n', '\r'])
        .filter(|word| !word.is_empty())
}

/// Counts words from several threads at once. Sums do not depend on the order, so neither does the result.
#[derive(Default)]
pub(crate) struct WordCounter {
    raw: Mutex<Vec<Counts>>,
}

impl WordCounter {
    /// Adds the words of a chunk as they are written, split at white space.
    pub(crate) fn count(&self, chunk: &Chunk) {
        let mut counts = self.lock().pop().unwrap_or_default();
        for word in words(&chunk.text) {
            match counts.get_mut(word) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(word.to_owned(), 1);
                }
            }
        }
        self.lock().push(counts);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Counts>> {
        self.raw.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The normalized words and their counts, in the order of the words.
    pub(crate) fn finish(self) -> Result<Vec<(String, u64)>, DataError> {
        let raw = self
            .raw
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let raw: Vec<(String, u64)> = sorted_sums(raw.into_iter().flatten());
        let parts: Vec<Vec<(String, u64)>> = raw
            .par_chunks(1 << 14)
            .map(|words| {
                let mut parts = Vec::with_capacity(words.len());
                for (word, count) in words {
                    split_word(word, |part| parts.push((part.to_owned(), *count)))?;
                }
                Ok(sorted_sums(parts.into_iter()))
            })
            .collect::<Result<_, DataError>>()?;
        Ok(sorted_sums(parts.into_iter().flatten()))
    }
}

/// Adds up the counts of equal words; the result is in the order of the words.
fn sorted_sums(words: impl Iterator<Item = (String, u64)>) -> Vec<(String, u64)> {
    let mut words: Vec<(String, u64)> = words.collect();
    words.par_sort_unstable();
    words.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1 += later.1;
        }
        same
    });
    words
}

fn split_word(word: &str, mut part: impl FnMut(&str)) -> Result<(), DataError> {
    if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        part(word);
        return Ok(());
    }
    let mut normalized = NormalizedString::from(word);
    BertNormalizer::default()
        .normalize(&mut normalized)
        .map_err(encode_error)?;
    let mut split = PreTokenizedString::from(normalized);
    BertPreTokenizer
        .pre_tokenize(&mut split)
        .map_err(encode_error)?;
    for (text, _, _) in split.get_splits(OffsetReferential::Normalized, OffsetType::None) {
        part(text);
    }
    Ok(())
}
