//! SQuAD's scorer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{exact_match, f1, normalise_answer};
use crate::DataError;
use crate::squad::{Question, json_error};

/// Exact match and F1, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PartScore {
    /// Share of answers that are a reference answer after normalisation, in percent.
    pub exact_match: f64,
    /// Mean F1 of the words, in percent.
    pub f1: f64,
    /// Number of questions.
    pub total: usize,
}

/// Score of the predictions for a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SquadScore {
    /// Over all questions.
    #[serde(flatten)]
    pub all: PartScore,
    /// SQuAD v2.0: over the questions that have an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answerable: Option<PartScore>,
    /// SQuAD v2.0: over the questions that have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unanswerable: Option<PartScore>,
    /// SQuAD v2.0: what the best threshold for "no answer" would give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<BestThreshold>,
    /// Questions without a prediction; they count as wrong.
    pub missing: usize,
    /// Predictions for questions that are not in the file.
    pub unknown: usize,
}

/// The best thresholds for "no answer": a question whose score is above has none. As `evaluate-v2.0.py` finds them, but that
/// questions with equal scores stay together, and that "no question has an answer" has a threshold below negative scores, too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BestThreshold {
    /// Best exact match, in percent.
    pub exact_match: f64,
    /// Its threshold.
    pub exact_match_threshold: f64,
    /// Best F1, in percent.
    pub f1: f64,
    /// Its threshold.
    pub f1_threshold: f64,
}

/// Scores predictions (question id → text, empty for "no answer") as the official scorers do: `evaluate-v1.1.py`, or
/// `evaluate-v2.0.py` for `version_2`. One thing is stricter: a question without a prediction counts as wrong in both (the
/// latter script leaves it out of the mean).
///
/// With `no_answer_scores` (question id → probability or score of "no answer") the best thresholds are searched: a question
/// whose score is above the threshold has no answer, any other the predicted text.
pub fn score_squad(
    questions: &[Question],
    version_2: bool,
    predictions: &BTreeMap<String, String>,
    no_answer_scores: Option<&BTreeMap<String, f64>>,
) -> SquadScore {
    let rows: Vec<Row<'_>> = questions
        .par_iter()
        .map(|question| Row::of(question, version_2, predictions))
        .collect();
    let part = |wanted: bool| {
        let rows: Vec<&Row<'_>> = rows.iter().filter(|row| row.has_answer == wanted).collect();
        (version_2 && !rows.is_empty()).then(|| PartScore::of(&rows))
    };
    let ids: BTreeSet<&str> = questions
        .iter()
        .map(|question| question.id.as_str())
        .collect();
    let unknown = predictions
        .keys()
        .filter(|id| !ids.contains(id.as_str()))
        .count();
    SquadScore {
        all: PartScore::of(&rows.iter().collect::<Vec<_>>()),
        answerable: part(true),
        unanswerable: part(false),
        best: no_answer_scores
            .filter(|_| version_2)
            .map(|scores| BestThreshold::of(&rows, scores)),
        missing: rows.iter().filter(|row| row.prediction.is_none()).count(),
        unknown,
    }
}

/// One question's score.
struct Row<'a> {
    id: &'a str,
    has_answer: bool,
    prediction: Option<&'a str>,
    exact: f64,
    f1: f64,
}

impl<'a> Row<'a> {
    fn of(
        question: &'a Question,
        version_2: bool,
        predictions: &'a BTreeMap<String, String>,
    ) -> Self {
        let prediction = predictions.get(&question.id).map(String::as_str);
        let answers = question.answers.iter().map(|answer| answer.text.as_str());
        let mut answers: Vec<&str> = answers.collect();
        let has_answer = !answers.is_empty();
        if version_2 {
            answers.retain(|answer| !normalise_answer(answer).is_empty());
            if answers.is_empty() {
                answers.push("");
            }
        }
        let (exact, f1) = match prediction {
            None => (0.0, 0.0),
            Some(text) => {
                let exact = exact_match(text, answers.iter().copied());
                let f1 = if version_2 || !normalise_answer(text).is_empty() {
                    f1(text, answers.iter().copied())
                } else {
                    // In version 1.1 a text without words is like none, not even like another one.
                    0.0
                };
                (exact, f1)
            }
        };
        Self {
            id: &question.id,
            has_answer,
            prediction,
            exact,
            f1,
        }
    }
}

