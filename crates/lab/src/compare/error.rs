//! Why a comparison could not be made or finished.

use std::io;
use std::path::{Path, PathBuf};

use pliant_train::{ErrorKind, RecipeError, TrainError};
use thiserror::Error;

use crate::{ArmsError, SeedsError, ShapesError};

/// A failure of a comparison.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The arms are none.
    #[error(transparent)]
    Arms(#[from] ArmsError),
    /// The seeds are none.
    #[error(transparent)]
    Seeds(#[from] SeedsError),
    /// The recipe is wrong, for all arms.
    #[error(transparent)]
    Recipe(Box<RecipeError>),
    /// The recipe of one arm is wrong.
    #[error("arm `{arm}`: {source}")]
    ArmRecipe {
        /// Whose recipe.
        arm: String,
        /// What is wrong.
        source: Box<RecipeError>,
    },
    /// The folder holds a comparison with other settings.
    #[error("{} holds a comparison with other settings:\n{}", folder.display(), differences.join("\n"))]
    OtherSettings {
        /// The output folder.
        folder: PathBuf,
        /// One line for each setting that differs.
        differences: Vec<String>,
    },
    /// The folder holds something else.
    #[error("{} is not empty and holds no comparison (found `{found}`, no compare.json)", folder.display())]
    ForeignFolder {
        /// The output folder.
        folder: PathBuf,
        /// One thing that lies there.
        found: String,
    },
    /// The output path is a file.
    #[error("{} is no folder", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// Another process works on the folder.
    #[error("another process is working on {}", folder.display())]
    Locked {
        /// The output folder.
        folder: PathBuf,
    },
    /// A file of the comparison is not what it should be.
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
    /// Arms that must be alike are not.
    #[error(
        "the arms are no fair twins: with seed {seed}, `{arm}` and `{baseline}` have different {what} ({left} and {right})"
    )]
    Unfair {
        /// The seed.
        seed: u64,
        /// The first arm.
        baseline: String,
        /// The other.
        arm: String,
        /// Initial weights, batches or masks.
        what: &'static str,
        /// The arm's hash.
        left: Box<str>,
        /// The baseline's hash.
        right: Box<str>,
    },
    /// A run failed.
    #[error("arm `{arm}`, seed {seed}: {source}")]
    Cell {
        /// The arm.
        arm: String,
        /// The seed.
        seed: u64,
        /// What the run says.
        source: Box<TrainError>,
    },
    /// Stopped on request, after a checkpoint where a run was under way.
    #[error("interrupted; {finished} of {planned} runs are finished")]
    Interrupted {
        /// Finished cells.
        finished: usize,
        /// Arms times seeds.
        planned: usize,
    },
    /// The curves of a finished cell cannot be drawn.
    #[error(transparent)]
    Shapes(#[from] ShapesError),
    /// The report's template failed.
    #[error("cannot write the report: {0}")]
    Report(#[from] askama::Error),
}

impl From<RecipeError> for CompareError {
    fn from(error: RecipeError) -> Self {
        Self::Recipe(Box::new(error))
    }
}

impl CompareError {
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
            Self::Arms(_)
            | Self::Seeds(_)
            | Self::Recipe(_)
            | Self::ArmRecipe { .. }
            | Self::OtherSettings { .. }
            | Self::ForeignFolder { .. } => ErrorKind::Configuration,
            Self::Cell { source, .. } => source.kind(),
            Self::Interrupted { .. } => ErrorKind::Interrupted,
            _ => ErrorKind::Failed,
        }
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Arms(error) => error.hint(),
            Self::Seeds(error) => error.hint(),
            Self::Recipe(error) | Self::ArmRecipe { source: error, .. } => error.hint(),
            Self::OtherSettings { .. } => Some("give another --out, or repeat the call with the settings that the folder began with".to_owned()),
            Self::ForeignFolder { .. } | Self::NotAFolder { .. } => Some("give another --out; a comparison wants an empty or a new folder".to_owned()),
            Self::Locked { .. } => Some("wait for it, or give another --out".to_owned()),
            Self::Unreadable { path, .. } => Some(format!("remove {} and call again: the cell it belongs to is then trained anew", path.display())),
            Self::Io { .. } | Self::Report(_) => None,
            Self::Unfair { .. } => {
                Some("runs of different program versions or processors may differ; compare in a new --out, and if it happens there, report it as a bug".to_owned())
            }
            Self::Cell { source, .. } => source.hint(),
            Self::Interrupted { .. } => Some("the same call goes on where this one stopped".to_owned()),
            Self::Shapes(error) => error.hint(),
        }
    }
}
