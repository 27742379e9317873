//! The user's own data.

use std::path::{Path, PathBuf};

use super::label::{LabelReader, discovered};
use super::rows::{EmptyText, Layout};
use super::table::{Format, Table};
use super::{Example, Labels, TaskError, TaskName, TaskParts};
use crate::DataError;

/// More classes than this that all look like decimal numbers are likely meant as numbers.
const MANY_CLASSES: usize = 20;

/// Files of the user's own, and which of their columns to use. The ending of a name tells the format: `.csv`, `.tsv`,
/// `.jsonl` (or `.ndjson`), `.parquet`.
///
/// A `.csv` file has quoted fields where need be. A `.tsv` file may be quoted, too, or hold quotation marks as text; it is
/// read as quoted where its quotation marks fit and are needed: some quoted field holds a tab, a line feed or a doubled
/// quotation mark, or the header is quoted. Where both readings are possible a warning says which was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFiles {
    /// Training rows.
    pub train: PathBuf,
    /// Rows of the development part.
    pub validation: Option<PathBuf>,
    /// Rows for the final report.
    pub test: Option<PathBuf>,
    /// Columns of one or two texts.
    pub text_columns: Vec<String>,
    /// Column of the label.
    pub label_column: String,
    /// The label is a number to be predicted, not the name of a class.
    pub regression: bool,
}

/// Reads the user's own data. Classes are those of the training file, sorted: as numbers where all are integers, else as
/// text. The part of the validation file is named `validation`.
///
/// # Errors
/// [`TaskError::UnknownFormat`], [`TaskError::MissingColumn`], [`TaskError::EmptyText`],
/// [`TaskError::UnknownLabel`] for a label that does not occur in the training file,
/// [`TaskError::TooManyMalformed`], [`TaskError::Malformed`], [`DataError::Option`] for no or more than two text
/// columns, and those of reading.
pub fn read_own(files: &OwnFiles) -> Result<TaskParts, DataError> {
    let text: Vec<[&str; 1]> = files
        .text_columns
        .iter()
        .map(|name| [name.as_str()])
        .collect();
    let label = [files.label_column.as_str()];
    let layout = layout(&text, Some(&label))?;
    let table = read_table(&files.train, layout)?;
    let mut warnings = Vec::new();
    let labels = if files.regression {
        Labels::Regression
    } else {
        let texts = table.rows.iter().filter_map(|row| row.fields.last());
        let classes = discovered(texts.filter_map(Option::as_deref));
        warnings.extend(doubtful_classes(&files.train, &classes)?);
        Labels::Classes(classes)
    };
    let reader = LabelReader::new(TaskName::Own, &labels);
    let mut examples = |table: Table| -> Result<Vec<Example>, DataError> {
        let path = table.path.clone();
        let part = layout.examples(table, &reader, &labels, true, EmptyText::Refused)?;
        if part.examples.is_empty() {
            return Err(TaskError::NoRows(path).into());
        }
        warnings.extend(part.warnings);
        Ok(part.examples)
    };
    let train = examples(table)?;
    let mut part = |path: &Option<PathBuf>| match path {
        Some(path) => examples(read_table(path, layout)?).map(Some),
        None => Ok(None),
    };
    let validation = part(&files.validation)?;
    let test = part(&files.test)?;
    let metrics = TaskName::Own.metrics(&labels);
    Ok(TaskParts {
        labels,
        metrics,
        train,
        official_dev: validation
            .into_iter()
            .map(|rows| ("validation".to_owned(), rows))
            .collect(),
        test,
        warnings,
    })
}

/// Columns of the user's own data.
pub(super) fn layout<'a>(
    text: &'a [[&'a str; 1]],
    label: Option<&'a [&'a str; 1]>,
) -> Result<Layout<'a>, DataError> {
    let (first, second) = match text {
        [first] => (first, None),
        [first, second] => (first, Some(&second[..])),
        _ => {
            return Err(DataError::Option {
                key: "text_columns",
                value: text.concat().join(","),
                reason: "a row has one or two texts",
            });
        }
    };
    Ok(Layout {
        first,
        second,
        label: label.map(|label| &label[..]),
        label_needed: true,
    })
}

pub(super) fn read_table(path: &Path, layout: Layout<'_>) -> Result<Table, DataError> {
    layout.read(&[path.to_owned()], Format::of(path)?)
}

/// # Errors
/// [`TaskError::Unsuitable`] where there is nothing to tell apart.
fn doubtful_classes(path: &Path, classes: &[String]) -> Result<Option<String>, TaskError> {
    if classes.len() < 2 {
        return Err(TaskError::Unsuitable {
            reason: match classes.first() {
                Some(class) => format!("{}: all rows have the label {class:?}", path.display()),
                None => format!("{}: no row has a label", path.display()),
            },
            remedy: "classification needs at least two labels".into(),
        });
    }
    let is_decimal = |class: &String| class.contains('.') && class.parse::<f64>().is_ok();
    let decimals = classes.iter().filter(|class| is_decimal(class)).count();
    Ok((classes.len() > MANY_CLASSES && 2 * decimals > classes.len()).then(|| {
        format!(
            "{}: {} classes, most of them decimal numbers; for numbers to be predicted ask for regression",
            path.display(),
            classes.len()
        )
    }))
}
