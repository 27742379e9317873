//! SQuAD's comparison of texts (Rajpurkar et al. 2016; `evaluate-v1.1.py` and `evaluate-v2.0.py` of the data set).

use std::collections::HashMap;

/// Whitespace as Python's `str.split` sees it: Unicode's, and the four separators of ASCII.
fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter)
}

/// Lower case, ASCII punctuation taken out, the words `a`, `an` and `the` taken out, words separated by one space.
pub fn normalise_answer(text: &str) -> String {
    let lower: String = text
        .to_lowercase()
        .chars()
        .filter(|letter| !letter.is_ascii_punctuation())
        .collect();
    // An article may stand against what is no letter (`a–b`), so words are runs of letters and digits here.
    let mut kept = String::with_capacity(lower.len());
    let mut rest = lower.as_str();
    while let Some(first) = rest.chars().next() {
        let is_word = |letter: char| letter.is_alphanumeric();
        let end = rest
            .find(|letter| is_word(letter) != is_word(first))
            .unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        kept.push_str(if matches!(run, "a" | "an" | "the") {
            " "
        } else {
            run
        });
        rest = after;
    }
    let words: Vec<&str> = words(&kept).collect();
    words.join(" ")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

/// 1 where the prediction is one of the answers after normalisation, else 0; 0 without answers.
pub fn exact_match<'a>(prediction: &str, answers: impl IntoIterator<Item = &'a str>) -> f64 {
    let prediction = normalise_answer(prediction);
    let is_answer = |answer| normalise_answer(answer) == prediction;
    f64::from(u8::from(answers.into_iter().any(is_answer)))
}

/// F1 of the words of the prediction against the answer that it is most like; 0 without answers.
///
/// An empty text (after normalisation) is like an empty text alone, as in the scorer of SQuAD v2.0; that of v1.1 would
/// give two empty texts 0.
pub fn f1<'a>(prediction: &str, answers: impl IntoIterator<Item = &'a str>) -> f64 {
    let prediction = normalise_answer(prediction);
    answers
        .into_iter()
        .map(|answer| word_f1(&prediction, &normalise_answer(answer)))
        .fold(0.0, f64::max)
}

fn word_f1(prediction: &str, answer: &str) -> f64 {
    let (mut predicted, mut wanted) = (0_usize, 0_usize);
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in words(answer) {
        *counts.entry(word).or_insert(0) += 1;
        wanted += 1;
    }
    let mut same = 0_usize;
    for word in words(prediction) {
        predicted += 1;
        if let Some(count) = counts.get_mut(word).filter(|count| **count > 0) {
            *count -= 1;
            same += 1;
        }
    }
    if predicted == 0 || wanted == 0 {
        return f64::from(u8::from(predicted == wanted));
    }
    if same == 0 {
        return 0.0;
    }
    let precision = same as f64 / predicted as f64;
    let recall = same as f64 / wanted as f64;
    2.0 * precision * recall / (precision + recall)
}
