//! Standard output: text for people, or one JSON document.

use std::io::{self, Write};

use serde::Serialize;

use super::palette::Palette;
use crate::exit::Failure;

/// Where the result of a verb goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) palette: Palette,
}

impl Output {
    /// Prints the result: `text` for people, `document` under `--json`.
    pub(crate) fn result(
        self,
        document: &impl Serialize,
        text: impl FnOnce(Palette) -> String,
    ) -> Result<(), Failure> {
        if self.json {
            return print_document(document);
        }
        write(&text(self.palette))
    }
}

/// Prints the one document of `--json`.
pub(crate) fn print_document(document: &impl Serialize) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(document).map_err(|error| Failure::output(&error.into()))?;
    write(&(text + "\n"))
}

/// Prints one line of JSON.
pub(crate) fn print_line(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(document).map_err(|error| Failure::output(&error.into()))?;
    write(&(text + "\n"))
}

/// Standard output at once, so that a closed pipe shows here and nowhere else.
fn write(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|error| Failure::output(&error))
}
