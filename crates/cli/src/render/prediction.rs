//! What a model says to texts.

use pliant_train::predict::{Candidate, LabelProbability, Prediction, Reply, Streamed, TextAnswer};

use super::{palette::Palette, table::Table};

/// The reply to one text, pair or question: a table.
pub(crate) fn one(reply: &Reply, palette: Palette) -> String {
    match reply {
        Reply::Filled(filled) => {
            let mut table = Table::new(&["mask", "word", "probability"]).left(&[1]);
            for (place, candidates) in filled.masks.iter().enumerate() {
                for (rank, candidate) in candidates.iter().enumerate() {
                    // The mask is named at its first word.
                    let mask = match rank {
                        0 => (place + 1).to_string(),
                        _ => String::new(),
                    };
                    let probability = probability(candidate.probability.into());
                    table.row([mask, candidate.token.clone(), probability]);
                }
            }
            table.render(palette)
        }
        Reply::Prediction(Prediction::Label { labels, .. }) => {
            let mut table = Table::new(&["label", "probability"]);
            for label in by_probability(labels) {
                table.row([label.label.clone(), probability(label.probability)]);
            }
            table.render(palette)
        }
        Reply::Prediction(Prediction::Score { score }) => format!("{score:.4}\n"),
        Reply::Answers(answers) => {
            let mut table = Table::new(&["answer", "characters", "probability"]).left(&[1]);
            for answer in &answers.answers {
                table.row([
                    text_of(answer),
                    place_of(answer),
                    probability(answer.probability.into()),
                ]);
            }
            table.render(palette)
        }
    }
}

/// The reply to one line of a stream, on one line: its number, or the id that it was given, and the reply.
pub(crate) fn line(streamed: &Streamed, palette: Palette) -> String {
    let name = match &streamed.id {
        Some(serde_json::Value::String(id)) => id.clone(),
        Some(id) => id.to_string(),
        None => streamed.line.to_string(),
    };
    let reply = match &streamed.reply {
        Reply::Filled(filled) => {
            let masks: Vec<String> = filled.masks.iter().map(|words| fillings(words)).collect();
            masks.join("; ")
        }
        Reply::Prediction(Prediction::Label {
            label,
            probability: share,
            ..
        }) => format!("{label}  {}", probability(*share)),
        Reply::Prediction(Prediction::Score { score }) => format!("{score:.4}"),
        Reply::Answers(answers) => answers.answers.first().map_or_else(
            || "(no answer)".to_owned(),
            |answer| {
                format!(
                    "{}  {}  {}",
                    text_of(answer),
                    place_of(answer),
                    probability(answer.probability.into())
                )
            },
        ),
    };
    format!("{}  {reply}\n", palette.heading(&name))
}

/// The most probable first.
fn by_probability(labels: &[LabelProbability]) -> Vec<&LabelProbability> {
    let mut sorted: Vec<&LabelProbability> = labels.iter().collect();
    sorted.sort_by(|left, right| right.probability.total_cmp(&left.probability));
    sorted
}

fn fillings(candidates: &[Candidate]) -> String {
    let words: Vec<String> = candidates
        .iter()
        .map(|candidate| {
            format!(
                "{} {}",
                candidate.token,
                probability(candidate.probability.into())
            )
        })
        .collect();
    words.join(", ")
}

fn text_of(answer: &TextAnswer) -> String {
    if answer.text.is_empty() {
        "(no answer)".to_owned()
    } else {
        // An answer may span lines of its context.
        answer.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The span in the context, counted in characters from 0, the end excluded.
fn place_of(answer: &TextAnswer) -> String {
    if answer.text.is_empty() {
        return "–".to_owned();
    }
    format!("{}–{}", answer.start, answer.end)
}

fn probability(share: f64) -> String {
    format!("{share:.4}")
}
