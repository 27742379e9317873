//! Labels and numbers of texts and pairs of texts.

use pliant_data::task::Example;
use pliant_nn::TaskHead;
use serde::Serialize;

use super::{BATCH, Predictor};
use crate::TrainError;
use crate::finetune::part::{largest, softmax};
use crate::finetune::rows::encode;

/// A label with its probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelProbability {
    /// The label.
    pub label: String,
    /// Its probability.
    pub probability: f64,
}

/// What a model says to a text or a pair.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Prediction {
    /// The most probable label, and the probability of each, in the order of their numbers.
    Label {
        /// The most probable label.
        label: String,
        /// Its probability.
        probability: f64,
        /// Every label.
        labels: Vec<LabelProbability>,
    },
    /// A number.
    Score {
        /// The number.
        score: f64,
    },
}

impl Predictor {
    /// What the model says to each text, or pair of texts, in their order. Texts that are too long are cut as in training.
    ///
    /// # Errors
    /// An empty text, or a model that names no labels.
    pub fn label(&self, rows: &[(String, Option<String>)]) -> Result<Vec<Prediction>, TrainError> {
        let model = self.task("name labels")?;
        if *model.head() == TaskHead::Span {
            return Err(self.unable("name labels"));
        }
        let examples: Vec<Example> = rows
            .iter()
            .enumerate()
            .map(|(row, (first, second))| Example {
                first: first.clone(),
                second: second.clone(),
                target: None,
                row: row + 1,
            })
            .collect();
        let part = encode("input", &examples, &self.tokenizer, self.reading.max_length)?;
        let logits = part
            .sequences
            .logits(model, BATCH, self.tokenizer.special().pad)?;
        Ok(logits
            .iter()
            .map(|logits| prediction(model.head(), logits))
            .collect())
    }
}

fn prediction(head: &TaskHead, logits: &[f32]) -> Prediction {
    let TaskHead::Classification { labels } = head else {
        return Prediction::Score {
            score: f64::from(logits[0]),
        };
    };
    let labels: Vec<LabelProbability> = labels
        .iter()
        .zip(softmax(logits))
        .map(|(label, probability)| LabelProbability {
            label: label.clone(),
            probability,
        })
        .collect();
    let best = labels[largest(logits)].clone();
    Prediction::Label {
        label: best.label,
        probability: best.probability,
        labels,
    }
}
