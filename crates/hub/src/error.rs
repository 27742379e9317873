//! Why something could not be handed to the outside world.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use pliant_nn::ModelError;

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
    /// The folder holds no model that can be read.
    #[error(transparent)]
    Model(#[from] ModelError),
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
    #[error("{} holds {found}, which is no export", folder.display())]
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

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Model(error) => return error.hint(),
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
        !matches!(self, Self::Io { .. } | Self::Parameter { .. })
    }
}
