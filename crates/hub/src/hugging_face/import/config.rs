//! `config.json` of a BERT or `RoBERTa`.

use std::collections::BTreeMap;
use std::path::Path;

use pliant_activation::ActivationSpec;
use pliant_nn::{
    Additions, Initialisation, ModelConfig, NormPlacement, Positions, Sites, TaskHead,
};
use serde::Deserialize;

use crate::HubError;

/// A larger `config.json` is none.
const LARGEST: u64 = 16 << 20;
/// Rows of `RoBERTa`'s position table that no token ever uses: its numbers begin behind that of padding.
const OFFSET: usize = 2;

/// Whose encoder it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Bert,
    Roberta,
}

/// The head of a foreign model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ForeignHead {
    /// Words at masks.
    MaskedLanguage,
    /// A task's.
    Task(TaskHead),
    /// None at all.
    None,
}

/// What a foreign `config.json` says, in our terms.
#[derive(Debug)]
pub(super) struct Foreign {
    pub(super) family: Family,
    pub(super) config: ModelConfig,
    pub(super) head: ForeignHead,
    /// The class that `architectures` names, for messages.
    pub(super) architecture: String,
    /// What of the configuration has no counterpart here.
    pub(super) notes: Vec<String>,
}

impl Foreign {
    /// Rows at the beginning of the position table that are no positions.
    pub(super) fn position_offset(&self) -> usize {
        match self.family {
            Family::Bert => 0,
            Family::Roberta => OFFSET,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Document {
    model_type: Option<String>,
    #[serde(default)]
    architectures: Option<Vec<String>>,
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "two")]
    type_vocab_size: usize,
    #[serde(default = "gelu")]
    hidden_act: String,
    #[serde(default = "tenth")]
    hidden_dropout_prob: f64,
    #[serde(default = "tenth")]
    attention_probs_dropout_prob: f64,
    classifier_dropout: Option<f64>,
    #[serde(default = "deviation")]
    initializer_range: f64,
    #[serde(default = "epsilon")]
    layer_norm_eps: f64,
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
    #[serde(default)]
    add_cross_attention: bool,
    tie_word_embeddings: Option<bool>,
    problem_type: Option<String>,
    num_labels: Option<usize>,
    id2label: Option<BTreeMap<String, String>>,
}

const fn two() -> usize {
    2
}
fn gelu() -> String {
    "gelu".to_owned()
}
const fn tenth() -> f64 {
    0.1
}
const fn deviation() -> f64 {
    0.02
}
const fn epsilon() -> f64 {
    1e-12
}

/// Reads the configuration.
pub(super) fn read(folder: &Path) -> Result<Foreign, HubError> {
    let path = folder.join("config.json");
    let refuse = |reason: String| HubError::ForeignConfig {
        path: path.clone(),
        reason,
    };
    let size = std::fs::metadata(&path)
        .map_err(|source| HubError::io("read", &path, source))?
        .len();
    if size > LARGEST {
        return Err(refuse(format!("it has {size} bytes")));
    }
    let text = std::fs::read(&path).map_err(|source| HubError::io("read", &path, source))?;
    let document: Document =
        serde_json::from_slice(&text).map_err(|error| refuse(error.to_string()))?;
    foreign(&document).map_err(refuse)
}

fn foreign(document: &Document) -> Result<Foreign, String> {
    let family = match document.model_type.as_deref() {
        Some("bert") => Family::Bert,
        Some("roberta") => Family::Roberta,
        Some(other) => {
            return Err(format!(
                "model_type is \"{other}\"; bert and roberta can be read"
            ));
        }
        None => return Err("model_type is missing; bert and roberta can be read".to_owned()),
    };
    if document.is_decoder || document.add_cross_attention {
        return Err("it is a decoder; encoders can be read".to_owned());
    }
    if let Some(kind) = document.position_embedding_type.as_deref()
        && kind != "absolute"
    {
        return Err(format!(
            "position_embedding_type is \"{kind}\"; \"absolute\" can be read"
        ));
    }
    let offset = match family {
        Family::Bert => 0,
        Family::Roberta => OFFSET,
    };
    let max_positions = document
        .max_position_embeddings
        .checked_sub(offset)
        .filter(|positions| *positions > 0)
        .ok_or_else(|| {
            format!(
                "max_position_embeddings is {}; the first {offset} of them are no positions",
                document.max_position_embeddings
            )
        })?;
    let activation = function(&document.hidden_act)?;
    let (architecture, head) = head(document, family)?;
    if head == ForeignHead::MaskedLanguage && document.tie_word_embeddings == Some(false) {
        return Err(
            "tie_word_embeddings is false; a head that shares the word embeddings can be read"
                .to_owned(),
        );
    }
    if head == ForeignHead::MaskedLanguage
        && family == Family::Bert
        && document.hidden_act != "gelu"
    {
        return Err(format!(
            "the head's function is hidden_act, \"{}\"; a masked-language head with gelu can be read",
            document.hidden_act
        ));
    }
    let mut notes = Vec::new();
    if let Some(dropout) = document.classifier_dropout
        && dropout != document.hidden_dropout_prob
    {
        notes.push(format!(
            "classifier_dropout {dropout} becomes {}, that of the encoder: a head has no rate of its own",
            document.hidden_dropout_prob
        ));
    }
    if family == Family::Roberta && matches!(head, ForeignHead::Task(_)) {
        notes.push(
            "in training RoBERTa's head also drops its input, which this program does not"
                .to_owned(),
        );
    }
    let config = ModelConfig {
        vocabulary_size: document.vocab_size,
        hidden_size: document.hidden_size,
        layers: document.num_hidden_layers,
        heads: document.num_attention_heads,
        intermediate_size: document.intermediate_size,
        max_positions,
        type_vocabulary_size: document.type_vocab_size,
        positions: Positions::Learned,
        norm: NormPlacement::Post,
        embedding_norm: true,
        norm_epsilon: document.layer_norm_eps,
        dropout: document.hidden_dropout_prob,
        attention_dropout: document.attention_probs_dropout_prob,
        initialisation: Initialisation::Normal {
            deviation: document.initializer_range,
        },
        activation: activation.clone(),
        fixed_activation: activation,
        sites: Sites::all(),
        fixed_pooler_activation: function("tanh")?,
        additions: Additions::default(),
    };
    config.validate().map_err(|error| error.to_string())?;
    Ok(Foreign {
        family,
        config,
        head,
        architecture,
        notes,
    })
}

/// Our name of a function of `transformers`.
fn function(name: &str) -> Result<ActivationSpec, String> {
    let own = match name {
        "gelu" | "gelu_python" => "gelu",
        // Equal formulas, written in different ways.
        "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" | "gelu_python_tanh" => "gelu_tanh",
        "silu" | "swish" => "silu",
        "linear" => "identity",
        "leaky_relu" => "leaky_relu(0.01)",
        "relu" | "tanh" | "sigmoid" => name,
        other => {
            return Err(format!(
                "hidden_act is \"{other}\"; gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, relu, silu, swish, tanh, sigmoid, \
                 leaky_relu and linear can be read"
            ));
        }
    };
    own.parse()
        .map_err(|error| format!("hidden_act \"{name}\": {error}"))
}

/// The class and its head.
fn head(document: &Document, family: Family) -> Result<(String, ForeignHead), String> {
    let prefix = match family {
        Family::Bert => "Bert",
        Family::Roberta => "Roberta",
    };
    let named = document.architectures.as_deref().unwrap_or_default();
    let [architecture] = named else {
        return if named.is_empty() {
            Ok((format!("{prefix}Model"), ForeignHead::None))
        } else {
            Err(format!("architectures {named:?} are more than one"))
        };
    };
    let head = match architecture.strip_prefix(prefix) {
        Some("Model") => ForeignHead::None,
        Some("ForMaskedLM" | "ForPreTraining") => ForeignHead::MaskedLanguage,
        Some("ForQuestionAnswering") => ForeignHead::Task(TaskHead::Span),
        Some("ForSequenceClassification") => {
            let head = classification(document)?;
            head.validate().map_err(|error| error.to_string())?;
            ForeignHead::Task(head)
        }
        _ => {
            return Err(format!(
                "architectures has {architecture}; {prefix}ForMaskedLM, {prefix}ForSequenceClassification, \
                 {prefix}ForQuestionAnswering and {prefix}Model can be read"
            ));
        }
    };
    Ok((architecture.clone(), head))
}

fn classification(document: &Document) -> Result<TaskHead, String> {
    // What `transformers` takes where nothing is said.
    let named = document.id2label.as_ref();
    let count = named
        .map(BTreeMap::len)
        .or(document.num_labels)
        .unwrap_or(2);
    match document.problem_type.as_deref() {
        Some("regression") | None if count == 1 => return Ok(TaskHead::Regression),
        None | Some("single_label_classification") => {}
        Some(other) => {
            return Err(format!(
                "problem_type is \"{other}\" with {count} outputs; one label of several, or one number, can be read"
            ));
        }
    }
    if count > 1 << 16 {
        return Err(format!("num_labels is {count}, more than {}", 1 << 16));
    }
    let labels = (0..count)
        .map(|id| match named {
            None => Ok(format!("LABEL_{id}")),
            Some(named) => named
                .get(&id.to_string())
                .cloned()
                .ok_or_else(|| format!("id2label has no name for \"{id}\"")),
        })
        .collect::<Result<_, _>>()?;
    Ok(TaskHead::Classification { labels })
}
