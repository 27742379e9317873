//! The configuration as `config.json`, with Hugging Face's keys where there is one.

use pliant_activation::ActivationSpec;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Additions, Initialisation, ModelConfig, NormPlacement, Positions, Sites};
use crate::adapter::AdapterKind;
use crate::head::TaskHead;

/// The value of `model_type`.
pub(crate) const MODEL_TYPE: &str = "pliant";
/// The class of Hugging Face whose head a task model has.
const SEQUENCE_CLASSIFICATION: &str = "BertForSequenceClassification";
const QUESTION_ANSWERING: &str = "BertForQuestionAnswering";
const MASKED_LANGUAGE_MODEL: &str = "BertForMaskedLM";
/// What the classes of an exported model begin with, and those above.
const EXPORTED: &str = "PliantFor";
const BERT: &str = "BertFor";
/// Far beyond any task, so that a wrong number is refused before memory is asked for.
const MOST_LABELS: usize = 1 << 16;
const SINGLE_LABEL: &str = "single_label_classification";
const REGRESSION: &str = "regression";

/// The document; keys in the order in which they are written.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ConfigDocument {
    model_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    architectures: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    problem_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    num_labels: Option<usize>,
    /// From numbers, as text, to names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id2label: Option<Map<String, Value>>,
    /// From names to numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label2id: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pliant_adapter: Option<AdapterKind>,
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    position_embedding_type: Positions,
    norm_placement: NormPlacement,
    embedding_norm: bool,
    layer_norm_eps: f64,
    hidden_dropout_prob: f64,
    attention_probs_dropout_prob: f64,
    initialisation: Initialisation,
    activation: ActivationSpec,
    activation_sites: Sites,
    hidden_act: ActivationSpec,
    pooler_act: ActivationSpec,
    #[serde(default, skip_serializing_if = "Additions::is_none")]
    additions: Additions,
}

impl ConfigDocument {
    /// The document of a configuration.
    pub(crate) fn of(config: &ModelConfig) -> Self {
        Self {
            model_type: MODEL_TYPE.to_owned(),
            architectures: None,
            problem_type: None,
            num_labels: None,
            id2label: None,
            label2id: None,
            pliant_adapter: None,
            vocab_size: config.vocabulary_size,
            hidden_size: config.hidden_size,
            num_hidden_layers: config.layers,
            num_attention_heads: config.heads,
            intermediate_size: config.intermediate_size,
            max_position_embeddings: config.max_positions,
            type_vocab_size: config.type_vocabulary_size,
            position_embedding_type: config.positions,
            norm_placement: config.norm,
            embedding_norm: config.embedding_norm,
            layer_norm_eps: config.norm_epsilon,
            hidden_dropout_prob: config.dropout,
            attention_probs_dropout_prob: config.attention_dropout,
            initialisation: config.initialisation,
            activation: config.activation.clone(),
            activation_sites: config.sites.clone(),
            hidden_act: config.fixed_activation.clone(),
            pooler_act: config.fixed_pooler_activation.clone(),
            additions: config.additions.clone(),
        }
    }

    /// The document with a task's head and, if there is one, an adapter that is not merged.
    pub(crate) fn with_head(mut self, head: &TaskHead, adapter: Option<AdapterKind>) -> Self {
        let (architecture, problem, labels) = match head {
            TaskHead::Classification { labels } => {
                (SEQUENCE_CLASSIFICATION, Some(SINGLE_LABEL), labels.clone())
            }
            // Hugging Face's name for the one output of a regression.
            TaskHead::Regression => (
                SEQUENCE_CLASSIFICATION,
                Some(REGRESSION),
                vec!["LABEL_0".to_owned()],
            ),
            TaskHead::Span => (QUESTION_ANSWERING, None, Vec::new()),
        };
        self.architectures = Some(vec![architecture.to_owned()]);
        self.problem_type = problem.map(str::to_owned);
        if problem.is_some() {
            let numbered = || labels.iter().enumerate();
            self.num_labels = Some(labels.len());
            self.id2label = Some(
                numbered()
                    .map(|(id, label)| (id.to_string(), label.as_str().into()))
                    .collect(),
            );
            self.label2id = Some(
                numbered()
                    .map(|(id, label)| (label.clone(), id.into()))
                    .collect(),
            );
        }
        self.pliant_adapter = adapter;
        self
    }

