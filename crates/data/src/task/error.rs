//! What can go wrong with the files of a task, and what to do about it.

use std::path::{Path, PathBuf};

/// The candidate most like `given`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let given = given.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&given, &candidate.to_lowercase());
            (distance, candidate)
        })
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().div_ceil(3))
        .map(|(_, candidate)| candidate)
}

/// The files of a task, or the wish about them, cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// There is no such task.
    #[error("unknown task: {given}")]
    UnknownTask {
        /// The name.
        given: String,
        /// The nearest known name.
        nearest: Option<String>,
        /// All known names.
        known: Vec<String>,
    },
    /// There is no metric, protocol … of this name.
    #[error("unknown {kind}: {given}")]
    UnknownName {
        /// What has no such name: `metric`, `protocol`.
        kind: &'static str,
        /// The name.
        given: String,
        /// The nearest known name.
        nearest: Option<String>,
        /// All known names.
        known: Vec<String>,
    },
    /// A file of the task is not there.
    #[error("no {what} in {}", folder.display())]
    MissingFile {
        /// What is missing, e.g. `training file of rte`.
        what: String,
        /// The folder.
        folder: PathBuf,
        /// The names that were looked for.
        looked_for: Vec<String>,
    },
    /// A file's name does not tell its format.
    #[error("unknown kind of file: {}", .0.display())]
    UnknownFormat(PathBuf),
    /// A column is not there.
    #[error("{}: no column {}", path.display(), wanted.join(" or "))]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The name, or the names any of which would do.
        wanted: Vec<String>,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// A file has no rows.
    #[error("{}: no rows", .0.display())]
    NoRows(PathBuf),
    /// More than one line in a thousand is malformed.
    #[error(
        "{}: {count} of {lines} lines are malformed, more than 0.1 %; the first is line {line}: {reason}",
        path.display()
    )]
    TooManyMalformed {
        /// The file.
        path: PathBuf,
        /// How many lines are malformed.
        count: usize,
        /// How many lines there are.
        lines: usize,
        /// The first malformed line.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A line, or a whole file, cannot be read as what it is.
    #[error("{}, line {line}: malformed {format}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// One-based line.
        line: usize,
        /// `JSON`, `CSV` …
        format: &'static str,
        /// What the reader says.
        reason: String,
    },
    /// A Parquet file cannot be read.
    #[error("{}: cannot read as Parquet: {reason}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// A label that the task, or the model, does not know.
    #[error("{}, line {line}: label {label:?} is none of {}", path.display(), listed(known))]
    UnknownLabel {
        /// The file.
        path: PathBuf,
        /// One-based line or row.
        line: usize,
        /// The label.
        label: String,
        /// The labels there are.
        known: Vec<String>,
        /// Whether the known ones were found in the training file (or belong to the task or model).
        from_training: bool,
    },
    /// A text has no tokens.
    #[error("{place}: empty text")]
    EmptyText {
        /// Where: file and row, or the id of a question.
        place: String,
    },
    /// More rows are asked for than there are.
    #[error("{wanted} examples wanted, but the {part} part has {available}")]
    TooFewExamples {
        /// How many are wanted.
        wanted: usize,
        /// `training` or `validation`.
        part: String,
        /// How many there are.
        available: usize,
    },
    /// A protocol needs a part that the files do not have.
    #[error("the protocol {protocol} needs {needed}")]
    MissingPart {
        /// `paper` or `standard`.
        protocol: &'static str,
        /// What is missing.
        needed: &'static str,
    },
    /// A question leaves no room for its context.
    #[error(
        "question {id}: its {tokens} tokens leave no room for the context in windows of {max_length}"
    )]
    QuestionTooLong {
        /// The question's id.
        id: String,
        /// Tokens of the question.
        tokens: usize,
        /// Tokens of a window.
        max_length: usize,
    },
    /// A file is JSON, but not of the expected form.
    #[error("{}: {reason}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is missing or wrong, and where.
        reason: String,
        /// The expected form.
        form: String,
    },
    /// Two files of one task do not fit together, or a task cannot be read in this way.
    #[error("{reason}")]
    Unsuitable {
        /// Why.
        reason: String,
        /// What to do.
        remedy: String,
    },
}

