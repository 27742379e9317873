//! Why a measurement cannot be made.

use thiserror::Error;

use crate::{ErrorKind, TrainError};

/// A measurement that cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BenchError {
    /// The sequences are longer than the model has positions.
    #[error("a sequence of {given} tokens is too long: the model has {longest} positions")]
    Sequence {
        /// Tokens asked for.
        given: usize,
        /// Positions of the model.
        longest: usize,
    },
    /// The machine has too little memory for it.
    #[error("this needs about {} MiB of memory, and {} MiB are free", needed >> 20, available >> 20)]
    Memory {
        /// Bytes that it takes, as estimated.
        needed: u64,
        /// Bytes that are free or can be freed.
        available: u64,
    },
    /// The model, the data or the threads.
    #[error(transparent)]
    Train(#[from] TrainError),
}

impl BenchError {
    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Sequence { .. } | Self::Memory { .. } => ErrorKind::Configuration,
            Self::Train(error) => error.kind(),
        }
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Sequence { longest, .. } => Some(format!("give --sequence {longest} or less")),
            Self::Memory { .. } => {
                Some("give a smaller --batch, --sequence or --preset".to_owned())
            }
            Self::Train(error) => error.hint(),
        }
    }
}
