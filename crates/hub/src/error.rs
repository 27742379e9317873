//! Why something could not be handed to the outside world.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A failure of this crate.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HubError {
    /// An event file could not be written; the run itself goes on without it.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The input histograms of the run cannot be understood.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl HubError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Io { .. } => "the run and its metrics.jsonl are complete; look at the disk and the permissions of the folder".to_owned(),
            Self::Damaged { .. } => "the run is complete; only its TensorBoard record lacks the input histograms".to_owned(),
        }
    }
}
