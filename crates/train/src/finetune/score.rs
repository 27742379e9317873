//! The metrics of a task from what a model says.

use std::collections::BTreeMap;

use pliant_data::metric::{Metric, Predictions, score_squad};
use pliant_data::squad::{AnswerOptions, Question, QuestionAnswers, Window, best_answers};
use pliant_data::task::{SequenceTarget, Target};

use super::part::{Part, Sequences, loss, starts_and_ends};

/// How a task is scored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scoring {
    /// What is measured; the first decides.
    pub(crate) metrics: Vec<Metric>,
    /// Numbers that the model says to a row: the classes, or 1.
    pub(crate) outputs: usize,
    /// Tokens of an answer at most.
    pub(crate) max_answer_length: usize,
    /// Whether questions may have no answer.
    pub(crate) version_2: bool,
}

/// The score of a part, or the mean of several.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scored {
    /// Metrics by name, `loss` among them.
    pub(crate) metrics: BTreeMap<String, f64>,
    /// Mean loss of the sequences.
    pub(crate) loss: f64,
    /// Share of sequences whose most probable answer is right.
    pub(crate) correct: f64,
    /// Sequences that were scored.
    pub(crate) sequences: u64,
    /// Above which difference of scores "no answer" is the answer, where that was chosen here.
    pub(crate) null_threshold: Option<f64>,
}

impl Scoring {
    /// What the best epoch is chosen by.
    pub(crate) fn primary(&self) -> Metric {
        self.metrics.first().copied().unwrap_or(Metric::Accuracy)
    }

    /// Scores what a model says to the sequences of a part. `null_threshold` decides for "no answer"; without one it is chosen
    /// here, as the one with the best F1.
    pub(crate) fn score(
        &self,
        part: &Part,
        logits: &[Vec<f32>],
        null_threshold: Option<f64>,
    ) -> Scored {
        let (mut loss_sum, mut right, mut count) = (0.0, 0_u64, 0_u64);
        for (index, logits) in logits.iter().enumerate() {
            if let Some((loss, is_right)) = loss(logits, part.sequences.target(index)) {
                loss_sum += loss;
                right += u64::from(is_right);
                count += 1;
            }
        }
        let mean = |sum: f64| sum / count.max(1) as f64;
        let (mut metrics, null_threshold) = match &part.sequences {
            Sequences::Rows(_) => (self.of_rows(part, logits), None),
            Sequences::Windows(windows) => {
                self.of_answers(&part.questions, windows, logits, null_threshold)
            }
        };
        metrics.insert(Metric::Loss.name().to_owned(), mean(loss_sum));
        Scored {
            metrics,
            loss: mean(loss_sum),
            correct: mean(right as f64),
            sequences: count,
            null_threshold,
        }
    }

    fn of_rows(&self, part: &Part, logits: &[Vec<f32>]) -> BTreeMap<String, f64> {
        let flat: Vec<f32> = logits.concat();
        let predictions = Predictions::from_logits(&flat, self.outputs);
        let targets: Vec<Target> = (0..logits.len())
            .filter_map(|index| match part.sequences.target(index) {
                SequenceTarget::Class(class) => Some(Target::Class(class)),
                SequenceTarget::Score(score) => Some(Target::Score(score)),
                SequenceTarget::None | SequenceTarget::Span(..) => None,
            })
            .collect();
        if targets.len() != logits.len() {
            // Nothing to compare with.
            return BTreeMap::new();
        }
        self.metrics
            .iter()
            .map(|metric| {
                (
                    metric.name().to_owned(),
                    metric.value(&predictions, &targets),
                )
            })
            .collect()
    }

