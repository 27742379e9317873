//! Colours, or none.

use std::{env, io::IsTerminal};

use crate::arguments::Color;

/// Wraps text in terminal colours where they are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    enabled: bool,
}

impl Palette {
    /// Colours for a stream: `auto` means on a terminal that can show them, unless `NO_COLOR` is set and not empty.
    pub(crate) fn new(choice: Color, stream: &impl IsTerminal) -> Self {
        let enabled = match choice {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let set = |name| env::var_os(name).filter(|value| !value.is_empty());
                stream.is_terminal()
                    && set("NO_COLOR").is_none()
                    && set("TERM").is_none_or(|term| term != "dumb")
            }
        };
        Self { enabled }
    }

    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { enabled: false }
    }

    #[cfg(test)]
    pub(crate) fn coloured() -> Self {
        Self { enabled: true }
    }

    pub(crate) fn error(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    pub(crate) fn warning(self, text: &str) -> String {
        self.wrap("1;33", text)
    }

    pub(crate) fn hint(self, text: &str) -> String {
        self.wrap("1;36", text)
    }

    pub(crate) fn heading(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// The part of a gauge that is done.
    pub(crate) fn filled(self, text: &str) -> String {
        self.wrap("32", text)
    }

    pub(crate) fn sparkline(self, text: &str) -> String {
        self.wrap("36", text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.enabled && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
