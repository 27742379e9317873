//! Why something could not be handed to the outside world.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use pliant_data::DataError;
use pliant_nn::ModelError;

use crate::repository::RepositoryError;

/// A failure of this crate.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HubError {
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file cannot be understood.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A `config.json` of `transformers` that describes no model that can be brought in.
    #[error("{} cannot be brought in: {reason}", path.display())]
    ForeignConfig {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A folder is no model's, or does not exist.
    #[error("{} is no model folder: it has no config.json", folder.display())]
    NoModel {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder has no weights.
    #[error("{} has no weights", folder.display())]
    NoWeights {
        /// The folder.
        folder: PathBuf,
    },
    /// A weight file is damaged, or holds what cannot be read.
    #[error("{} cannot be read as weights: {reason}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The tensors of the weight files are not those that the configuration says.
    #[error("the tensors of {} do not fit config.json:\n{}", in_words(paths), faults.join("\n"))]
    Tensors {
        /// The files.
        paths: Vec<PathBuf>,
        /// One line for each tensor that is missing, unexpected, misshapen or there twice.
        faults: Vec<String>,
        /// Patterns that would allow what is missing or unexpected.
        allow: Vec<String>,
    },
    /// A second name of a tensor that is stored once has other values.
    #[error("{copy} in {} differs from {original}; the two are one here", path.display())]
    Untied {
        /// The file.
        path: PathBuf,
        /// The tensor's second name.
        copy: String,
        /// Its first.
        original: String,
    },
    /// The tokenizer has more words than the model.
    #[error(
        "the tokenizer of {} has ids up to {}, but the model knows {model} words",
        folder.display(),
        tokenizer.saturating_sub(1)
    )]
    Vocabulary {
        /// The folder.
        folder: PathBuf,
        /// One more than the tokenizer's highest id.
        tokenizer: usize,
        /// Rows of the word embeddings.
        model: usize,
    },
    /// The tokenizer or a text cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The folder holds no model that can be read.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A repository of the Hub cannot be read or written.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A model whose adapter is no part of the weights yet.
    #[error("the model in {} has an adapter that is not merged", folder.display())]
    Adapter {
        /// The model's folder.
        folder: PathBuf,
    },
    /// An activation that cannot be printed.
    #[error("the activation {text} cannot be exported: {reason}")]
    Activation {
        /// Its text form.
        text: String,
        /// Why not.
        reason: String,
    },
    /// A weight that the number format of the file cannot hold.
    #[error("{tensor} holds {value}, which half precision cannot: its largest number is 65504")]
    Range {
        /// The tensor.
        tensor: String,
        /// The value.
        value: f32,
    },
    /// A model that no ONNX file can hold.
    #[error("the model takes {bytes} bytes, and an ONNX file holds at most {limit}")]
    TooLarge {
        /// What it takes.
        bytes: u64,
        /// The limit of the format.
        limit: u64,
    },
    /// The file to write is a folder, or another program's.
    #[error("{} is {found}, which would be overwritten", file.display())]
    Taken {
        /// The file.
        file: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// A parameter that the model should have; this is a fault of the program.
    #[error("the model has no parameter {name}")]
    Parameter {
        /// Its name.
        name: String,
    },
    /// The folder to write holds something else.
    #[error("{} holds {found}, which this program has not written", folder.display())]
    Occupied {
        /// The folder.
        folder: PathBuf,
        /// A file in it.
        found: String,
    },
}

impl HubError {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_path_buf(),
            source,
        }
    }

    pub(crate) fn weights(path: &Path, reason: impl Into<String>) -> Self {
        Self::Weights {
            path: path.to_path_buf(),
            reason: reason.into(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Model(error) => return error.hint(),
            Self::Data(error) => return error.hint(),
            Self::Repository(error) => return error.hint(),
            Self::ForeignConfig { .. } => {
                "give the folder of a BERT or RoBERTa encoder as `save_pretrained` writes it"
            }
            Self::NoModel { .. } => "give the folder of a model of transformers or of this program",
            Self::NoWeights { .. } => {
                "put model.safetensors or pytorch_model.bin there, or the shards with their index"
            }
            Self::Weights { .. } => "the file is damaged or cut short: copy or write it again",
            Self::Tensors { allow, .. } if allow.is_empty() => {
                "config.json and the weights must come from the same model"
            }
            Self::Tensors { allow, .. } => {
                let allowed: Vec<String> = allow
                    .iter()
                    .map(|pattern| format!("--allow '{pattern}'"))
                    .collect();
                return Some(format!(
                    "if this is meant, {}: what is missing is then drawn, what is unexpected left out",
                    allowed.join(" ")
                ));
            }
            Self::Untied { .. } => {
                "a head with an output table of its own cannot be kept: --without-head leaves it out"
            }
            Self::Vocabulary { .. } => "give the tokenizer that the model was trained with",
            Self::Io { .. } => "look at the disk and at the permissions of the folder",
            Self::Damaged { .. } => "the file is no valid JSON; was it cut off or edited?",
            Self::Adapter { .. } => "fine-tune with --merge, which writes the whole model",
            Self::Activation { .. } => {
                "the activation's text in config.json is that of another version"
            }
            Self::Range { .. } => "export it without --half",
            Self::TooLarge { .. } => "--half takes half as much; or export a smaller model",
            Self::Taken { .. } => {
                "give --out the name of a file that does not exist, or of an earlier export"
            }
            Self::Parameter { .. } => {
                "this is a fault of the program: report it with the model's config.json"
            }
            Self::Occupied { .. } => "give --out a folder that is empty or does not exist",
        };
        Some(hint.to_owned())
    }

    /// What is wrong is what the user gave, not what the machine did.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Io { .. } | Self::Parameter { .. } => false,
            Self::Repository(error) => error.is_usage(),
            _ => true,
        }
    }
}

fn in_words(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    names.join(", ")
}
