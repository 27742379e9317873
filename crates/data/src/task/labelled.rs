//! Rows to evaluate a finished model on.

use std::path::Path;

use super::glue::read_part;
use super::label::LabelReader;
use super::rows::{EmptyText, Layout};
use super::table::Format;
use super::{Example, Labels, TaskError, TaskName, own};
use crate::DataError;

/// Which columns of a file to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Columns of one or two texts.
    pub text: Vec<String>,
    /// Column of the label; none where there are no labels.
    pub label: Option<String>,
}

/// Rows of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// The rows that have a label (all rows, where no label was asked for).
    pub examples: Vec<Example>,
    /// What was left out.
    pub warnings: Vec<String>,
}

/// SNLI's columns in its own files, and in those of the Hugging Face data set.
const SNLI: Layout<'static> = Layout {
    first: &["premise", "sentence1"],
    second: Some(&["hypothesis", "sentence2"]),
    label: Some(&["label", "gold_label"]),
    label_needed: true,
};

/// Reads the rows of one file for a model with these labels, which may be in another order than the task's.
///
/// GLUE's tasks and SNLI know their columns; a `.tsv` file of theirs is unquoted. Rows whose label is `-` or -1 (annotators
/// did not agree) are left out and counted in the warnings. `columns` names the columns of the user's own data, for which it is
/// needed; a file of a known task may have other columns, too, if they are named.
///
/// # Errors
/// As [`read_own`](super::read_own), [`TaskError::UnknownLabel`] where the model does not know a label, and
/// [`TaskError::Unsuitable`] for SQuAD, which has [`read_squad`](crate::squad::read_squad), and for [`TaskName::Own`]
/// without columns.
pub fn read_labelled(
    task: TaskName,
    labels: &Labels,
    path: &Path,
    columns: Option<&Columns>,
) -> Result<Labelled, DataError> {
    let own_format = Format::of(path);
    let part = match (task, columns) {
        (TaskName::Squad { .. }, _) => {
            return Err(TaskError::Unsuitable {
                reason: format!("{task} has questions, not rows"),
                remedy: "give a file of SQuAD's form for such a model".into(),
            }
            .into());
        }
        (_, Some(columns)) => {
            let text: Vec<[&str; 1]> = columns.text.iter().map(|name| [name.as_str()]).collect();
            let label = columns.label.as_deref().map(|name| [name]);
            let layout = own::layout(&text, label.as_ref())?;
            let format = match (task, own_format?) {
                (TaskName::Own, format) => format,
                (_, Format::Tabs) => Format::Lines { unnamed: None },
                (_, format) => format,
            };
            let reader = LabelReader::new(task, labels);
            let table = layout.read(&[path.to_owned()], format)?;
            let from_training = task == TaskName::Own;
            layout.examples(table, &reader, labels, from_training, EmptyText::Refused)?
        }
        (TaskName::Own, None) => {
            return Err(TaskError::Unsuitable {
                reason: format!("{}: which columns hold texts and label?", path.display()),
                remedy: "name the columns of text and label".into(),
            }
            .into());
        }
        (TaskName::Glue(task), None) => {
            let format = match own_format {
                Ok(Format::Tabs) => task.lines(),
                // Microsoft's files of MRPC.
                Err(_) if path.extension().is_some_and(|ending| ending == "txt") => task.lines(),
                other => other?,
            };
            read_part(task, &[path.to_owned()], format, labels, true)?
        }
        (TaskName::Snli, None) => {
            let format = match own_format {
                Ok(Format::Tabs) => Format::Lines { unnamed: None },
                Err(_) if path.extension().is_some_and(|ending| ending == "txt") => {
                    Format::Lines { unnamed: None }
                }
                other => other?,
            };
            let reader = LabelReader::new(task, labels);
            let table = SNLI.read(&[path.to_owned()], format)?;
            SNLI.examples(table, &reader, labels, false, EmptyText::Malformed)?
        }
    };
    if part.examples.is_empty() {
        return Err(TaskError::NoRows(path.to_owned()).into());
    }
    Ok(Labelled {
        examples: part.examples,
        warnings: part.warnings,
    })
}
