//! Why runs could not be listed or removed.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A failure of [`super::find`], [`super::removals`] or [`super::Removal::carry_out`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunsError {
    /// No such folder.
    #[error("{} does not exist", folder.display())]
    Missing {
        /// The path.
        folder: PathBuf,
    },
    /// A file where a folder is needed.
    #[error("{} is no folder", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// A folder that is no run folder.
    #[error("{} is no run folder", folder.display())]
    NotARun {
        /// The folder.
        folder: PathBuf,
    },
    /// A symbolic link where the run itself is needed.
    #[error("{} is a symbolic link", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A process works on the run.
    #[error("the run in {} is running", folder.display())]
    Running {
        /// The run folder.
        folder: PathBuf,
    },
    /// A file or folder could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl RunsError {
    /// Wraps an input/output failure with what was tried.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// Whether the call is to blame, and not the machine.
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::Io { .. })
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } | Self::NotAFolder { .. } => {
                Some("give a folder with runs below it".to_owned())
            }
            Self::NotARun { folder } => Some(format!(
                "`pliant runs {}` lists the runs below it",
                folder.display()
            )),
            Self::Link { .. } => Some("give the folder that it leads to".to_owned()),
            Self::Running { .. } => {
                Some("wait for its end, or stop it with Ctrl-C where it runs".to_owned())
            }
            Self::Io { .. } => None,
        }
    }
}
