//! Why a sweep could not be made, or could not go on.

use std::io;
use std::path::{Path, PathBuf};

use pliant_train::{ErrorKind, RecipeError, TrainError};
use thiserror::Error;

/// A failure of a sweep. A cell that fails is none: it is recorded, and the others go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The recipe is wrong.
    #[error(transparent)]
    Recipe(Box<RecipeError>),
    /// The folder holds a sweep of another recipe.
    #[error("{} holds a sweep of another recipe:\n{}", folder.display(), differences.join("\n"))]
    OtherRecipe {
        /// The output folder.
        folder: PathBuf,
        /// One line for each key that differs.
        differences: Vec<String>,
    },
    /// A model is no longer the one that the finished cells started from.
    #[error("the weights of `{model}` in {} are not those that this sweep began with", folder.display())]
    OtherModel {
        /// The arm.
        model: String,
        /// Its folder.
        folder: PathBuf,
    },
    /// A model folder has no weights.
    #[error("model `{model}`: {} holds no model.safetensors", folder.display())]
    NoModel {
        /// The arm.
        model: String,
        /// Its folder.
        folder: PathBuf,
    },
    /// A task that this data folder cannot feed, or another condition that every cell of a kind would fail on.
    #[error(transparent)]
    Cell(Box<TrainError>),
    /// The folder holds something else.
    #[error("{} is not empty and holds no sweep (found `{found}`, no sweep.toml)", folder.display())]
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
    /// Nothing to collect.
    #[error("{} holds no sweep: it has no sweep.toml", folder.display())]
    NoSweep {
        /// The folder.
        folder: PathBuf,
    },
    /// No such cell.
    #[error("the sweep has no cell `{id}`")]
    UnknownCell {
        /// As given.
        id: String,
        /// The most similar one.
        nearest: Option<String>,
    },
    /// A cell whose learning rate is not chosen yet.
    #[error(
        "the learning rate of {id} is not chosen yet: {missing} of its trials are not finished"
    )]
    NotTuned {
        /// The cell.
        id: String,
        /// Trials that are missing.
        missing: usize,
    },
    /// A file of the sweep is not what it should be.
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
    /// Stopped on request, after a checkpoint where a run was under way.
    #[error("interrupted; {finished} of {planned} cells are finished")]
    Interrupted {
        /// Finished cells.
        finished: usize,
        /// All cells.
        planned: usize,
    },
    /// The report's template failed.
    #[error("cannot write the report: {0}")]
    Report(#[from] askama::Error),
}

impl From<RecipeError> for SweepError {
    fn from(error: RecipeError) -> Self {
        Self::Recipe(Box::new(error))
    }
}

impl SweepError {
    /// Wraps an input/output failure with what was tried.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// A file that cannot be understood.
    pub(super) fn unreadable(path: &Path, reason: &impl ToString) -> Self {
        Self::Unreadable {
            path: path.to_path_buf(),
            reason: reason.to_string(),
        }
    }

    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Recipe(_)
            | Self::OtherRecipe { .. }
            | Self::OtherModel { .. }
            | Self::NoModel { .. }
            | Self::ForeignFolder { .. }
            | Self::NotAFolder { .. }
            | Self::NoSweep { .. }
            | Self::UnknownCell { .. } => ErrorKind::Configuration,
            Self::Cell(source) => source.kind(),
            Self::Interrupted { .. } => ErrorKind::Interrupted,
            _ => ErrorKind::Failed,
        }
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Recipe(error) => match &**error {
                // The general hints speak of `--recipe` and of the reference of runs.
                RecipeError::Read { .. } => "check the path of the recipe".to_owned(),
                RecipeError::UnknownKey { nearest: None, .. } | RecipeError::Syntax { .. } => {
                    "docs/reference/sweep.md lists every key of a sweep".to_owned()
                }
                other => return other.hint(),
            },
            Self::OtherRecipe { .. } => {
                "give another --out, or repeat the call with the recipe that the folder began with, its sweep.toml".to_owned()
            }
            Self::OtherModel { .. } => {
                "put the first weights back, or begin a new sweep in another --out: cells of different weights must not share a table".to_owned()
            }
            Self::NoModel { .. } => "give the `model` folder of a run or a Hugging Face folder".to_owned(),
            Self::Cell(source) => return source.hint(),
            Self::ForeignFolder { .. } | Self::NotAFolder { .. } => {
                "give another --out; a sweep wants an empty or a new folder".to_owned()
            }
            Self::NoSweep { .. } => "give the --out folder of `pliant sweep`".to_owned(),
            Self::UnknownCell { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
            Self::UnknownCell { nearest: None, .. } => {
                "`pliant sweep RECIPE --plan jsonl` prints all cells".to_owned()
            }
            Self::NotTuned { .. } => "run the cells of its trials first; `--plan` prints them in front".to_owned(),
            Self::Unreadable { path, .. } => {
                format!("remove {} and call again: the cell it belongs to is then trained anew", path.display())
            }
            Self::Interrupted { .. } => "the same call goes on where this one stopped".to_owned(),
            Self::Io { .. } | Self::Report(_) => return None,
        })
    }
}
