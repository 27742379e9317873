//! Why a run could not start or go on.

use std::io;
use std::path::{Path, PathBuf};

use pliant_data::DataError;
use pliant_nn::ModelError;
use thiserror::Error;

use crate::finetune::Mode;
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
    /// Parameters of a tied group that cannot have the same values.
    #[error(
        "{parameter} cannot be tied to {first}: they begin with different values, or belong to different functions"
    )]
    Untied {
        /// The one that would follow.
        parameter: String,
        /// The one that it would follow.
        first: String,
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
    /// A mode of fine-tuning that does not exist.
    #[error("unknown mode: {given}")]
    UnknownMode {
        /// What was given.
        given: String,
        /// The nearest mode.
        nearest: Option<String>,
    },
    /// A mode that trains activation coefficients, and a model that has none.
    #[error(
        "mode {mode} trains the coefficients of the activations, but this model's activations have none"
    )]
    NoActivations {
        /// The mode.
        mode: Mode,
    },
    /// More bias entries are to be drawn than there are, or none.
    #[error("mode matched-bias is to draw {wanted} of the encoder's {biases} bias entries")]
    TooFewBiases {
        /// How many are to be drawn.
        wanted: usize,
        /// How many there are.
        biases: usize,
    },
    /// A setting of a fine-tuning outside of its range.
    #[error("{key} is {value}; it must be {expected}")]
    Setting {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: String,
        /// The allowed range, in words.
        expected: &'static str,
    },
    /// A model folder without a tokenizer.
    #[error("the model {} has no tokenizer.json", model.display())]
    NoTokenizer {
        /// The folder.
        model: PathBuf,
    },
    /// The tokenizer in a model folder is of another vocabulary.
    #[error(
        "the tokenizer.json of {} has {tokenizer_words} words, its model {model_words}",
        model.display()
    )]
    OtherVocabulary {
        /// The folder.
        model: PathBuf,
        /// Words of the model.
        model_words: usize,
        /// Words of the tokenizer.
        tokenizer_words: usize,
    },
    /// Sequences longer than the model's positions.
    #[error("sequences of up to {max_length} tokens do not fit the model's {positions} positions")]
    TooLong {
        /// The longest sequence.
        max_length: usize,
        /// Positions of the model.
        positions: usize,
    },
    /// The model that a fine-tuning began from has changed.
    #[error("the model {} has changed since the run in {} began", model.display(), folder.display())]
    OtherModel {
        /// The run folder.
        folder: PathBuf,
        /// The model folder.
        model: PathBuf,
    },
    /// A model is asked for what it cannot do.
    #[error("this model was made to {found}, not to {wanted}")]
    OtherModelKind {
        /// What it was asked for.
        wanted: &'static str,
        /// What it can do.
        found: &'static str,
    },
    /// A text without a mask.
    #[error("the text has no [MASK]")]
    NoMask,
    /// A text without a token.
    #[error("the text is empty")]
    EmptyText,
    /// A text longer than the model can read.
    #[error("the text has {tokens} tokens, but the model reads at most {most}")]
    TextTooLong {
        /// Its tokens.
        tokens: usize,
        /// The most there may be.
        most: usize,
    },
    /// A query of another kind than the model's.
    #[error("this model {does}: it wants {wants}")]
    OtherQuery {
        /// What the model does.
        does: &'static str,
        /// What it wants to be asked.
        wants: &'static str,
    },
    /// A line of a stream that cannot be understood.
    #[error("line {line}: {reason}")]
    BadLine {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A line of a stream that cannot be answered.
    #[error("line {line}: {source}")]
    AtLine {
        /// The line, from 1.
        line: u64,
        /// Why not.
        source: Box<TrainError>,
    },
    /// A stream cannot be read or written.
    #[error("cannot read or write the stream: {0}")]
    Stream(io::Error),
    /// No seed was given.
    #[error("there is no seed to run")]
    NoSeeds,
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
            | Self::EmptyGroup { .. }
            | Self::Untied { .. }
            | Self::UnknownMode { .. }
            | Self::NoActivations { .. }
            | Self::TooFewBiases { .. }
            | Self::Setting { .. }
            | Self::NoTokenizer { .. }
            | Self::OtherVocabulary { .. }
            | Self::TooLong { .. }
            | Self::OtherModel { .. }
            | Self::OtherQuery { .. }
            | Self::OtherModelKind { .. }
            | Self::NoSeeds => ErrorKind::Configuration,
            Self::AtLine { source, .. } => match source.kind() {
                // What is no more than usage in a single query is data in a stream.
                ErrorKind::Configuration => ErrorKind::Data,
                kind => kind,
            },
            Self::Data(DataError::Task(error)) if error.is_usage() => ErrorKind::Configuration,
            Self::Data(_)
            | Self::OtherData { .. }
            | Self::NoMask
            | Self::EmptyText
            | Self::TextTooLong { .. }
            | Self::BadLine { .. } => ErrorKind::Data,
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
            | Self::Stream(_)
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
            Self::Untied { .. } => {
                "tie the activations of layers that have one function with one start".to_owned()
            }
            Self::MissingGradients { .. } => {
                "these parameters would never learn; this is a fault of the model, not of the recipe".to_owned()
            }
            Self::Diverged { report, .. } => format!(
                "lower the learning rate or lengthen the warm-up; batch ids and coefficients are in {}",
                report.display()
            ),
            Self::Interrupted { .. } => "go on with --resume".to_owned(),
            Self::UnknownMode { nearest, .. } => match nearest {
                Some(nearest) => format!("did you mean {nearest}? The modes are {}", Mode::FORMS),
                None => format!("the modes are {}", Mode::FORMS),
            },
            Self::NoActivations { .. } => {
                "take a model with a learnable activation such as rational, or --mode head".to_owned()
            }
            Self::TooFewBiases { biases, .. } => {
                format!("give a number from 1 to {biases}")
            }
            Self::NoTokenizer { .. } => {
                "give a folder with config.json, model.safetensors and tokenizer.json, as model/ of a run".to_owned()
            }
            Self::OtherVocabulary { .. } => {
                "put the tokenizer.json beside the model that it was trained with".to_owned()
            }
            Self::TooLong { positions, .. } => format!("set --max-length to at most {positions}"),
            Self::OtherModel { .. } => {
                "restore the model, or start a new run in another folder".to_owned()
            }
            Self::NoSeeds => "give at least one, as in --seeds 1-10".to_owned(),
            Self::Setting { key, expected, .. } => format!("set {key} to {expected}"),
            Self::OtherModelKind { .. } => {
                "give a model that was fine-tuned on such a task, or for masks one that was pre-trained".to_owned()
            }
            Self::NoMask => "write [MASK] where a word is to be found".to_owned(),
            Self::EmptyText => "write something that it can be asked about".to_owned(),
            Self::TextTooLong { .. } => "shorten the text".to_owned(),
            Self::BadLine { .. } => {
                "a line is {\"text\": …}, {\"text\": …, \"text_pair\": …} or {\"question\": …, \"context\": …}, each with an optional id".to_owned()
            }
            Self::AtLine { source, .. } => return source.hint(),
            // What it wants stands in the message.
            Self::OtherQuery { .. }
            | Self::DamagedFile { .. }
            | Self::EmptyStep { .. }
            | Self::Stream(_)
            | Self::Threads { .. } => return None,
        })
    }
}