impl TaskError {
    pub(crate) fn unknown_task(given: &str, known: &[&str]) -> Self {
        Self::UnknownTask {
            given: given.to_owned(),
            nearest: nearest(given, known.iter().copied()).map(str::to_owned),
            known: known.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    pub(crate) fn unknown(kind: &'static str, given: &str, known: &[&str]) -> Self {
        Self::UnknownName {
            kind,
            given: given.to_owned(),
            nearest: nearest(given, known.iter().copied()).map(str::to_owned),
            known: known.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    pub(crate) fn missing_column(path: &Path, wanted: &[&str], columns: &[String]) -> Self {
        Self::MissingColumn {
            path: path.to_owned(),
            wanted: wanted.iter().map(|&name| name.to_owned()).collect(),
            columns: columns.to_vec(),
        }
    }

    /// Whether it is the wish rather than the data that is wrong: the name of a task or the number of rows.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::UnknownTask { .. }
                | Self::UnknownName { .. }
                | Self::TooFewExamples { .. }
                | Self::MissingPart { .. }
        )
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::UnknownTask { nearest, known, .. } => meant(nearest.as_deref(), "tasks", known),
            Self::UnknownName {
                kind,
                nearest,
                known,
                ..
            } => meant(nearest.as_deref(), &format!("{kind}s"), known),
            Self::MissingFile { looked_for, .. } => {
                format!("looked for {}", looked_for.join(", "))
            }
            Self::UnknownFormat(_) => {
                "names end in .csv, .tsv, .jsonl (or .ndjson) or .parquet".into()
            }
            Self::MissingColumn {
                wanted, columns, ..
            } => {
                let near = wanted
                    .iter()
                    .find_map(|name| nearest(name, columns.iter().map(String::as_str)));
                meant(near, "columns", columns)
            }
            Self::NoRows(_) => "the file needs at least one row that can be read".into(),
            Self::TooManyMalformed { .. } => {
                "correct or delete these lines; check that the file is of this task and complete".into()
            }
            Self::Malformed { .. } => "correct the file at this line".into(),
            Self::Parquet { .. } => {
                "the compressions that can be read are none, snappy and gzip; write the file again with one of them, or as .jsonl".into()
            }
            Self::UnknownLabel {
                label,
                known,
                from_training,
                ..
            } => {
                let near = nearest(label, known.iter().map(String::as_str));
                let rule = if *from_training {
                    "labels are those of the training file: add rows with this one there, or take it out here"
                } else {
                    "labels may be these words, or their places counted from 0"
                };
                suggested(near, rule)
            }
            Self::EmptyText { .. } => "give it a text, or take it out".into(),
            Self::TooFewExamples { available, .. } => format!("ask for at most {available}"),
            Self::MissingPart { protocol, .. } => {
                let other = if *protocol == "paper" { "standard" } else { "paper" };
                format!("give such a file, or choose --protocol {other}")
            }
            Self::QuestionTooLong { .. } => {
                "make the question shorter, the windows longer, or lower max_query_length".into()
            }
            Self::Form { form, .. } => form.clone(),
            Self::Unsuitable { remedy, .. } => remedy.clone(),
        })
    }
}

fn meant(nearest: Option<&str>, what: &str, known: &[String]) -> String {
    suggested(nearest, &format!("the {what} are {}", listed(known)))
}

/// A sentence, after a suggestion if there is one.
fn suggested(nearest: Option<&str>, sentence: &str) -> String {
    let Some(nearest) = nearest else {
        return sentence.to_owned();
    };
    let mut letters = sentence.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let sentence: String = first.into_iter().chain(letters).collect();
    format!("did you mean {nearest}? {sentence}")
}

/// Names one after the other; of many the first ones.
fn listed(names: &[String]) -> String {
    const MOST: usize = 20;
    let text = names[..names.len().min(MOST)].join(", ");
    if names.len() > MOST {
        format!("{text}, … ({} in all)", names.len())
    } else {
        text
    }
}
