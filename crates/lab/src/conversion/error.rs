//! Why a model could not be given another activation.

use pliant_activation::{ActivationError, ParseError};
use pliant_data::DataError;
use pliant_nn::ModelError;
use thiserror::Error;

/// A failure of [`super::convert`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConversionError {
    /// The parts to keep cannot be read.
    #[error("cannot read what to keep, `{text}`: {reason}")]
    Keep {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Only a rational's start can be fitted to what it sees.
    #[error("the start of {activation} is not fitted, so it cannot be fitted to its inputs")]
    NotFitted {
        /// Its text form.
        activation: String,
    },
    /// The sample has no text.
    #[error("there is no text to look at")]
    EmptySample,
    /// The model or the activation does not fit.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The start does not go with the activation.
    #[error(transparent)]
    Text(#[from] ParseError),
    /// The start cannot be fitted.
    #[error(transparent)]
    Activation(#[from] ActivationError),
    /// The text cannot be encoded.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl ConversionError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Keep { .. } => {
                "name parts of embeddings, 0-5 (layers), pooler, head, separated by commas: --keep embeddings,0-5"
            }
            Self::NotFitted { .. } => "leave --fit out, or take a rational",
            Self::EmptySample => "give a --corpus with text in it",
            Self::Model(error) => return error.hint(),
            Self::Text(error) => return error.hint(),
            Self::Activation(error) => return error.hint(),
            Self::Data(error) => return error.hint(),
        };
        Some(hint.to_owned())
    }
}
