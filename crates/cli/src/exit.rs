//! What the exit code of the program says, and the failure that carries it.

use std::{fmt::Display, io, path::Path, process::ExitCode};

use pliant_activation::{ActivationError, ParseError, library::LibraryError};
use pliant_data::{DataError, TaskError};
use pliant_hub::HubError;
use pliant_lab::{
    ArmsError, CompareError, ConversionError, CorrectionError, ReportError, SeedsError,
    ShapesError, SweepError,
};
use pliant_serve::ServeError;
use pliant_train::{ErrorKind, RecipeError, TrainError, bench::BenchError, runs::RunsError};

/// The exit codes; their numbers are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// The work is done.
    Done = 0,
    /// Something failed that no argument and no data explains.
    Failed = 1,
    /// The arguments or the recipe cannot be carried out.
    Usage = 2,
    /// The data cannot be used.
    Data = 3,
    /// A loss or a gradient was not finite.
    Diverged = 4,
    /// Stopped by a signal; a checkpoint was written.
    Interrupted = 130,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Why a verb ends early: an exit code, what happened, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// Whether standard output holds the one document of `--json` already.
    pub(crate) reported: bool,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Display) -> Self {
        Self {
            code,
            message: message.to_string(),
            hint: None,
            reported: false,
        }
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Code::Usage, message)
    }

    pub(crate) fn hint(mut self, hint: impl Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// The result that says why is printed already.
    pub(crate) fn reported(mut self) -> Self {
        self.reported = true;
        self
    }

    /// A folder that was given as a model and is none.
    pub(crate) fn no_model(folder: &Path) -> Self {
        Self::usage(format_args!(
            "{} is no model folder: it has no config.json",
            folder.display()
        ))
        .hint("give the folder `model` of a finished run")
    }

    /// The hint that a library's error has, or none.
    pub(crate) fn maybe(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// A failure to write to the terminal or the pipe behind it. A reader that leaves early, as `head`
    /// does, has what it wanted: that is success.
    pub(crate) fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Code::Done, ""),
            _ => Self::new(
                Code::Failed,
                format_args!("cannot write the output: {error}"),
            ),
        }
    }
}

impl From<ErrorKind> for Code {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Failed => Self::Failed,
            ErrorKind::Configuration => Self::Usage,
            ErrorKind::Data => Self::Data,
            ErrorKind::Diverged => Self::Diverged,
            ErrorKind::Interrupted => Self::Interrupted,
        }
    }
}

/// Errors that know their class and their hint.
macro_rules! classified {
    ($($error:ty),+) => { $(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error.kind().into(), &error).maybe(error.hint())
            }
        }
    )+ };
}

/// Errors of arguments and recipes.
macro_rules! usage {
    ($($error:ty),+) => { $(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::usage(&error).maybe(error.hint())
            }
        }
    )+ };
}

classified!(TrainError, CompareError, SweepError, BenchError, ServeError);
usage!(
    RecipeError,
    ArmsError,
    SeedsError,
    ParseError,
    LibraryError,
    ActivationError,
    TaskError,
    ConversionError
);

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        let code = match &error {
            DataError::Option { .. } => Code::Usage,
            DataError::Task(task) if task.is_usage() => Code::Usage,
            _ => Code::Data,
        };
        Self::new(code, &error).maybe(error.hint())
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        Self::new(Code::Failed, &error).maybe(error.hint())
    }
}

impl From<RunsError> for Failure {
    fn from(error: RunsError) -> Self {
        let code = if error.is_usage() {
            Code::Usage
        } else {
            Code::Failed
        };
        Self::new(code, &error).maybe(error.hint())
    }
}

impl From<ShapesError> for Failure {
    fn from(error: ShapesError) -> Self {
        let code = match error {
            ShapesError::Missing { .. }
            | ShapesError::NotARun { .. }
            | ShapesError::Unfinished { .. }
            | ShapesError::Unlike { .. }
            | ShapesError::SiteMissing { .. }
            | ShapesError::Fixed { .. }
            | ShapesError::TooFewValidations { .. } => Code::Usage,
            _ => Code::Failed,
        };
        Self::new(code, &error).maybe(error.hint())
    }
}

impl From<CorrectionError> for Failure {
    fn from(error: CorrectionError) -> Self {
        match error {
            CorrectionError::Run(error) => error.into(),
            error => Self::usage(&error).maybe(error.hint()),
        }
    }
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        let code = if error.is_usage() {
            Code::Usage
        } else {
            Code::Failed
        };
        Self::new(code, &error).maybe(error.hint())
    }
}
