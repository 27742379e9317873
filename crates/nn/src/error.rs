//! What can go wrong when a model is configured, built, loaded or run.

use std::path::PathBuf;

use pliant_activation::ActivationError;

use crate::adapter::AdapterKind;
use crate::head::TaskHead;

/// An error of this crate. [`ModelError::hint`] says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A size that must be at least one is zero.
    #[error("model key `{key}` is 0; it must be at least 1")]
    Zero {
        /// The configuration key.
        key: &'static str,
    },
    /// A size is beyond that of any encoder.
    #[error("model key `{key}` is {value}; it must be at most {most}")]
    TooLarge {
        /// The configuration key.
        key: &'static str,
        /// What was given.
        value: usize,
        /// The largest.
        most: usize,
    },
    /// The attention heads do not divide the hidden size.
    #[error("{heads} heads do not divide the hidden size {hidden_size}")]
    Heads {
        /// Number of attention heads.
        heads: usize,
        /// Width of the residual stream.
        hidden_size: usize,
    },
    /// Rotary positions turn pairs of channels, so a head needs an even number of them.
    #[error("rotary positions need an even head size, but {hidden_size} / {heads} heads is {}", hidden_size / heads)]
    RotaryHeadSize {
        /// Number of attention heads.
        heads: usize,
        /// Width of the residual stream.
        hidden_size: usize,
    },
    /// A number lies outside its range.
    #[error("model key `{key}` is {value}; it must be {expected}")]
    OutOfRange {
        /// The configuration key.
        key: &'static str,
        /// What was given.
        value: f64,
        /// The allowed range, in words.
        expected: &'static str,
    },
    /// The text of the activation sites cannot be read.
    #[error("cannot read the activation sites `{text}`: {reason}")]
    SitesText {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The activation sites name a layer that the model does not have.
    #[error("activation site {layer} does not exist: the model has {layers} layers, 0 to {}", layers.saturating_sub(1))]
    SiteOutOfRange {
        /// The layer asked for.
        layer: usize,
        /// Number of layers of the model.
        layers: usize,
    },
    /// An activation of `layers([…])` with another number of functions than the model has layers.
    #[error("the activation names the functions of {functions} layers, but the model has {layers}")]
    LayerFunctions {
        /// Functions named.
        functions: usize,
        /// Number of layers of the model.
        layers: usize,
    },
    /// A named choice that does not exist.
    #[error("unknown {what} `{given}`; known: {known}")]
    UnknownChoice {
        /// What is chosen, e.g. "norm placement".
        what: &'static str,
        /// What was given.
        given: String,
        /// The choices, separated by commas.
        known: &'static str,
        /// The nearest choice.
        nearest: Option<String>,
    },
    /// An activation cannot be built for this model.
    #[error("the activation of {site}: {source}")]
    Activation {
        /// Where it would stand, e.g. "layer.0".
        site: String,
        /// Why not.
        source: ActivationError,
    },
    /// A module is to live on a device that its operations do not run on.
    #[error("no activation kernels for {device}")]
    Device {
        /// The device, in Burn's words.
        device: String,
    },
    /// An input tensor has the wrong number of elements.
    #[error("model input `{field}` has {found} elements, expected {expected} ({meaning})")]
    InputLength {
        /// The field of the input.
        field: &'static str,
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
        /// What the expected number is made of.
        meaning: &'static str,
    },
    /// An index of the input lies outside its table.
    #[error("model input `{field}` holds {value} at position {position}; it must be below {bound}")]
    InputRange {
        /// The field of the input.
        field: &'static str,
        /// Flat position of the value.
        position: usize,
        /// The value.
        value: u64,
        /// The first value that is too large.
        bound: u64,
    },
    /// A position is to be predicted where the attention mask says padding.
    #[error("model input `{field}` holds {position}, which is padding by `attention_mask`")]
    MaskedPadding {
        /// The field of the input.
        field: &'static str,
        /// The flat position.
        position: u32,
    },
    /// A sequence of a task has no token.
    #[error("sequence {sequence} of the model input is padding alone")]
    EmptySequence {
        /// Its number in the batch.
        sequence: usize,
    },
    /// The targets are not of the kind that the head predicts.
    #[error("a {head} model was given {found} as targets")]
    TargetKind {
        /// The model's head.
        head: &'static str,
        /// What was given.
        found: &'static str,
    },
    /// The target of a regression is not a finite number.
    #[error("the score of sequence {sequence} of the model input is not finite")]
    ScoreNotFinite {
        /// Its number in the batch.
        sequence: usize,
    },
    /// The labels of a classification cannot be used.
    #[error("the labels of the classification do not fit: {reason}")]
    Labels {
        /// What is wrong with them.
        reason: String,
    },
    /// A folder holds a model with another head.
    #[error("{} holds a {found} model, not a {expected} model", folder.display())]
    OtherHead {
        /// The folder.
        folder: PathBuf,
        /// What it holds.
        found: &'static str,
        /// What is needed.
        expected: &'static str,
    },
    /// A number of an adapter lies outside its range.
    #[error("the adapter's {key} is {value}; it must be {expected}")]
    AdapterValue {
        /// "rank" or "alpha".
        key: &'static str,
        /// What was given.
        value: String,
        /// The allowed range, in words.
        expected: String,
    },
    /// The model has an adapter already.
    #[error("the model already has the adapter {present}")]
    AdapterPresent {
        /// Which one.
        present: AdapterKind,
    },
    /// There is no adapter to merge.
    #[error("the model has no adapter to merge")]
    AdapterMissing,
    /// An adapter file was not written by this program.
    #[error("{} is not an adapter of this program: {reason}", path.display())]
    AdapterFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An adapter belongs to another encoder.
    #[error(
        "the adapter {} belongs to the encoder with SHA-256 {expected}, but this one has {found}",
        path.display()
    )]
    AdapterBase {
        /// The file.
        path: PathBuf,
        /// Hash of the encoder it was trained on.
        expected: String,
        /// Hash of the encoder at hand, of the same tensors.
        found: String,
    },
    /// An adapter belongs to a model with another head.
    #[error("the adapter {} belongs to a model for {}, but this one is for {}", path.display(), in_words(expected), in_words(found))]
    AdapterHead {
        /// The file.
        path: PathBuf,
        /// The head of the model at hand.
        found: TaskHead,
        /// The head of the model it was trained on.
        expected: TaskHead,
    },
    /// Neither an adapter nor its base holds the head.
    #[error("neither the base nor the adapter {} holds the head; missing: {}", path.display(), missing.join(", "))]
    AdapterHeadMissing {
        /// The adapter's file.
        path: PathBuf,
        /// The tensors that are nowhere.
        missing: Vec<String>,
    },
    /// The activation cannot be replaced by another.
    #[error("the model's activation cannot be replaced: {reason}")]
    NotReplaceable {
        /// Why not.
        reason: String,
    },
    /// The model has what BERT has not, where only BERT's layers can be taken.
    #[error("{what} knows BERT's layers only, and this model has `{addition}` in them")]
    Addition {
        /// What the layers have.
        addition: &'static str,
        /// What refuses it.
        what: &'static str,
    },
    /// A norm before the activation of a layer with a gate.
    #[error("`inner_norm` is for layers without a gate, not for {activation}")]
    InnerNorm {
        /// The activation with the gate.
        activation: String,
    },
    /// The learned activations cannot be held.
    #[error("the model cannot be frozen: {reason}")]
    NotFreezable {
        /// Why not.
        reason: String,
    },
    /// A parameter is written with the wrong number of values.
    #[error("parameter `{name}` has {expected} values, not {found}")]
    ParameterLength {
        /// Name of the parameter.
        name: String,
        /// Its number of values.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// "read", "write" or "create".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// `config.json` is not one of ours.
    #[error("{} does not describe a model: {reason}", path.display())]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The weight file is damaged.
    #[error("{} is not a readable safetensors file: {reason}", path.display())]
    WeightFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The tensors of the weight file are not those of the model.
    #[error("the tensors of {} do not fit the model:\n{}", path.display(), differences.join("\n"))]
    Tensors {
        /// The file.
        path: PathBuf,
        /// One line for each missing, unexpected or misshapen tensor.
        differences: Vec<String>,
    },
    /// The framework refused a tensor; this is a fault of the program.
    #[error("internal fault of the tensor framework: {0}")]
    Framework(String),
}

