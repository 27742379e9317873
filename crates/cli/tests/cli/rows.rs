//! Made-up rows for tasks, in words that the nano models have seen.

use std::fmt::Write as _;

use crate::workplace::Workplace;

/// What a row is about decides its label; the rest of it is drawn.
const TOPICS: [(&str, [&str; 3]); 2] = [
    ("water", ["river", "rain", "mill"]),
    ("land", ["stones", "fields", "trees"]),
];
const OTHER: [&str; 6] = ["old", "quiet", "tall", "while", "where", "under"];

/// A small pseudo-random number, the same everywhere.
fn draw(seed: u64, row: u64, place: u64, below: usize) -> usize {
    let mixed = (seed << 40 ^ row << 8 ^ place)
        .wrapping_add(0x9e37_79b9_7f4a_7c15)
        .wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 33) as usize % below
}

/// A sentence and the name of its topic.
pub(crate) fn sentence(seed: u64, row: u64) -> (String, &'static str) {
    let (topic, words) = TOPICS[draw(seed, row, 0, 2)];
    let other = |place| OTHER[draw(seed, row, place, OTHER.len())];
    let word = |place| words[draw(seed, row, place, words.len())];
    let text = format!(
        "the {} {} and {} {} the {}",
        other(1),
        word(2),
        other(3),
        other(4),
        word(5)
    );
    (text, topic)
}

/// A pair of sentences, and whether they have one topic.
pub(crate) fn pair(seed: u64, row: u64) -> (String, String, bool) {
    let (first, topic) = sentence(seed, row);
    let (second, other) = sentence(seed + 1000, row);
    (first, second, topic == other)
}

/// RTE's files in `folder`/RTE.
pub(crate) fn rte(workplace: &Workplace, folder: &str, train: u64, dev: u64) {
    for (name, seed, rows) in [("train", 1, train), ("dev", 2, dev)] {
        let mut text = "index\tsentence1\tsentence2\tlabel\n".to_owned();
        for row in 0..rows {
            let (first, second, same) = pair(seed, row);
            let label = if same { "entailment" } else { "not_entailment" };
            let _ = writeln!(text, "{row}\t{first}\t{second}\t{label}");
        }
        workplace.write(&format!("{folder}/RTE/{name}.tsv"), &text);
    }
}

/// A table of single sentences with their topic and a number, with commas between the fields.
pub(crate) fn csv(workplace: &Workplace, file: &str, seed: u64, rows: u64) {
    let mut text = "text,topic,number\n".to_owned();
    for row in 0..rows {
        let (sentence, topic) = sentence(seed, row);
        let number = if topic == "water" { 1.0 } else { -1.0 };
        let _ = writeln!(text, "\"{sentence}, she said\",{topic},{number}");
    }
    workplace.write(file, &text);
}

/// A file of SQuAD's form: what is asked for follows the word "past" in the context.
pub(crate) fn squad(workplace: &Workplace, file: &str, seed: u64, questions: u64) {
    let mut paragraphs = Vec::new();
    for row in 0..questions {
        let (before, _) = sentence(seed, row);
        let answer = OTHER[draw(seed, row, 9, OTHER.len())];
        let context = format!("Über {before} past {answer} horses stand");
        let byte = context.rfind(answer).unwrap();
        let start = context[..byte].chars().count();
        paragraphs.push(serde_json::json!({
            "context": context,
            "qas": [{
                "id": format!("{file} {row}"),
                "question": "past where",
                "answers": [{"text": answer, "answer_start": start}]
            }]
        }));
    }
    let file_of = serde_json::json!({
        "version": "1.1",
        "data": [{"title": "made up", "paragraphs": paragraphs}]
    });
    workplace.write(file, &file_of.to_string());
}
