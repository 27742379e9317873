//! The vocabulary of a corpus: special tokens, alphabet, merged pieces.
//!
//! What the trainer of the `tokenizers` crate does for `WordPiece` (merge the commonest pair of neighbours until the
//! vocabulary is full), but with every id a pure function of the word counts: there, ids of `##x` pieces follow the
//! order of a hash map.

use std::collections::BTreeMap;

use super::SPECIAL;
use super::merges::Merges;
use crate::DataError;

/// Characters outside the commonest that make up this share of all characters are left out (the words they stand in
/// become `[UNK]`), so that rare scripts do not fill the vocabulary.
const COVERAGE_PER_MILLION: u128 = 999_900;
/// Longest alphabet; a vocabulary of fewer than four times as many words has a quarter for its alphabet …
const MOST_CHARACTERS: usize = 1000;
/// … but at least this much, so that a vocabulary too small for ordinary letters is refused.
const LEAST_CHARACTERS: usize = 64;
/// Longer words are `[UNK]` to a `WordPiece` model.
const LONGEST_WORD: usize = 100;
/// A pair that occurs less often is not merged.
const LEAST_COUNT: u64 = 2;

/// The words of a vocabulary of at most `vocabulary_size`, in the order of their ids; `words` must be in order and
/// without repetition.
pub(crate) fn train(
    words: &[(String, u64)],
    vocabulary_size: usize,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<String>, DataError> {
    let most = (vocabulary_size / 4).clamp(LEAST_CHARACTERS, MOST_CHARACTERS);
    let alphabet = alphabet(words, most);
    let mut vocabulary: Vec<String> = SPECIAL.iter().map(|&name| name.to_owned()).collect();
    // First and continuing form of each character.
    let mut ids: BTreeMap<char, [Option<u32>; 2]> = BTreeMap::new();
    let forms = characters_in_use(words, &alphabet);
    for continuing in [false, true] {
        for (&character, used) in &forms {
            if used[usize::from(continuing)] {
                ids.entry(character).or_default()[usize::from(continuing)] =
                    Some(vocabulary.len() as u32);
                let prefix = if continuing { "##" } else { "" };
                vocabulary.push(format!("{prefix}{character}"));
            }
        }
    }
    if vocabulary.len() > vocabulary_size {
        return Err(DataError::VocabularyTooSmall {
            vocabulary_size,
            needed: vocabulary.len(),
        });
    }
    let pieces = words.iter().filter_map(|(word, count)| {
        if word.chars().count() > LONGEST_WORD {
            return None;
        }
        let pieces: Option<Vec<u32>> = word
            .chars()
            .enumerate()
            .map(|(place, character)| ids.get(&character)?[usize::from(place > 0)])
            .collect();
        Some((pieces?, *count))
    });
    let mut merges = Merges::new(pieces, vocabulary);
    while merges.vocabulary().len() < vocabulary_size && merges.merge_best(LEAST_COUNT) {
        progress(merges.vocabulary().len());
    }
    Ok(merges.into_vocabulary())
}

/// The commonest characters, at most `most`, in order.
fn alphabet(words: &[(String, u64)], most: usize) -> Vec<char> {
    let mut counts: BTreeMap<char, u64> = BTreeMap::new();
    for (word, count) in words {
        for character in word.chars() {
            *counts.entry(character).or_default() += count;
        }
    }
    let total: u128 = counts.values().map(|&count| u128::from(count)).sum();
    let mut by_count: Vec<(char, u64)> = counts.into_iter().collect();
    by_count.sort_by_key(|&(character, count)| (std::cmp::Reverse(count), character));
    let mut covered = 0;
    let mut kept: Vec<char> = by_count
        .into_iter()
        .take(most)
        .take_while(|&(_, count)| {
            let wanted = covered * 1_000_000 < total * COVERAGE_PER_MILLION;
            covered += u128::from(count);
            wanted
        })
        .map(|(character, _)| character)
        .collect();
    kept.sort_unstable();
    kept
}

/// For each character of the alphabet whether it begins words and whether it continues them.
fn characters_in_use(words: &[(String, u64)], alphabet: &[char]) -> BTreeMap<char, [bool; 2]> {
    let mut forms: BTreeMap<char, [bool; 2]> = alphabet
        .iter()
        .map(|&character| (character, [false; 2]))
        .collect();
    for (word, _) in words {
        for (place, character) in word.chars().enumerate() {
            if let Some(used) = forms.get_mut(&character) {
                used[usize::from(place > 0)] = true;
            }
        }
    }
    forms
}