impl ModelError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let fixed = match self {
            Self::Zero { key } => return Some(format!("set model.{key} to at least 1")),
            Self::TooLarge { key, most, .. } => {
                return Some(format!("set model.{key} to at most {most}"));
            }
            Self::OutOfRange { key, expected, .. } => {
                return Some(format!("set model.{key} to {expected}"));
            }
            Self::Heads { heads, hidden_size } => {
                let nearest = (1..=*heads).rev().find(|count| hidden_size % count == 0)?;
                return Some(format!(
                    "set model.heads to a divisor of {hidden_size}, for example {nearest}"
                ));
            }
            Self::SiteOutOfRange { layers, .. } => {
                let last = layers.saturating_sub(1);
                return Some(format!("use layers from 0 to {last}, or \"all\""));
            }
            Self::LayerFunctions { layers, .. } => {
                return Some(format!("write layers([…]) with {layers} functions"));
            }
            Self::UnknownChoice { nearest, known, .. } => {
                return Some(match nearest {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None => format!("choose one of {known}"),
                });
            }
            Self::Activation { source, .. } => return source.hint(),
            Self::RotaryHeadSize { .. } => {
                "choose model.heads so that hidden_size / heads is even, \
                 or set model.positions = \"learned\""
            }
            Self::SitesText { .. } => {
                "write \"all\", \"none\", \"0-11\", \"0,2,4\" or \"0-3,7\"; \
                 add \"+pooler\" for the pooler"
            }
            Self::File { action: "read", .. } => {
                "check that the folder holds config.json and model.safetensors and can be read"
            }
            Self::File { .. } => "check that the folder can be written and has space left",
            Self::ConfigFile { .. } => "give a model folder written by this program",
            Self::WeightFile { .. } => "the file is damaged or cut short: copy or write it again",
            Self::Tensors { .. } => {
                "config.json and model.safetensors must come from the same model"
            }
            Self::InputRange {
                field: "ids" | "labels",
                ..
            } => "tokenise with the tokenizer that belongs to the model (model.vocabulary_size)",
            Self::InputRange {
                field: "classes", ..
            } => "give classes below the number of the model's labels",
            Self::InputRange {
                field: "length", ..
            } => "use shorter sequences, or a larger model.max_positions",
            Self::MaskedPadding { field, .. } => {
                return Some(format!(
                    "leave padding out of {field}, or set its attention mask to 1"
                ));
            }
            Self::EmptySequence { .. } => {
                "give every sequence at least one token with attention mask 1"
            }
            Self::Device { .. } => {
                "build the module on Device::flex() or Device::flex().autodiff()"
            }
            Self::TargetKind { .. } => "give targets of the kind that the model predicts",
            Self::ScoreNotFinite { .. } => "leave rows without a score out",
            Self::Labels { .. } => "give at least two labels with different names",
            Self::OtherHead { expected, .. } => match *expected {
                "task" => {
                    "fine-tune it first (pliant finetune), or give a fine-tuned model's folder"
                }
                _ => "give the folder of a pre-trained model",
            },
            Self::AdapterValue { key, expected, .. } => {
                return Some(format!("set the {key} to a number {expected}"));
            }
            Self::AdapterPresent { .. } => "merge it first, or begin with a model without one",
            Self::AdapterMissing => "load an adapter before merging it",
            Self::AdapterFile { .. } => {
                "give a folder with an adapter.safetensors that `pliant finetune` wrote"
            }
            Self::AdapterBase { .. } => "give the model folder that the adapter was trained on",
            Self::AdapterHead { .. } => "give the adapter of a model for the same task and labels",
            Self::AdapterHeadMissing { .. } => {
                "give as base the fine-tuned model whose head was trained, or save the head with the adapter"
            }
            Self::NotReplaceable { .. } => {
                "begin with a model that has one fixed activation in all layers, or keep the one it has"
            }
            Self::Addition { .. } => {
                "train without it, or use the model with this program: `pliant eval`, `predict`, `finetune` and `serve` know it"
            }
            Self::InnerNorm { .. } => "leave inner_norm out, or use a function without a gate",
            Self::NotFreezable { .. } => {
                "freeze a model whose activation learns, with one function for all channels of a layer; \
                 to hold others while training, give the group `activation` a learning rate of 0"
            }
            Self::InputLength { .. }
            | Self::InputRange { .. }
            | Self::ParameterLength { .. }
            | Self::Framework(_) => return None,
        };
        Some(fixed.to_owned())
    }
}

/// A head with what tells it from others of its kind.
fn in_words(head: &TaskHead) -> String {
    match head {
        TaskHead::Classification { labels } => format!("classification into {}", labels.join(", ")),
        TaskHead::Regression | TaskHead::Span => head.kind().to_owned(),
    }
}
