//! Lines that cannot be read: counted, named, and an error where they are many.

use std::fmt::Write as _;
use std::path::Path;

use crate::task::TaskError;

/// One malformed line in so many is tolerated.
const TOLERATED: usize = 1000;
/// So many are named.
const NAMED: usize = 5;

/// The malformed lines of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::task) struct Malformed {
    count: usize,
    first: Vec<(usize, String)>,
}

impl Malformed {
    /// Counts a line.
    pub(in crate::task) fn add(&mut self, line: usize, reason: impl Into<String>) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push((line, reason.into()));
        }
    }

    /// How many there are.
    pub(in crate::task) fn count(&self) -> usize {
        self.count
    }

    /// Nothing, or what to say about them; `lines` counts good and malformed ones.
    ///
    /// # Errors
    /// [`TaskError::TooManyMalformed`] where more than one in a thousand is malformed.
    pub(in crate::task) fn verdict(
        &self,
        path: &Path,
        lines: usize,
    ) -> Result<Option<String>, TaskError> {
        let Some((line, reason)) = self.first.first() else {
            return Ok(None);
        };
        if self.count * TOLERATED > lines {
            return Err(TaskError::TooManyMalformed {
                path: path.to_owned(),
                count: self.count,
                lines,
                line: *line,
                reason: reason.clone(),
            });
        }
        let mut text = format!(
            "{}: {} of {lines} lines are malformed and left out: ",
            path.display(),
            self.count
        );
        for (place, (line, reason)) in self.first.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}line {line} ({reason})");
        }
        if self.count > NAMED {
            text.push_str("; …");
        }
        Ok(Some(text))
    }
}