    fn of_answers(
        &self,
        questions: &[Question],
        windows: &[Window],
        logits: &[Vec<f32>],
        null_threshold: Option<f64>,
    ) -> (BTreeMap<String, f64>, Option<f64>) {
        let answers = self.answers(questions, windows, logits, None);
        let predictions: BTreeMap<String, String> = answers
            .iter()
            .map(|of| (of.id.clone(), of.text().to_owned()))
            .collect();
        let differences: BTreeMap<String, f64> = answers
            .iter()
            .map(|of| (of.id.clone(), null_difference(of)))
            .collect();
        let scores = score_squad(
            questions,
            self.version_2,
            &predictions,
            self.version_2.then_some(&differences),
        );
        let mut metrics = BTreeMap::new();
        let mut insert = |name: Metric, value: f64| {
            metrics.insert(name.name().to_owned(), value);
        };
        let Some(best) = scores.best.filter(|_| self.version_2) else {
            insert(Metric::ExactMatch, scores.all.exact_match);
            insert(Metric::SpanF1, scores.all.f1);
            return (metrics, None);
        };
        let threshold = null_threshold.unwrap_or(best.f1_threshold);
        let with_threshold: BTreeMap<String, String> = predictions
            .into_iter()
            .map(|(id, text)| {
                let is_null = differences.get(&id).is_some_and(|value| *value > threshold);
                (id, if is_null { String::new() } else { text })
            })
            .collect();
        let scores = score_squad(questions, true, &with_threshold, None);
        insert(Metric::ExactMatch, scores.all.exact_match);
        insert(Metric::SpanF1, scores.all.f1);
        (metrics, Some(threshold))
    }

    /// The best answers to each question.
    pub(crate) fn answers(
        &self,
        questions: &[Question],
        windows: &[Window],
        logits: &[Vec<f32>],
        null_threshold: Option<f64>,
    ) -> Vec<QuestionAnswers> {
        let (starts, ends): (Vec<Vec<f32>>, Vec<Vec<f32>>) =
            logits.iter().map(|logits| starts_and_ends(logits)).unzip();
        let options = AnswerOptions {
            max_answer_length: self.max_answer_length,
            null_threshold: null_threshold.map(|threshold| threshold as f32),
            ..AnswerOptions::default()
        };
        best_answers(questions, windows, &starts, &ends, options)
    }
}

/// By how much "no answer" scores above the best answer.
fn null_difference(answers: &QuestionAnswers) -> f64 {
    answers.answers.first().map_or(f64::MAX, |best| {
        f64::from(answers.null_score) - f64::from(best.score)
    })
}

/// The mean over parts, as GLUE averages the two of MNLI. With several, each metric is there for each part too, as
/// `accuracy_matched`.
pub(crate) fn mean(scored: &[(String, Scored)]) -> Scored {
    if let [(_, only)] = scored {
        return only.clone();
    }
    let count = scored.len().max(1) as f64;
    let mut metrics: BTreeMap<String, f64> = BTreeMap::new();
    let (mut loss, mut correct, mut sequences) = (0.0, 0.0, 0);
    for (name, part) in scored {
        for (metric, value) in &part.metrics {
            *metrics.entry(metric.clone()).or_insert(0.0) += value / count;
            metrics.insert(format!("{metric}_{name}"), *value);
        }
        loss += part.loss / count;
        correct += part.correct / count;
        sequences += part.sequences;
    }
    Scored {
        metrics,
        loss,
        correct,
        sequences,
        null_threshold: scored.iter().find_map(|(_, part)| part.null_threshold),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_averaged_and_named() {
        let part = |accuracy: f64, loss: f64| Scored {
            metrics: BTreeMap::from([("accuracy".to_owned(), accuracy), ("loss".to_owned(), loss)]),
            loss,
            correct: accuracy,
            sequences: 10,
            null_threshold: None,
        };
        let mean = mean(&[
            ("matched".to_owned(), part(0.5, 1.0)),
            ("mismatched".to_owned(), part(0.75, 2.0)),
        ]);
        assert_eq!(mean.metrics["accuracy"], 0.625);
        assert_eq!(mean.metrics["accuracy_matched"], 0.5);
        assert_eq!(mean.metrics["loss_mismatched"], 2.0);
        assert_eq!((mean.loss, mean.sequences), (1.5, 20));
    }
}
