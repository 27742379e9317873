//! Errors of the text form, pointing at the character.

use std::error::Error;
use std::fmt;
use std::ops::Range;

/// A text that is no activation.
///
/// Displays the message, the text and a caret line under the characters at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    text: String,
    span: Range<usize>,
    kind: Box<ParseErrorKind>,
}

/// What is wrong with the text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// No function of this name.
    UnknownName {
        /// The name in the text.
        name: String,
        /// The nearest known name, where one is near.
        nearest: Option<String>,
        /// All known names.
        known: Vec<String>,
    },
    /// No option of this name.
    UnknownKey {
        /// The function.
        function: &'static str,
        /// The key in the text.
        key: String,
        /// The nearest known key, where one is near.
        nearest: Option<String>,
        /// All keys of the function.
        known: Vec<String>,
    },
    /// The value does not fit the option.
    InvalidValue {
        /// The option.
        key: &'static str,
        /// What it takes.
        expected: String,
        /// The nearest valid choice, where one is near.
        nearest: Option<String>,
    },
    /// The option is given twice.
    Repeated {
        /// The option.
        key: &'static str,
    },
    /// More arguments than the function has.
    TooManyArguments {
        /// The function.
        function: &'static str,
    },
    /// Two options that exclude each other.
    Conflict {
        /// What excludes what.
        message: String,
    },
    /// Something else was expected here.
    Expected {
        /// What.
        what: &'static str,
    },
}

impl ParseError {
    pub(super) fn new(text: &str, span: Range<usize>, kind: ParseErrorKind) -> Self {
        Self {
            text: text.to_owned(),
            span,
            kind: Box::new(kind),
        }
    }

    /// Byte offset of the first character at fault.
    pub fn position(&self) -> usize {
        self.span.start
    }

    /// Bytes from the first character at fault to behind the last; empty at the end of the text.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The text that was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong.
    pub fn kind(&self) -> &ParseErrorKind {
        &self.kind
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match &*self.kind {
            ParseErrorKind::UnknownName {
                nearest: Some(nearest),
                ..
            }
            | ParseErrorKind::UnknownKey {
                nearest: Some(nearest),
                ..
            }
            | ParseErrorKind::InvalidValue {
                nearest: Some(nearest),
                ..
            } => Some(format!("did you mean `{nearest}`?")),
            ParseErrorKind::UnknownName { known, .. } => {
                Some(format!("known functions: {}", known.join(", ")))
            }
            ParseErrorKind::UnknownKey {
                function, known, ..
            } if known.is_empty() => Some(format!("`{function}` takes no arguments")),
            ParseErrorKind::UnknownKey {
                function, known, ..
            } => Some(format!("`{function}` takes {}", known.join(", "))),
            _ => None,
        }
    }
}

impl fmt::Display for ParseErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName { name, .. } => write!(f, "unknown activation `{name}`"),
            Self::UnknownKey { function, key, .. } => {
                write!(f, "`{function}` has no option `{key}`")
            }
            Self::InvalidValue { key, expected, .. } => write!(f, "{key} must be {expected}"),
            Self::Repeated { key } => write!(f, "{key} is given twice"),
            Self::TooManyArguments { function } => write!(f, "too many arguments for `{function}`"),
            Self::Conflict { message } => f.write_str(message),
            Self::Expected { what } => write!(f, "expected {what}"),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self
            .text
            .get(..self.span.start)
            .unwrap_or_default()
            .chars()
            .count();
        let width = self
            .text
            .get(self.span.clone())
            .unwrap_or_default()
            .chars()
            .count()
            .max(1);
        write!(
            f,
            "{}\n  {}\n  {}{}",
            self.kind,
            printable(&self.text),
            " ".repeat(before),
            "^".repeat(width)
        )
    }
}

impl Error for ParseError {}

/// Control characters as spaces: they would move the caret.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
