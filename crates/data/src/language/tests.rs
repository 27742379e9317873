#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use super::Language;
use super::grammar::WORDS_PER_DOCUMENT;

fn document(language: &Language, index: u64) -> String {
    let mut text = String::new();
    language.write_document(index, &mut text);
    text
}

#[test]
fn documents_depend_on_seed_and_index_alone() {
    let (first, second) = (Language::new(1), Language::new(1));
    let forwards: Vec<String> = (0..20).map(|index| document(&first, index)).collect();
    let backwards: Vec<String> = (0..20)
        .rev()
        .map(|index| document(&second, index))
        .collect();
    assert!(forwards.iter().eq(backwards.iter().rev()));
    assert_eq!(forwards.iter().collect::<BTreeSet<_>>().len(), 20);
    assert_ne!(document(&Language::new(2), 0), forwards[0]);
}

#[test]
fn documents_are_lines_of_sentences_of_lower_case_words() {
    let language = Language::new(1);
    for index in 0..200 {
        let text = document(&language, index);
        assert!(text.ends_with(".\n") && !text.contains("\n\n") && !text.contains("  "));
        let letters = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase());
        assert!(
            text.split_whitespace()
                .all(|word| letters(word) || word == "." || word == ",")
        );
    }
}

#[test]
fn it_is_rich_and_half_of_it_can_be_known() {
    let language = Language::new(1);
    let (mut surprisal, mut words) = (0.0, 0_u64);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for index in 0..3000 {
        let mut text = String::new();
        surprisal += language.document(index, &mut text);
        for word in text.split_whitespace() {
            *counts.entry(word.to_owned()).or_default() += 1;
            words += 1;
        }
    }
    let mean = words / 3000;
    assert!(
        mean.abs_diff(WORDS_PER_DOCUMENT) < 15,
        "{mean} words per document"
    );
    assert!(
        (2500..6000).contains(&counts.len()),
        "{} words",
        counts.len()
    );
    let unigram: f64 = counts
        .values()
        .map(|&count| {
            let share = count as f64 / words as f64;
            -share * share.ln()
        })
        .sum();
    // All choices behind a text, the hidden ones too, are less than what the word frequencies leave open; a model
    // that knows the grammar halves the perplexity (ln 2 = 0.69) with room to spare.
    let per_word = surprisal / words as f64;
    assert!(unigram > 5.0, "unigram entropy {unigram}");
    assert!(
        per_word < unigram - 1.5,
        "{per_word} nats per word, unigram entropy {unigram}"
    );
    assert!(
        per_word > 1.5,
        "{per_word} nats per word leave too little to learn"
    );
}
