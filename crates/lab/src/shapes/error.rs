//! Why a run's curves could not be written.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A failure of [`super::write`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ShapesError {
    /// No such folder.
    #[error("{} does not exist", folder.display())]
    Missing {
        /// The path.
        folder: PathBuf,
    },
    /// A folder that is no run folder.
    #[error("{} is no run folder: it has no recipe.toml", folder.display())]
    NotARun {
        /// The folder.
        folder: PathBuf,
    },
    /// A run that has not come to its end.
    #[error("the run in {} is not finished: {missing} is missing", folder.display())]
    Unfinished {
        /// The run folder.
        folder: PathBuf,
        /// What a finished run would have.
        missing: &'static str,
    },
    /// A fine-tuned run that cannot be compared with the pre-trained one.
    #[error("{} cannot be compared with {}: {reason}", run.display(), against.display())]
    Unlike {
        /// The fine-tuned run.
        run: PathBuf,
        /// The pre-trained run.
        against: PathBuf,
        /// What differs.
        reason: String,
    },
    /// Runs of models of different form.
    #[error("{} has no site {site}, which {} has", run.display(), other.display())]
    SiteMissing {
        /// The run folder.
        run: PathBuf,
        /// The site.
        site: String,
        /// The run that has it.
        other: PathBuf,
    },
    /// A run whose activations do not learn has nothing to animate.
    #[error("the activation of {} is fixed ({activation}): nothing moves", folder.display())]
    Fixed {
        /// The run folder.
        folder: PathBuf,
        /// Text form of the activation.
        activation: String,
    },
    /// A run with too few recorded moments to animate.
    #[error("an animation needs the coefficients of step 0 and of a later step: {} has {found} validation(s) with coefficients", folder.display())]
    TooFewValidations {
        /// The run folder.
        folder: PathBuf,
        /// Validations with coefficients.
        found: usize,
    },
    /// A file that says something impossible.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
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

impl ShapesError {
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
            Self::Missing { .. } | Self::NotARun { .. } => {
                Some("give the --out folder of `pliant pretrain`, or a cell of a comparison such as pliant-compare/rational/seed-1".to_owned())
            }
            Self::Unfinished { folder, .. } => Some(format!("finish it: pliant pretrain --recipe {0}/recipe.toml --out {0} --resume", folder.display())),
            Self::Unlike { .. } => Some("give runs that were fine-tuned from the run behind --against".to_owned()),
            Self::SiteMissing { .. } => Some("give runs of models with the same layers, or each a call of its own".to_owned()),
            Self::Fixed { .. } => Some("give a run whose activation learns, e.g. rational; a fixed one is drawn without --animate".to_owned()),
            Self::TooFewValidations { .. } => Some("wait for the run's next validation, or train it with a smaller validation.every".to_owned()),
            Self::Unreadable { .. } => Some("the run folder was altered or written by another version; run it again".to_owned()),
            Self::Io { .. } => None,
        }
    }
}
