//! From rows of a table to examples.

use std::path::PathBuf;

use super::label::{LabelReader, Reading};
use super::table::{Format, Row, Table, Wanted};
use super::{Example, Labels, TaskError};
use crate::DataError;

/// Which columns hold the texts and the label, by the names that they may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout<'a> {
    pub(super) first: &'a [&'a str],
    pub(super) second: Option<&'a [&'a str]>,
    /// None where labels are not read.
    pub(super) label: Option<&'a [&'a str]>,
    /// Whether a file without the column of labels is an error.
    pub(super) label_needed: bool,
}

/// What happens to a row whose text is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EmptyText {
    /// It counts as malformed: the published files have some.
    Malformed,
    /// It is an error that names the row.
    Refused,
}

/// The rows of a part.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) examples: Vec<Example>,
    pub(super) warnings: Vec<String>,
}

impl Layout<'_> {
    /// The table of the columns; its last field is the label.
    pub(super) fn read(&self, paths: &[PathBuf], format: Format) -> Result<Table, DataError> {
        let needed = |names| Wanted {
            names,
            needed: true,
        };
        let label = Wanted {
            names: self.label.unwrap_or_default(),
            needed: self.label.is_some() && self.label_needed,
        };
        let mut wanted = vec![needed(self.first)];
        wanted.extend(self.second.map(needed));
        wanted.push(label);
        Table::read(paths, format, &wanted)
    }

    /// The examples of a table that [`read`](Self::read) gave. Where labels are read, rows without one are left out.
    pub(super) fn examples(
        &self,
        table: Table,
        labels: &LabelReader<'_>,
        known: &Labels,
        from_training: bool,
        empty: EmptyText,
    ) -> Result<Part, DataError> {
        let Table {
            path,
            rows,
            mut malformed,
            notes,
        } = table;
        let has_label = |row: &Row| row.fields.last().is_some_and(Option::is_some);
        if self.label.is_some() && !self.label_needed && !rows.iter().any(has_label) {
            // GLUE's test files; what they look like does not matter.
            return Ok(Part {
                examples: Vec::new(),
                warnings: Vec::new(),
            });
        }
        let lines = rows.len() + malformed.count();
        let mut examples = Vec::with_capacity(rows.len());
        let mut without_label = 0;
        for row in rows {
            let line = row.line;
            let mut fields = row.fields;
            let label = fields.pop().flatten();
            let texts: Option<Vec<String>> = fields.into_iter().collect();
            let texts = texts.filter(|texts| texts.iter().all(|text| !text.trim().is_empty()));
            let Some(texts) = texts else {
                if empty == EmptyText::Refused {
                    return Err(TaskError::EmptyText {
                        place: format!("{}, row {line}", path.display()),
                    }
                    .into());
                }
                malformed.add(line, "empty text");
                continue;
            };
            let target = if self.label.is_some() {
                match labels.read(label.as_deref()) {
                    Reading::Known(target) => Some(target),
                    Reading::Without => {
                        without_label += 1;
                        continue;
                    }
                    Reading::Malformed(reason) => {
                        malformed.add(line, reason);
                        continue;
                    }
                    Reading::Unknown => {
                        return Err(unknown(path, line, label, known, from_training).into());
                    }
                }
            } else {
                None
            };
            let mut texts = texts.into_iter();
            examples.push(Example {
                first: texts.next().unwrap_or_default(),
                second: texts.next(),
                target,
                row: line,
            });
        }
        let mut warnings = notes;
        warnings.extend(malformed.verdict(&path, lines)?);
        if without_label > 0 && !examples.is_empty() {
            warnings.push(format!(
                "{}: {without_label} of {lines} rows have no label and are left out",
                path.display()
            ));
        }
        Ok(Part { examples, warnings })
    }
}

fn unknown(
    path: PathBuf,
    line: usize,
    label: Option<String>,
    known: &Labels,
    from_training: bool,
) -> TaskError {
    let known = match known {
        Labels::Classes(classes) => classes.clone(),
        Labels::Regression => Vec::new(),
    };
    TaskError::UnknownLabel {
        path,
        line,
        label: label.unwrap_or_default().trim().to_owned(),
        known,
        from_training,
    }
}