    /// The task's head; none for a masked-language model.
    pub(crate) fn head(&self) -> Result<Option<TaskHead>, String> {
        let Some(architectures) = &self.architectures else {
            return Ok(None);
        };
        // An exported model has our classes, which stand for the same heads.
        let names: Vec<String> = architectures
            .iter()
            .map(|name| name.replacen(EXPORTED, BERT, 1))
            .collect();
        let head = match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [MASKED_LANGUAGE_MODEL] => return Ok(None),
            [QUESTION_ANSWERING] => TaskHead::Span,
            [SEQUENCE_CLASSIFICATION] => match self.problem_type.as_deref() {
                Some(REGRESSION) => TaskHead::Regression,
                Some(SINGLE_LABEL) | None => TaskHead::Classification {
                    labels: self.labels()?,
                },
                Some(other) => {
                    return Err(format!(
                        "problem_type \"{other}\" is not known; known: {SINGLE_LABEL}, {REGRESSION}"
                    ));
                }
            },
            _ => {
                return Err(format!(
                    "architectures {architectures:?} are not known; known: {MASKED_LANGUAGE_MODEL}, \
                     {SEQUENCE_CLASSIFICATION}, {QUESTION_ANSWERING}"
                ));
            }
        };
        head.validate().map_err(|error| error.to_string())?;
        Ok(Some(head))
    }

    /// The labels in the order of their numbers. `transformers` writes none where they are those that it would give them.
    fn labels(&self) -> Result<Vec<String>, String> {
        let Some(map) = self.id2label.as_ref() else {
            let count = self.num_labels.unwrap_or(2);
            if count > MOST_LABELS {
                return Err(format!("num_labels is {count}, more than {MOST_LABELS}"));
            }
            return Ok((0..count).map(|id| format!("LABEL_{id}")).collect());
        };
        if let Some(count) = self.num_labels.filter(|count| *count != map.len()) {
            return Err(format!(
                "num_labels is {count}, but id2label has {}",
                map.len()
            ));
        }
        (0..map.len())
            .map(|id| {
                map.get(&id.to_string())
                    .and_then(Value::as_str)
                    .map(str::to_owned)
                    .ok_or_else(|| format!("id2label has no name for \"{id}\""))
            })
            .collect()
    }

    /// The adapter that the weights hold beside those of the model.
    pub(crate) fn adapter(&self) -> Option<AdapterKind> {
        self.pliant_adapter
    }

    /// The configuration, if the document is one of ours.
    pub(crate) fn into_config(self) -> Result<ModelConfig, String> {
        if self.model_type != MODEL_TYPE {
            return Err(format!(
                "model_type is \"{}\", not \"{MODEL_TYPE}\"",
                self.model_type
            ));
        }
        Ok(ModelConfig {
            vocabulary_size: self.vocab_size,
            hidden_size: self.hidden_size,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            intermediate_size: self.intermediate_size,
            max_positions: self.max_position_embeddings,
            type_vocabulary_size: self.type_vocab_size,
            positions: self.position_embedding_type,
            norm: self.norm_placement,
            embedding_norm: self.embedding_norm,
            norm_epsilon: self.layer_norm_eps,
            dropout: self.hidden_dropout_prob,
            attention_dropout: self.attention_probs_dropout_prob,
            initialisation: self.initialisation,
            activation: self.activation,
            fixed_activation: self.hidden_act,
            sites: self.activation_sites,
            fixed_pooler_activation: self.pooler_act,
            additions: self.additions,
        })
    }
}
