//! What a task model predicts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::ModelError;

/// The head of a task model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskHead {
    /// One of several labels for each sequence (or pair): pooler, dropout, classifier with softmax.
    Classification {
        /// The names of the classes, in the order of their numbers.
        labels: Vec<String>,
    },
    /// One number for each sequence (or pair): pooler, dropout, one output with squared error.
    Regression,
    /// Where an answer starts and ends: two logits for each token, without a pooler.
    Span,
}

impl TaskHead {
    /// The name of the kind, for messages.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Classification { .. } => "classification",
            Self::Regression => "regression",
            Self::Span => "span",
        }
    }

    /// Logits of a sequence, or of a token for spans.
    pub const fn outputs(&self) -> usize {
        match self {
            Self::Classification { labels } => labels.len(),
            Self::Regression => 1,
            Self::Span => 2,
        }
    }

    /// Checks that there are at least two labels and that their names differ.
    ///
    /// # Errors
    /// [`ModelError::Labels`].
    pub fn validate(&self) -> Result<(), ModelError> {
        let Self::Classification { labels } = self else {
            return Ok(());
        };
        if labels.len() < 2 {
            return Err(ModelError::Labels {
                reason: format!("there are {}, and a choice needs two", labels.len()),
            });
        }
        let mut seen = BTreeSet::new();
        match labels.iter().find(|label| !seen.insert(label.as_str())) {
            None => Ok(()),
            Some(twice) => Err(ModelError::Labels {
                reason: format!("`{twice}` occurs twice"),
            }),
        }
    }
}
