//! What can go wrong when a model is configured, built, loaded or run.

use std::path::PathBuf;

use pliant_activation::ActivationError;

/// An error of this crate. [`ModelError::hint`] says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A size that must be at least one is zero.
    #[error("model key `{key}` is 0; it must be at least 1")]
    Zero {
        /// The configuration key.
        key: &'static str,
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
    #[error(
        "model input `masked_positions` holds {position}, which is padding by `attention_mask`"
    )]
    MaskedPadding {
        /// The flat position.
        position: u32,
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
                field: "length", ..
            } => "use shorter sequences, or a larger model.max_positions",
            Self::MaskedPadding { .. } => {
                "leave padding out of masked_positions, or set its attention mask to 1"
            }
            Self::InputLength { .. }
            | Self::InputRange { .. }
            | Self::ParameterLength { .. }
            | Self::Framework(_) => return None,
        };
        Some(fixed.to_owned())
    }
}
