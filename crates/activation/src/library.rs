//! Named activations in a file: what a run has learned, or what was computed from one, for use in other recipes.
//!
//! A library is a TOML file with one table, `[activations]`, of names and text forms. `@FILE:NAME` stands for the
//! activation of that name wherever a text form does.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use thiserror::Error;
use toml::{Table, Value};

use crate::spec::{ActivationSpec, ParseError};

/// What a text begins with that names an activation of a library.
const MARK: char = '@';
const TABLE: &str = "activations";

/// A text that is no activation, or a library that has none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LibraryError {
    /// The text form itself is at fault.
    #[error(transparent)]
    Text(#[from] ParseError),
    /// A text with `@` that is not of the form `@FILE:NAME`.
    #[error("`{text}` names no activation of a library")]
    Form {
        /// The text.
        text: String,
    },
    /// A library that cannot be read or written.
    #[error("cannot {action} {}: {reason}", file.display())]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// The library.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A file that is no library.
    #[error("{} is no library of activations: {reason}", file.display())]
    Library {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No activation of that name.
    #[error("{} has no activation `{name}`", file.display())]
    Unknown {
        /// The library.
        file: PathBuf,
        /// The name asked for.
        name: String,
        /// The names that it has.
        known: Vec<String>,
    },
    /// A name that is there already.
    #[error("{} has an activation `{name}` already", file.display())]
    Taken {
        /// The library.
        file: PathBuf,
        /// The name.
        name: String,
    },
    /// The text form in a library is at fault.
    #[error("{}, `{name}`: {source}", file.display())]
    Entry {
        /// The library.
        file: PathBuf,
        /// The name.
        name: String,
        /// What is wrong.
        source: ParseError,
    },
}

impl LibraryError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Text(error) | Self::Entry { source: error, .. } => error.hint(),
            Self::Form { .. } => Some("write @FILE:NAME, e.g. @learned.toml:layer-0".into()),
            Self::Unknown { known, .. } if known.is_empty() => Some("it is empty".into()),
            Self::Unknown { known, .. } => Some(format!("it has {}", known.join(", "))),
            Self::Taken { .. } => Some("give another name, or another file".into()),
            Self::Library { .. } => Some(
                "a library has one table, [activations], with lines such as bent = \"frozen(swish, [1.5])\"".into(),
            ),
            Self::File { .. } => None,
        }
    }
}

/// The activation of a text form or of `@FILE:NAME`.
///
/// # Errors
/// [`LibraryError`], naming the file and the name.
pub fn resolve(text: &str) -> Result<ActivationSpec, LibraryError> {
    let Some(place) = text.trim().strip_prefix(MARK) else {
        return Ok(text.parse()?);
    };
    let (file, name) = split(place).ok_or_else(|| LibraryError::Form {
        text: text.to_owned(),
    })?;
    let entries = read(Path::new(file))?;
    match entries.iter().find(|(known, _)| known == name) {
        Some((_, spec)) => Ok(spec.clone()),
        None => Err(LibraryError::Unknown {
            file: file.into(),
            name: name.to_owned(),
            known: entries.into_iter().map(|(name, _)| name).collect(),
        }),
    }
}

/// What a text calls its activation: the name in a library, or the text form itself.
pub fn name_of(text: &str) -> Option<&str> {
    split(text.trim().strip_prefix(MARK)?).map(|(_, name)| name)
}

fn split(place: &str) -> Option<(&str, &str)> {
    let (file, name) = place.rsplit_once(':')?;
    (!file.is_empty() && !name.is_empty()).then_some((file, name))
}

/// The names and activations of a library, in its order.
///
/// # Errors
/// [`LibraryError`] where it cannot be read or is none.
pub fn read(file: &Path) -> Result<Vec<(String, ActivationSpec)>, LibraryError> {
    let text = fs::read_to_string(file).map_err(|error| LibraryError::File {
        action: "read",
        file: file.into(),
        reason: error.to_string(),
    })?;
    parse(file, &text)
}

fn parse(file: &Path, text: &str) -> Result<Vec<(String, ActivationSpec)>, LibraryError> {
    let wrong = |reason: String| LibraryError::Library {
        file: file.into(),
        reason,
    };
    let document: Table = text
        .parse()
        .map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
    if let Some(other) = document.keys().find(|key| *key != TABLE) {
        return Err(wrong(format!("`{other}` is not known in it")));
    }
    let Some(Value::Table(entries)) = document.get(TABLE) else {
        return Err(wrong(format!("it has no table [{TABLE}]")));
    };
    entries
        .iter()
        .map(|(name, value)| {
            let Value::String(text) = value else {
                return Err(wrong(format!("`{name}` is no text")));
            };
            let spec = text.parse().map_err(|source| LibraryError::Entry {
                file: file.into(),
                name: name.clone(),
                source,
            })?;
            Ok((name.clone(), spec))
        })
        .collect()
}

/// Adds activations to a library, or begins one; what is there stays as it is.
///
/// # Errors
/// [`LibraryError`] where the file is no library, has one of the names, or cannot be written.
pub fn add(file: &Path, entries: &[(String, ActivationSpec)]) -> Result<(), LibraryError> {
    let failed = |action, error: std::io::Error| LibraryError::File {
        action,
        file: file.into(),
        reason: error.to_string(),
    };
    let mut text = match fs::read_to_string(file) {
        Ok(text) => {
            let known = parse(file, &text)?;
            if let Some((name, _)) = entries
                .iter()
                .find(|(name, _)| known.iter().any(|(known, _)| known == name))
            {
                return Err(LibraryError::Taken {
                    file: file.into(),
                    name: name.clone(),
                });
            }
            text
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => format!("[{TABLE}]\n"),
        Err(error) => return Err(failed("read", error)),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    for (name, spec) in entries {
        let line = Table::from_iter([(name.clone(), Value::String(spec.to_string()))]);
        text.push_str(&line.to_string());
    }
    // What will be read is what was meant, also where the file ends in another form of the table.
    parse(file, &text)?;
    let mut written = fs::File::create(file).map_err(|error| failed("write", error))?;
    written
        .write_all(text.as_bytes())
        .map_err(|error| failed("write", error))
}
