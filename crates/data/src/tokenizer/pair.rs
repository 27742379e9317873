//! Sequences for tasks: one text or two between `[CLS]` and `[SEP]`, and tokens that know their characters.

use super::{Tokenizer, encode_error};
use crate::DataError;

/// A token and the characters of the text that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenPlace {
    /// Token id.
    pub id: u32,
    /// First character, counted from 0 in characters (not bytes) of the text as it was given.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
}

impl Tokenizer {
    /// Tokens of a text with their places in it, without `[CLS]` and `[SEP]`.
    ///
    /// # Errors
    /// [`DataError::Encode`] where the tokenizer cannot represent the text.
    pub fn encode_places(&self, text: &str) -> Result<Vec<TokenPlace>, DataError> {
        let encoding = self
            .inner
            .encode_char_offsets(text, false)
            .map_err(encode_error)?;
        let places = encoding.get_ids().iter().zip(encoding.get_offsets());
        Ok(places
            .map(|(&id, &(start, end))| TokenPlace {
                id,
                start: start as u32,
                end: end as u32,
            })
            .collect())
    }

    /// Token ids and segment ids of `[CLS] first [SEP]` or `[CLS] first [SEP] second [SEP]`, at most `max_length`; with a
    /// tokenizer of `RoBERTa`'s style `<s> first </s>` or `<s> first </s></s> second </s>`, all of segment 0.
    ///
    /// What is too long is cut at its end: of two texts the longer one, until both are equally long, then both
    /// (`longest_first` of Hugging Face).
    ///
    /// # Errors
    /// [`DataError::Option`] where `max_length` has no room for a token of each text.
    pub fn join(
        &self,
        first: &[u32],
        second: Option<&[u32]>,
        max_length: usize,
    ) -> Result<(Vec<u32>, Vec<u32>), DataError> {
        let texts = 1 + usize::from(second.is_some());
        let marks = self.marks(texts);
        if max_length < marks + texts {
            return Err(DataError::Option {
                key: "max_length",
                value: max_length.to_string(),
                reason: "there must be room for [CLS], and for one token and [SEP] of each text",
            });
        }
        let room = max_length - marks;
        let (first, second) = match second {
            None => (&first[..first.len().min(room)], None),
            Some(second) => {
                let (kept_first, kept_second) = longest_first(first.len(), second.len(), room);
                (&first[..kept_first], Some(&second[..kept_second]))
            }
        };
        let length = marks + first.len() + second.map_or(0, <[u32]>::len);
        let mut ids = Vec::with_capacity(length);
        ids.push(self.special.classify);
        ids.extend_from_slice(first);
        ids.push(self.special.separate);
        let mut type_ids = vec![0; ids.len()];
        if let Some(second) = second {
            ids.resize(self.second_start(first.len()), self.special.separate);
            type_ids.resize(ids.len(), 0);
            ids.extend_from_slice(second);
            ids.push(self.special.separate);
            type_ids.resize(ids.len(), self.style.second_type());
        }
        Ok((ids, type_ids))
    }
}

/// How much of two texts fits into `room`.
fn longest_first(first: usize, second: usize, room: usize) -> (usize, usize) {
    if first + second <= room {
        return (first, second);
    }
    let (shorter, longer) = (first.min(second), first.max(second));
    // Where only the longer one is cut, the shorter stays whole; else both get half, an odd token goes to the longer.
    let kept_shorter = shorter.min(room / 2);
    let kept_longer = longer.min(room - kept_shorter);
    if first <= second {
        (kept_shorter, kept_longer)
    } else {
        (kept_longer, kept_shorter)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use tokenizers::{
        TruncationDirection, TruncationParams, TruncationStrategy, truncate_encodings,
    };

    use super::*;

    fn tokenizer() -> Tokenizer {
        let words = [
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "one", "two", "cafe", "##s", "!",
        ];
        Tokenizer::from_words(&words.map(str::to_owned)).unwrap()
    }

    proptest! {
        #[test]
        fn pairs_are_cut_as_hugging_face_cuts_them(
            first in 1_usize..40,
            second in 1_usize..40,
            max_length in 5_usize..60,
        ) {
            let tokenizer = tokenizer();
            let (a, b) = ("one ".repeat(first), "two ".repeat(second));
            // The rule itself: `encode` of some versions cuts each text to the whole room first, which changes ties.
            let cut = |first: &str, second: Option<&str>, marks: usize| {
                let encode = |text: &str, kind| {
                    let mut encoding = tokenizer.inner.encode(text, false).unwrap();
                    encoding.set_type_ids(vec![kind; encoding.len()]);
                    encoding
                };
                let rule = TruncationParams {
                    direction: TruncationDirection::Right,
                    max_length: max_length - marks,
                    strategy: TruncationStrategy::LongestFirst,
                    stride: 0,
                };
                let (first, second) =
                    truncate_encodings(encode(first, 0), second.map(|text| encode(text, 1)), &rule)
                        .unwrap();
                tokenizer.inner.post_process(first, second, true).unwrap()
            };
            let encode = |text: &str| tokenizer.encode(text).unwrap();
            let (ids, type_ids) = tokenizer.join(&encode(&a), Some(&encode(&b)), max_length).unwrap();
            let expected = cut(&a, Some(&b), 3);
            prop_assert_eq!(&ids, expected.get_ids());
            prop_assert_eq!(&type_ids, expected.get_type_ids());
            let (ids, type_ids) = tokenizer.join(&encode(&a), None, max_length).unwrap();
            let expected = cut(&a, None, 2);
            prop_assert_eq!(&ids, expected.get_ids());
            prop_assert_eq!(&type_ids, expected.get_type_ids());
        }
    }

    #[test]
    fn places_count_characters_of_the_text_as_it_was_given() {
        // An accent taken off, a control character dropped, letters put in lower case, a character of four bytes.
        let text = "ONE\u{7} 🎉 Cafe\u{301}s !";
        let places = tokenizer().encode_places(text).unwrap();
        let letters: Vec<char> = text.chars().collect();
        let parts: Vec<String> = places
            .iter()
            .map(|place| {
                letters[place.start as usize..place.end as usize]
                    .iter()
                    .collect()
            })
            .collect();
        assert_eq!(parts, ["ONE", "🎉", "Cafe", "s", "!"]);
        let ids: Vec<u32> = places.iter().map(|place| place.id).collect();
        assert_eq!(ids, tokenizer().encode(text).unwrap());
    }

    #[test]
    fn a_length_without_room_is_refused() {
        let tokenizer = tokenizer();
        assert!(tokenizer.join(&[5], None, 3).is_ok());
        assert!(tokenizer.join(&[5], None, 2).is_err());
        assert!(tokenizer.join(&[5], Some(&[6]), 5).is_ok());
        assert!(tokenizer.join(&[5], Some(&[6]), 4).is_err());
    }
}
