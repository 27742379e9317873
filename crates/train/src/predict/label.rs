//! Labels and numbers of texts and pairs of texts.

use pliant_nn::TaskHead;
use rayon::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::Predictor;
use super::steps::{Encoded, Excess, ModelSequence};
use crate::TrainError;
use crate::finetune::part::{largest, softmax};

/// A label with its probability.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LabelProbability {
    /// The label.
    pub label: String,
    /// Its probability.
    pub probability: f64,
}

/// What a model says to a text or a pair.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
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
    /// [`TrainError::EmptyText`], [`TrainError::OtherModelKind`].
    pub fn label(&self, rows: &[(String, Option<String>)]) -> Result<Vec<Prediction>, TrainError> {
        let encode = |(text, text_pair): &(String, Option<String>)| {
            self.encode_label(text, text_pair.as_deref(), Excess::Cut)
        };
        self.ask(rows.par_iter().map(encode).collect::<Result<_, _>>()?)
    }

    /// A text, or a pair, for which a label or a number is asked.
    ///
    /// # Errors
    /// [`TrainError::EmptyText`]; [`TrainError::TextTooLong`] where the excess is refused; [`TrainError::OtherModelKind`].
    pub fn encode_label(
        &self,
        text: &str,
        text_pair: Option<&str>,
        excess: Excess,
    ) -> Result<Encoded<Prediction>, TrainError> {
        let head = self.task("name labels")?.head().clone();
        if head == TaskHead::Span {
            return Err(self.unable("name labels"));
        }
        let (ids, type_ids, is_cut) = self.encode_texts(text, text_pair, excess)?;
        let sequence = ModelSequence::logits(ids, type_ids);
        Ok(Encoded::one(sequence, is_cut, move |_, output| {
            prediction(&head, &output.into_values())
        }))
    }

    /// Token ids and segments of a text or a pair, and whether something was cut.
    pub(super) fn encode_texts(
        &self,
        text: &str,
        text_pair: Option<&str>,
        excess: Excess,
    ) -> Result<(Vec<u32>, Vec<u32>, bool), TrainError> {
        let tokens = |text: &str| match self.tokenizer.encode(text)? {
            ids if ids.is_empty() => Err(TrainError::EmptyText),
            ids => Ok(ids),
        };
        let first = tokens(text)?;
        let second = text_pair.map(tokens).transpose()?;
        let join = |most| self.tokenizer.join(&first, second.as_deref(), most);
        let most = self.reading.max_length;
        let (ids, type_ids) = join(usize::MAX)?;
        match (ids.len(), excess) {
            (tokens, _) if tokens <= most => Ok((ids, type_ids, false)),
            (tokens, Excess::Refuse) => Err(TrainError::TextTooLong { tokens, most }),
            (_, Excess::Cut) => {
                let (ids, type_ids) = join(most)?;
                Ok((ids, type_ids, true))
            }
        }
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
