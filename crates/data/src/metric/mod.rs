//! How good answers are: accuracy, F1, correlations, and SQuAD's exact match and F1.

mod correlation;
mod squad;
mod text;

use std::fmt;
use std::str::FromStr;

pub use correlation::{matthews, pearson, spearman};
pub use squad::{
    BestThreshold, PartScore, SquadScore, read_no_answer_scores, read_predictions, score_squad,
};
pub use text::{exact_match, f1, normalise_answer};

use crate::task::{Target, TaskError};

/// A number that says how good answers are; more is better, except for [`Loss`](Self::Loss).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Share of right answers.
    Accuracy,
    /// F1 of class 1.
    F1,
    /// Matthews' correlation, for any number of classes.
    Matthews,
    /// Pearson's correlation.
    Pearson,
    /// Spearman's rank correlation.
    Spearman,
    /// Mean of accuracy and F1: MRPC and QQP.
    AccuracyF1,
    /// Mean of Pearson's and Spearman's correlation: STS-B.
    PearsonSpearman,
    /// SQuAD: share of answers that are a reference answer to the letter (after normalisation), in percent.
    ExactMatch,
    /// SQuAD: mean F1 of the words of the answer, in percent. Text form `f1`, as in SQuAD's own scorer.
    SpanF1,
    /// Mean loss.
    Loss,
}

impl Metric {
    /// The text form, which is also the key in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::F1 | Self::SpanF1 => "f1",
            Self::Matthews => "matthews",
            Self::Pearson => "pearson",
            Self::Spearman => "spearman",
            Self::AccuracyF1 => "accuracy_f1",
            Self::PearsonSpearman => "pearson_spearman",
            Self::ExactMatch => "exact_match",
            Self::Loss => "loss",
        }
    }

    /// Whether `new` is better than `old`.
    pub fn is_better(self, new: f64, old: f64) -> bool {
        if self == Self::Loss {
            new < old
        } else {
            new > old
        }
    }

    /// The metric of these answers; classes and numbers alike are compared as numbers.
    ///
    /// A correlation with a constant is undefined; it counts as 0, as scikit-learn counts Matthews' and F1's such cases.
    /// So does everything without rows. [`ExactMatch`](Self::ExactMatch) and [`SpanF1`](Self::SpanF1) need texts (see
    /// [`score_squad`]) and [`Loss`](Self::Loss) needs a model: none of them is computed here, they are NaN.
    ///
    /// # Panics
    /// Where there are not as many predictions as targets.
    pub fn value(self, predictions: &Predictions, targets: &[Target]) -> f64 {
        let predicted = predictions.numbers();
        assert_eq!(
            predicted.len(),
            targets.len(),
            "one target for each prediction"
        );
        let actual: Vec<f64> = targets
            .iter()
            .map(|target| match *target {
                Target::Class(class) => f64::from(class),
                Target::Score(score) => f64::from(score),
            })
            .collect();
        self.of_numbers(&predicted, &actual)
    }

    fn of_numbers(self, predicted: &[f64], actual: &[f64]) -> f64 {
        let mean_of = |metrics: [Self; 2]| {
            let [first, second] = metrics.map(|metric| metric.of_numbers(predicted, actual));
            f64::midpoint(first, second)
        };
        match self {
            Self::Accuracy => accuracy(predicted, actual),
            Self::F1 => f1_of_class_one(predicted, actual),
            Self::Matthews => matthews(predicted, actual),
            Self::Pearson => pearson(predicted, actual),
            Self::Spearman => spearman(predicted, actual),
            Self::AccuracyF1 => mean_of([Self::Accuracy, Self::F1]),
            Self::PearsonSpearman => mean_of([Self::Pearson, Self::Spearman]),
            Self::ExactMatch | Self::SpanF1 | Self::Loss => f64::NAN,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Metric {
    type Err = TaskError;

    /// `f1` is the F1 of class 1.
    fn from_str(text: &str) -> Result<Self, TaskError> {
        const ALL: [Metric; 9] = [
            Metric::Accuracy,
            Metric::F1,
            Metric::Matthews,
            Metric::Pearson,
            Metric::Spearman,
            Metric::AccuracyF1,
            Metric::PearsonSpearman,
            Metric::ExactMatch,
            Metric::Loss,
        ];
        ALL.into_iter()
            .find(|metric| metric.name() == text)
            .ok_or_else(|| TaskError::unknown("metric", text, &ALL.map(Metric::name)))
    }
}

/// What a model answered, row by row.
#[derive(Debug, Clone, PartialEq)]
pub enum Predictions {
    /// Classes.
    Classes(Vec<u32>),
    /// Numbers.
    Scores(Vec<f32>),
}

impl Predictions {
    /// The answers that logits `[rows, labels]` stand for: the class with the largest (the first of equal ones), or the
    /// number itself where there is one label.
    pub fn from_logits(logits: &[f32], labels: usize) -> Self {
        if labels == 1 {
            return Self::Scores(logits.to_vec());
        }
        let largest = |row: &[f32]| {
            let mut best = 0;
            for (class, value) in row.iter().enumerate() {
                if *value > row[best] {
                    best = class;
                }
            }
            best as u32
        };
        Self::Classes(logits.chunks_exact(labels).map(largest).collect())
    }

    fn numbers(&self) -> Vec<f64> {
        match self {
            Self::Classes(classes) => classes.iter().map(|&class| f64::from(class)).collect(),
            Self::Scores(scores) => scores.iter().map(|&score| f64::from(score)).collect(),
        }
    }
}

fn accuracy(predicted: &[f64], actual: &[f64]) -> f64 {
    if actual.is_empty() {
        return 0.0;
    }
    let right = predicted.iter().zip(actual).filter(|(a, b)| a == b).count();
    right as f64 / actual.len() as f64
}

/// 2 TP / (2 TP + FP + FN); 0 where class 1 neither occurs nor is predicted.
fn f1_of_class_one(predicted: &[f64], actual: &[f64]) -> f64 {
    let is_one = |value: &&f64| **value == 1.0;
    let both = predicted
        .iter()
        .zip(actual)
        .filter(|(a, b)| **a == 1.0 && **b == 1.0)
        .count();
    let named = predicted.iter().filter(is_one).count() + actual.iter().filter(is_one).count();
    if named == 0 {
        return 0.0;
    }
    2.0 * both as f64 / named as f64
}
