//! Why a run could not start or go on.

use std::io;
use std::path::{Path, PathBuf};

use pliant_data::DataError;
use pliant_nn::ModelError;
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
    /// The data cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The model cannot be built, read or written.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The folder holds a run already.
    #[error("{} holds a run already", folder.display())]
    RunExists {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder holds something that is no run.
    #[error("{} is not empty and holds no run (there is `{entry}`)", folder.display())]
    FolderOccupied {
        /// The folder.
        folder: PathBuf,
        /// Something in it.
        entry: String,
    },
    /// There is no run to resume.
    #[error("{} holds no run to resume", folder.display())]
    NothingToResume {
        /// The folder.
        folder: PathBuf,
    },
    /// The run has no completed checkpoint.
    #[error("the run in {} has no completed checkpoint", folder.display())]
    NoCheckpoint {
        /// The folder.
        folder: PathBuf,
    },
    /// The run was started with another recipe.
    #[error("the run in {} was started with another recipe:\n  {}", folder.display(), differences.join("\n  "))]
    OtherRecipe {
        /// The folder.
        folder: PathBuf,
        /// Keys that differ, with both values.
        differences: Vec<String>,
    },
    /// The run was started on other data.
    #[error("the data of the run in {} have changed since it began", folder.display())]
    OtherData {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process writes the folder.
    #[error("another process is running in {}", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of a checkpoint is not what was written.
    #[error("damaged checkpoint file {}: {reason}", path.display())]
    DamagedCheckpoint {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// A file of the run folder cannot be understood.
    #[error("cannot read {}: {reason}", path.display())]
    DamagedFile {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// Parameters that no optimizer group selects.
    #[error("no optimizer group selects {}", names.join(", "))]
    UnmatchedParameters {
        /// Names and roles.
        names: Vec<String>,
    },
    /// An optimizer group that selects nothing.
    #[error("the optimizer group `{name}` selects no parameter")]
    EmptyGroup {
        /// The group.
        name: String,
        /// Whether earlier groups took all it would select.
        shadowed: bool,
    },
    /// Parameters that the first step's backward pass did not reach.
    #[error("no gradient reached {}", names.join(", "))]
    MissingGradients {
        /// Their names.
        names: Vec<String>,
    },
    /// A step without sequences; this is a fault of the program.
    #[error("step {step} has no sequences")]
    EmptyStep {
        /// The step.
        step: u64,
    },
    /// A loss or gradient is not finite; the step was not applied.
    #[error("training diverged at step {step}: {place} is not finite (loss {loss})")]
    Diverged {
        /// The step that was not applied.
        step: u64,
        /// Its loss.
        loss: f64,
        /// Layer or tensor where the first such value appeared.
        place: String,
        /// File with batch ids and coefficients.
        report: PathBuf,
    },
    /// The threads could not be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many.
        threads: usize,
        /// Why not.
        reason: String,
    },
    /// The run stopped on request.
    #[error("interrupted after step {step}; a checkpoint was written")]
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
            Self::Recipe(_)
            | Self::RunExists { .. }
            | Self::FolderOccupied { .. }
            | Self::NothingToResume { .. }
            | Self::NoCheckpoint { .. }
            | Self::OtherRecipe { .. }
            | Self::UnmatchedParameters { .. }
            | Self::EmptyGroup { .. } => ErrorKind::Configuration,
            Self::Data(_) | Self::OtherData { .. } => ErrorKind::Data,
            Self::Model(error) => match error {
                ModelError::File { .. } | ModelError::Framework(_) => ErrorKind::Failed,
                _ => ErrorKind::Configuration,
            },
            Self::Io { .. }
            | Self::Locked { .. }
            | Self::DamagedCheckpoint { .. }
            | Self::DamagedFile { .. }
            | Self::MissingGradients { .. }
            | Self::EmptyStep { .. }
            | Self::Threads { .. } => ErrorKind::Failed,
            Self::Diverged { .. } => ErrorKind::Diverged,
            Self::Interrupted { .. } => ErrorKind::Interrupted,
        }
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Recipe(error) => return error.hint(),
            Self::Data(error) => return error.hint(),
            Self::Model(error) => return error.hint(),
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "free some space and go on with --resume; completed checkpoints are kept".to_owned()
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    "choose a folder with --out that you may write".to_owned()
                }
                _ => return None,
            },
            Self::RunExists { .. } => "go on with --resume, or choose another folder with --out".to_owned(),
            Self::FolderOccupied { .. } => "choose an empty or new folder with --out".to_owned(),
            Self::NothingToResume { .. } => "start it without --resume".to_owned(),
            Self::NoCheckpoint { .. } => {
                "it was stopped before its first checkpoint: delete the folder and start it without --resume".to_owned()
            }
            Self::OtherRecipe { .. } => {
                "resume with the recipe.toml inside the run folder, or choose another folder with --out".to_owned()
            }
            Self::OtherData { .. } => "restore the corpus, or start a new run in another folder".to_owned(),
            Self::Locked { .. } => "wait for it or stop it, or choose another folder with --out".to_owned(),
            Self::DamagedCheckpoint { path, .. } => format!(
                "delete the folder {} to go on from the checkpoint before it",
                path.parent().unwrap_or(Path::new(".")).display()
            ),
            Self::UnmatchedParameters { .. } => {
                "add a last [[optimizer.group]] with match = \"*\", or name their roles in a group".to_owned()
            }
            Self::EmptyGroup { shadowed: true, .. } => {
                "earlier groups take all its parameters: the first match wins, so move it up".to_owned()
            }
            Self::EmptyGroup { shadowed: false, .. } => {
                "check its `roles` or `match` against the parameter names of the model".to_owned()
            }
            Self::MissingGradients { .. } => {
                "these parameters would never learn; this is a fault of the model, not of the recipe".to_owned()
            }
            Self::Diverged { report, .. } => format!(
                "lower the learning rate or lengthen the warm-up; batch ids and coefficients are in {}",
                report.display()
            ),
            Self::Interrupted { .. } => "go on with --resume".to_owned(),
            Self::DamagedFile { .. } | Self::EmptyStep { .. } | Self::Threads { .. } => return None,
        })
    }
}