impl PartScore {
    fn of(rows: &[&Row<'_>]) -> Self {
        let mean = |score: fn(&Row<'_>) -> f64| {
            let sum: f64 = rows.iter().map(|row| score(row)).sum();
            100.0 * sum / rows.len().max(1) as f64
        };
        Self {
            exact_match: mean(|row| row.exact),
            f1: mean(|row| row.f1),
            total: rows.len(),
        }
    }
}

impl BestThreshold {
    fn of(rows: &[Row<'_>], scores: &BTreeMap<String, f64>) -> Self {
        let (exact_match, exact_match_threshold) = best_threshold(rows, scores, |row| row.exact);
        let (f1, f1_threshold) = best_threshold(rows, scores, |row| row.f1);
        Self {
            exact_match,
            exact_match_threshold,
            f1,
            f1_threshold,
        }
    }
}

/// From "no question has an answer" on, the questions get their answers one by one in the order of their scores of "no
/// answer"; questions without such a score never do.
fn best_threshold(
    rows: &[Row<'_>],
    scores: &BTreeMap<String, f64>,
    score: fn(&Row<'_>) -> f64,
) -> (f64, f64) {
    let mut order: Vec<(f64, &Row<'_>)> = rows
        .iter()
        .filter_map(|row| Some((*scores.get(row.id)?, row)))
        .collect();
    order.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let mut sum = rows.iter().filter(|row| !row.has_answer).count() as f64;
    // Below every score no question has an answer; where all are above 0, as probabilities are, that is 0.
    let least = order.first().map_or(0.0, |(score, _)| *score);
    let (mut best, mut threshold) = (sum, if least > 0.0 { 0.0 } else { least - 1.0 });
    for equal in order.chunk_by(|(a, _), (b, _)| a == b) {
        for (_, row) in equal {
            sum += if row.has_answer {
                score(row)
            } else {
                // Without a prediction the question was counted right so far and is wrong from here on.
                -f64::from(u8::from(row.prediction != Some("")))
            };
        }
        if sum > best {
            (best, threshold) = (sum, equal[0].0);
        }
    }
    (100.0 * best / rows.len().max(1) as f64, threshold)
}

/// Reads a predictions file: one JSON object, question id → text (null is read as "no answer").
///
/// # Errors
/// [`TaskError::Malformed`](crate::TaskError::Malformed) for what is no JSON,
/// [`TaskError::Form`](crate::TaskError::Form) for other JSON, and those of reading.
pub fn read_predictions(path: &Path) -> Result<BTreeMap<String, String>, DataError> {
    let values: BTreeMap<String, Option<String>> = read_object(path, "texts")?;
    Ok(values
        .into_iter()
        .map(|(id, text)| (id, text.unwrap_or_default()))
        .collect())
}

/// Reads a file of scores or probabilities of "no answer": one JSON object, question id → number.
///
/// # Errors
/// As [`read_predictions`].
pub fn read_no_answer_scores(path: &Path) -> Result<BTreeMap<String, f64>, DataError> {
    read_object(path, "numbers")
}

fn read_object<T: DeserializeOwned>(
    path: &Path,
    values: &str,
) -> Result<BTreeMap<String, T>, DataError> {
    let bytes = fs::read(path).map_err(DataError::io("read", path))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    serde_json::from_slice(bytes).map_err(|error| {
        let wanted = format!("one JSON object of {values} by question id is needed");
        json_error(path, &error, &wanted)
    })
}
