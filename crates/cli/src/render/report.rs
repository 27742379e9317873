//! Errors on standard error: `error: …`, then `hint: …`.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde::Serialize;

use super::palette::Palette;
use crate::exit::{Code, Failure};

/// The failure as text for people.
pub(crate) fn text(failure: &Failure, palette: Palette) -> String {
    let mut text = String::new();
    // An interruption was asked for; it is told, but it is no error.
    if failure.code != Code::Interrupted {
        let _ = write!(text, "{} ", palette.error("error:"));
    }
    let _ = writeln!(text, "{}", failure.message.trim_end());
    if let Some(hint) = &failure.hint {
        let _ = writeln!(text, "{} {}", palette.hint("hint:"), hint.trim_end());
    }
    text
}

/// The failure as the one document of `--json`.
#[derive(Debug, Serialize)]
pub(crate) struct Document<'a> {
    error: DocumentError<'a>,
}

#[derive(Debug, Serialize)]
struct DocumentError<'a> {
    code: u8,
    message: &'a str,
    hint: Option<&'a str>,
}

/// The failure as the one document of `--json`.
pub(crate) fn document(failure: &Failure) -> Document<'_> {
    Document {
        error: DocumentError {
            code: failure.code as u8,
            message: &failure.message,
            hint: failure.hint.as_deref(),
        },
    }
}

/// Prints a failure; when even standard error is closed there is nobody left to tell.
pub(crate) fn print(failure: &Failure, palette: Palette) {
    if failure.code != Code::Done {
        let _ = io::stderr()
            .lock()
            .write_all(text(failure, palette).as_bytes());
    }
}

/// What clap says about the arguments, in our form: clap's tips and the way to the help become the hint.
pub(crate) fn usage(error: &clap::Error, verb: &str) -> Failure {
    if let (ErrorKind::InvalidSubcommand, Some(word)) =
        (error.kind(), error.get(ContextKind::InvalidSubcommand))
    {
        let hint = match error.get(ContextKind::SuggestedSubcommand) {
            // The suggestions ascend: the nearest is the last.
            Some(ContextValue::Strings(names)) if !names.is_empty() => {
                format!(
                    "did you mean `{verb} {}`?",
                    names.last().map_or("", String::as_str)
                )
            }
            _ => format!("`{verb} --help` shows the verbs"),
        };
        return Failure::usage(format_args!("`{word}` is no verb of `{verb}`")).hint(hint);
    }
    let rendered = error.render().to_string();
    let mut message = Vec::new();
    let mut hints = Vec::new();
    for line in rendered.lines() {
        if let Some(tip) = line.trim_start().strip_prefix("tip: ") {
            hints.push(tip.to_owned());
        } else if line.starts_with("Usage:") || line.starts_with("For more information") {
            break;
        } else if hints.is_empty() {
            message.push(line.strip_prefix("error: ").unwrap_or(line));
        }
    }
    if error.kind() == ErrorKind::InvalidValue
        && let Some(values) = error.get(ContextKind::ValidValue)
    {
        hints.push(format!("one of {values}"));
        message.retain(|line| !line.trim_start().starts_with("[possible values:"));
    }
    hints.push(format!("`{verb} --help` shows the options"));
    Failure::usage(message.join("\n").trim()).hint(hints.join("; "))
}
