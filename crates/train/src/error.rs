//! Why a run could not start or go on.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::recipe::RecipeError;

/// What a caller does with a failure: the exit codes of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The work failed.
    Failed,
    /// Usage or configuration is wrong.
    Configuration,
    /// The data cannot be used.
    Data,
    /// Training diverged.
    Diverged,
    /// Interrupted on request; a checkpoint was written.
    Interrupted,
}

/// A failure of a run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The recipe is wrong.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// A file or folder could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The run stopped on request.
    #[error("interrupted after step {step}")]
    Interrupted {
        /// Step of the checkpoint that was written.
        step: u64,
    },
}

impl TrainError {
    /// Wraps an input/output failure with what was tried.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Recipe(_) => ErrorKind::Configuration,
            Self::Io { .. } => ErrorKind::Failed,
            Self::Interrupted { .. } => ErrorKind::Interrupted,
        }
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Recipe(error) => error.hint(),
            Self::Io { .. } => None,
            Self::Interrupted { .. } => Some("go on with --resume".to_owned()),
        }
    }
}
