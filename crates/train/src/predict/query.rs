//! One question to a model, whatever the model is for.

use pliant_data::{DataError, TaskError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Answers, Filled, Prediction, Predictor, PredictorKind};
use crate::TrainError;

/// What is asked: a text (with `[MASK]` for a model that fills masks), a pair of texts, or a question about a context.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Query {
    /// Given back with the reply.
    pub id: Option<Value>,
    /// The text, or the first of two.
    pub text: Option<String>,
    /// The second text.
    pub text_pair: Option<String>,
    /// The question.
    pub question: Option<String>,
    /// The text that holds the answer.
    pub context: Option<String>,
}

/// What a model replies.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// Words for the masks.
    Filled(Filled),
    /// A label or a number.
    Prediction(Prediction),
    /// Answers to the question.
    Answers(Answers),
}

impl PredictorKind {
    /// What the model does, and what it wants to be asked.
    const fn wants(&self) -> (&'static str, &'static str) {
        match self {
            Self::FillMask => ("fills masks", "`text` with a [MASK] in it"),
            Self::Classify { .. } => ("names labels", "`text`, and `text_pair` for a pair"),
            Self::Regress => ("gives numbers", "`text`, and `text_pair` for a pair"),
            Self::Answer => ("answers questions", "`question` and `context`"),
        }
    }
}

impl Predictor {
    /// The reply to one query.
    ///
    /// # Errors
    /// [`TrainError::OtherQuery`] for a query of another kind than the model, and what [`fill`](Self::fill),
    /// [`label`](Self::label) and [`answer`](Self::answer) fail with.
    pub fn reply(&self, query: &Query, top: usize) -> Result<Reply, TrainError> {
        let mut replies = self.replies(std::slice::from_ref(query), top)?;
        // As many replies as queries.
        Ok(replies.remove(0))
    }

    /// The reply to each query, in their order.
    ///
    /// # Errors
    /// As [`reply`](Self::reply), for the first one that fails.
    pub fn replies(&self, queries: &[Query], top: usize) -> Result<Vec<Reply>, TrainError> {
        let kind = self.kind();
        let other = || {
            let (does, wants) = kind.wants();
            TrainError::OtherQuery { does, wants }
        };
        let is_question = |query: &Query| query.question.is_some() || query.context.is_some();
        let is_text = |query: &Query| query.text.is_some() || query.text_pair.is_some();
        let replies = match kind {
            PredictorKind::FillMask => {
                let texts = queries.iter().map(|query| match &query.text {
                    Some(text) if query.text_pair.is_none() && !is_question(query) => {
                        Ok(text.clone())
                    }
                    _ => Err(other()),
                });
                let texts = texts.collect::<Result<Vec<_>, _>>()?;
                let filled = self.fill(&texts, top)?;
                filled.into_iter().map(Reply::Filled).collect()
            }
            PredictorKind::Classify { .. } | PredictorKind::Regress => {
                let pairs = queries.iter().map(|query| match &query.text {
                    Some(text) if !is_question(query) => {
                        Ok((text.clone(), query.text_pair.clone()))
                    }
                    _ => Err(other()),
                });
                let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
                let labels = self.label(&pairs).map_err(without_row)?;
                labels.into_iter().map(Reply::Prediction).collect()
            }
            PredictorKind::Answer => {
                let questions =
                    queries
                        .iter()
                        .map(|query| match (&query.question, &query.context) {
                            (Some(question), Some(context)) if !is_text(query) => {
                                Ok((question.clone(), context.clone()))
                            }
                            _ => Err(other()),
                        });
                let questions = questions.collect::<Result<Vec<_>, _>>()?;
                let answers = self.answer(&questions, top).map_err(without_row)?;
                answers.into_iter().map(Reply::Answers).collect()
            }
        };
        Ok(replies)
    }
}

/// An empty text among queries has no row of a file.
fn without_row(error: TrainError) -> TrainError {
    match error {
        TrainError::Data(DataError::Task(TaskError::EmptyText { .. })) => TrainError::EmptyText,
        error => error,
    }
}
