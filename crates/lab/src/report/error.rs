//! Why a report could not be written.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::ShapesError;

/// A failure of [`super::write_finetune`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The curves of a run cannot be drawn.
    #[error(transparent)]
    Shapes(#[from] ShapesError),
    /// The page's template failed.
    #[error("cannot write the report: {0}")]
    Template(#[from] askama::Error),
    /// A file could not be used.
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

impl ReportError {
    /// Wraps an input/output failure with what was tried.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Shapes(error) => error.hint(),
            Self::Io { .. } => {
                Some("what was trained is kept; the same call writes the report again".to_owned())
            }
            Self::Template(_) => None,
        }
    }
}
