//! Why there is no correction.

use std::path::PathBuf;

use pliant_activation::{ActivationError, ParseError};
use thiserror::Error;

use crate::shapes::ShapesError;

/// A failure of [`corrections`](super::corrections).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CorrectionError {
    /// The run cannot be used.
    #[error(transparent)]
    Run(#[from] ShapesError),
    /// No such site.
    #[error("{} has no site `{site}`", run.display())]
    UnknownSite {
        /// The run folder.
        run: PathBuf,
        /// The site asked for.
        site: String,
        /// The sites that it has.
        known: Vec<String>,
    },
    /// The function has no correction.
    #[error(transparent)]
    Function(#[from] ActivationError),
    /// There is none for the inputs of a site.
    #[error("{site}: {source}")]
    Site {
        /// The site.
        site: String,
        /// Why not.
        source: ActivationError,
    },
    /// The corrected function is no activation.
    #[error(transparent)]
    Activation(#[from] ParseError),
}

impl CorrectionError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Run(error) => error.hint(),
            Self::UnknownSite { known, .. } => {
                Some(format!("it has {}, and `all` of them", known.join(", ")))
            }
            Self::Function(error) | Self::Site { source: error, .. } => error.hint(),
            Self::Activation(error) => error.hint(),
        }
    }
}
