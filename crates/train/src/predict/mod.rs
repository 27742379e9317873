//! What a finished model says to texts: fills masks, names labels, answers questions.

mod answer;
mod embed;
mod fill;
mod label;
mod query;
mod steps;
mod stream;

use std::path::Path;

use pliant_data::Tokenizer;
use pliant_nn::{
    AnyModel, MaskedLanguageModel, ModelConfig, ParameterInfo, Precision, TaskHead, TaskModel,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use answer::{Answers, TextAnswer};
pub use embed::Embedding;
pub use fill::{Candidate, Filled};
pub use label::{LabelProbability, Prediction};
pub use query::{Query, Reply};
pub use steps::{Encoded, Excess, ModelSequence, Pooling, SequenceOutput};
pub use stream::Streamed;

use crate::TrainError;
use crate::file::read_json;
use crate::finetune::start::{check_vocabulary, open_tokenizer};

/// How a task's texts became sequences when it was trained, beside the model so that it is used alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reading {
    /// The task that was trained.
    pub task: String,
    /// Longest sequence in tokens.
    pub max_length: usize,
    /// Tokens by which windows are shifted.
    pub doc_stride: usize,
    /// Longest question in tokens.
    pub max_query_length: usize,
    /// Longest answer in tokens.
    pub max_answer_length: usize,
    /// Above which difference of scores "no answer" is the answer; none where there is always an answer.
    pub null_threshold: Option<f64>,
}

/// Name of [`Reading`] in a folder of a tuned model.
pub(crate) const READING_FILE: &str = "reading.json";

/// What a model is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PredictorKind {
    /// It says what stands at `[MASK]`.
    FillMask,
    /// It names one of these labels.
    Classify {
        /// The labels in the order of their numbers.
        labels: Vec<String>,
    },
    /// It gives a number.
    Regress,
    /// It finds the answer to a question in a context.
    Answer,
}

/// A model with its tokenizer, ready to be asked.
#[derive(Debug)]
pub struct Predictor {
    model: AnyModel,
    tokenizer: Tokenizer,
    reading: Reading,
}

/// Sequences that go through the model at once.
pub(crate) const BATCH: usize = 32;

impl Predictor {
    /// Loads a model folder, a masked-language model or a tuned one; or the base of an adapter and the adapter's folder.
    ///
    /// # Errors
    /// Files that are missing or do not fit each other: another vocabulary, an adapter of another base.
    pub fn load(
        model: &Path,
        adapter: Option<&Path>,
        precision: Precision,
    ) -> Result<Self, TrainError> {
        let model_folder = model;
        let tokenizer = open_tokenizer(model_folder)?;
        let tuned = adapter.unwrap_or(model);
        let mut model = if adapter.is_some() || TaskModel::is_in(model)? {
            AnyModel::Task(Box::new(load_task(model, adapter)?))
        } else {
            AnyModel::MaskedLanguage(Box::new(MaskedLanguageModel::load(model)?))
        };
        model.set_precision(precision);
        let (words, positions) = (model.config().vocabulary_size, model.config().max_positions);
        check_vocabulary(model_folder, tokenizer.vocabulary_size(), words)?;
        let path = tuned.join(READING_FILE);
        let reading = if path.is_file() {
            read_json(&path)?
        } else {
            Reading::default_for(&model, positions)
        };
        Ok(Self {
            model,
            tokenizer,
            reading,
        })
    }

    /// What the model is for.
    pub fn kind(&self) -> PredictorKind {
        match &self.model {
            AnyModel::MaskedLanguage(_) => PredictorKind::FillMask,
            AnyModel::Task(model) => match model.head() {
                TaskHead::Classification { labels } => PredictorKind::Classify {
                    labels: labels.clone(),
                },
                TaskHead::Regression => PredictorKind::Regress,
                TaskHead::Span => PredictorKind::Answer,
            },
        }
    }

    /// What the model is made of.
    pub fn config(&self) -> &ModelConfig {
        self.model.config()
    }

    /// Its parameters, an adapter's included.
    pub fn parameters(&self) -> &[ParameterInfo] {
        self.model.parameters()
    }

    /// How texts become sequences.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The same, to be changed.
    pub fn reading_mut(&mut self) -> &mut Reading {
        &mut self.reading
    }

    /// The tokenizer.
    pub(crate) fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The tuned model, for what only it can do.
    pub(crate) fn task(&self, wanted: &'static str) -> Result<&TaskModel, TrainError> {
        match &self.model {
            AnyModel::Task(model) => Ok(model),
            AnyModel::MaskedLanguage(_) => Err(self.unable(wanted)),
        }
    }

    pub(crate) fn unable(&self, wanted: &'static str) -> TrainError {
        TrainError::OtherModelKind {
            wanted,
            found: match self.kind() {
                PredictorKind::FillMask => "fill masks",
                PredictorKind::Classify { .. } => "name labels",
                PredictorKind::Regress => "give numbers",
                PredictorKind::Answer => "answer questions",
            },
        }
    }
}

impl Reading {
    fn default_for(model: &AnyModel, positions: usize) -> Self {
        let finds_spans = matches!(model, AnyModel::Task(model) if *model.head() == TaskHead::Span);
        let usual = if finds_spans { 384 } else { 128 };
        Self {
            task: "own".to_owned(),
            max_length: match model {
                AnyModel::MaskedLanguage(_) => positions,
                AnyModel::Task(_) => positions.min(usual),
            },
            doc_stride: 128,
            max_query_length: 64,
            max_answer_length: 30,
            null_threshold: None,
        }
    }
}

/// A tuned model, or a base with an adapter.
pub(crate) fn load_task(model: &Path, adapter: Option<&Path>) -> Result<TaskModel, TrainError> {
    Ok(match adapter {
        None => TaskModel::load(model)?,
        Some(adapter) => TaskModel::with_adapter(model, adapter)?,
    })
}
