//! Encoding chunks of the corpus, remembering the ids of words already seen.
//!
//! A BERT tokenizer splits at white space before anything else and its normalizer works character by character (no
//! combining sequence reaches across white space), so the ids of a text are those of its words one after the other.
//! Words recur, so each is given to `tokenizers` once and looked up afterwards.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokenizers::{ModelWrapper, NormalizerWrapper, PreTokenizerWrapper};

use super::words::words;
use super::{Tokenizer, encode_error};
use crate::DataError;
use crate::corpus::text::Chunk;

/// A worker remembers at most this many words.
const REMEMBERED: usize = 1 << 20;
/// Longer words are not worth remembering.
const LONGEST: usize = 64;

/// Token ids of a chunk.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct EncodedChunk {
    pub(crate) ids: Vec<u32>,
    /// Offsets in `ids` at which a document ends.
    pub(crate) ends: Vec<usize>,
}

/// What one worker has seen: the ids of a word lie in `ids` from `start`.
#[derive(Default)]
struct Memory {
    words: HashMap<Box<str>, (u32, u32)>,
    ids: Vec<u32>,
}

/// Encodes chunks from several threads at once.
pub(crate) struct Encoder<'a> {
    tokenizer: &'a Tokenizer,
    by_word: bool,
    memories: Mutex<Vec<Memory>>,
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(tokenizer: &'a Tokenizer) -> Self {
        Self {
            tokenizer,
            by_word: splits_at_white_space(tokenizer),
            memories: Mutex::default(),
        }
    }

    pub(crate) fn encode(&self, chunk: &Chunk) -> Result<EncodedChunk, DataError> {
        let mut memory = self.lock().pop().unwrap_or_default();
        let result = self.encode_with(chunk, &mut memory);
        self.lock().push(memory);
        result
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Memory>> {
        // A memory is only ever pushed whole, so a panic elsewhere leaves nothing half done.
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn encode_with(&self, chunk: &Chunk, memory: &mut Memory) -> Result<EncodedChunk, DataError> {
        let mut encoded = EncodedChunk::default();
        let mut start = 0;
        for &end in &chunk.ends {
            self.segment(&chunk.text[start..end], memory, &mut encoded.ids)?;
            encoded.ends.push(encoded.ids.len());
            start = end;
        }
        self.segment(&chunk.text[start..], memory, &mut encoded.ids)?;
        Ok(encoded)
    }

    fn segment(
        &self,
        text: &str,
        memory: &mut Memory,
        ids: &mut Vec<u32>,
    ) -> Result<(), DataError> {
        if !self.by_word {
            let lines: Vec<&str> = text.lines().collect();
            let encodings = self
                .tokenizer
                .inner
                .encode_batch_fast(lines, false)
                .map_err(encode_error)?;
            for encoding in encodings {
                ids.extend_from_slice(encoding.get_ids());
            }
            return Ok(());
        }
        for word in words(text) {
            if let Some(&(start, count)) = memory.words.get(word) {
                ids.extend_from_slice(&memory.ids[start as usize..(start + count) as usize]);
                continue;
            }
            let encoding = self
                .tokenizer
                .inner
                .encode_fast(word, false)
                .map_err(encode_error)?;
            let word_ids = encoding.get_ids();
            ids.extend_from_slice(word_ids);
            if word.len() <= LONGEST && memory.words.len() < REMEMBERED {
                let place = (memory.ids.len() as u32, word_ids.len() as u32);
                memory.ids.extend_from_slice(word_ids);
                memory.words.insert(word.into(), place);
            }
        }
        Ok(())
    }
}

fn splits_at_white_space(tokenizer: &Tokenizer) -> bool {
    let inner = &tokenizer.inner;
    matches!(inner.get_model(), ModelWrapper::WordPiece(_))
        && matches!(
            inner.get_pre_tokenizer(),
            Some(PreTokenizerWrapper::BertPreTokenizer(_))
        )
        && matches!(
            inner.get_normalizer(),
            None | Some(NormalizerWrapper::BertNormalizer(_))
        )
        && inner
            .get_added_tokens_decoder()
            .values()
            .all(|token| token.special || !token.content.contains(char::is_whitespace))
}
