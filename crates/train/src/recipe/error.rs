//! What can be wrong with a recipe.

use std::io;
use std::path::PathBuf;

use pliant_nn::ModelError;
use thiserror::Error;

use super::value::Origin;

/// A mistake in a recipe or in a `--set` argument.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// The recipe file cannot be read.
    #[error("cannot read the recipe {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The text is no TOML.
    #[error("{origin}: {message}")]
    Syntax {
        /// Where.
        origin: Origin,
        /// What the parser says.
        message: String,
    },
    /// No such key.
    #[error("{origin}: unknown key `{key}`")]
    UnknownKey {
        /// The key.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// The most similar known key.
        nearest: Option<String>,
    },
    /// The value is of another type.
    #[error("{origin}: `{key}` is {found}, expected {expected}")]
    WrongType {
        /// The key.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// What it is.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// The text cannot be read.
    #[error("{origin}: `{key}`: {message}")]
    Text {
        /// The key.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// What is wrong with it.
        message: String,
        /// What to do.
        remedy: Option<String>,
    },
    /// The number is outside of the allowed range.
    #[error("{origin}: `{key}` is {found}, allowed is {allowed}")]
    OutOfRange {
        /// The key.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// What it is.
        found: String,
        /// The allowed range.
        allowed: String,
    },
    /// Two keys contradict each other, or something is missing.
    #[error("{origin}: {message}")]
    Inconsistent {
        /// Where the key in question stands.
        origin: Origin,
        /// What is wrong.
        message: String,
        /// What to do.
        remedy: Option<String>,
    },
    /// No model can be built from the keys.
    #[error("{origin}: {source}")]
    Model {
        /// Where the key in question stands.
        origin: Origin,
        /// What the model says.
        source: ModelError,
    },
    /// The recipe describes a comparison.
    #[error("the recipe has {count} [[arm]] tables: it describes a comparison, not one run")]
    HasArms {
        /// Number of arms.
        count: usize,
    },
}

impl RecipeError {
    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some("check the path given with --recipe".to_owned()),
            Self::Syntax {
                origin: Origin::Setting(_),
                ..
            } => Some("--set takes key=value, e.g. --set train.steps=500".to_owned()),
            Self::Syntax { .. } => {
                Some("recipes are TOML; see docs/reference/recipe.md".to_owned())
            }
            Self::UnknownKey {
                nearest: Some(nearest),
                ..
            } => Some(format!("did you mean `{nearest}`?")),
            Self::UnknownKey { nearest: None, .. } => {
                Some("docs/reference/recipe.md lists every key".to_owned())
            }
            Self::WrongType { .. } | Self::OutOfRange { .. } => None,
            Self::Model { source, .. } => source.hint(),
            Self::Inconsistent { remedy, .. } | Self::Text { remedy, .. } => remedy.clone(),
            Self::HasArms { .. } => Some("run it with `pliant compare --recipe …`".to_owned()),
        }
    }
}
