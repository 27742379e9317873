//! GLUE's files: the official folders of tab-separated files, and the Parquet files of the Hugging Face `nyu-mll/glue`
//! layout.

mod files;

use std::path::{Path, PathBuf};

use files::find;

use super::label::LabelReader;
use super::rows::{EmptyText, Layout, Part};
use super::table::Format;
use super::{GlueTask, Labels, TaskError, TaskName, TaskParts};
use crate::DataError;

/// Names of `CoLA`'s columns, whose official file has none.
const COLA: &[&str] = &["source", "label", "star", "sentence"];

impl GlueTask {
    /// Columns by their official names and those of the Parquet files.
    pub(super) fn layout(self) -> Layout<'static> {
        const PAIR: (&[&str], Option<&[&str]>) = (&["sentence1"], Some(&["sentence2"]));
        let (first, second): (&[&str], Option<&[&str]>) = match self {
            Self::Cola | Self::Sst2 => (&["sentence"], None),
            Self::Mrpc => (
                &["sentence1", "#1 String"],
                Some(&["sentence2", "#2 String"]),
            ),
            Self::Stsb | Self::Rte | Self::Wnli => PAIR,
            Self::Qqp => (&["question1"], Some(&["question2"])),
            Self::Mnli => (
                &["sentence1", "premise"],
                Some(&["sentence2", "hypothesis"]),
            ),
            Self::Qnli => (&["question"], Some(&["sentence"])),
        };
        let label: &[&str] = match self {
            Self::Mrpc => &["label", "Quality"],
            Self::Stsb => &["score", "label"],
            Self::Qqp => &["is_duplicate", "label"],
            // MNLI's `label1` … are single annotators' labels.
            Self::Mnli => &["gold_label", "label"],
            _ => &["label"],
        };
        Layout {
            first,
            second,
            label: Some(label),
            label_needed: true,
        }
    }

    /// How the task's tab-separated files are read.
    pub(super) fn lines(self) -> Format {
        Format::Lines {
            unnamed: (self == Self::Cola).then_some(COLA),
        }
    }
}

/// Reads a GLUE task. `folder` is the task's own, or the one that holds the folders of all tasks; either layout, official
/// tab-separated files or Parquet, is known by its names. Of MRPC, Microsoft's `msr_paraphrase_train.txt` and
/// `msr_paraphrase_test.txt` will do: the test file stands for the development part.
///
/// Labels may be words or integers. A line with a wrong number of fields, an empty text or a score that is no number is
/// malformed: left out, counted and named in the warnings.
///
/// # Errors
/// [`TaskError::MissingFile`], [`TaskError::MissingColumn`], [`TaskError::UnknownLabel`],
/// [`TaskError::TooManyMalformed`] where more than 0.1 % of a file's lines are, and those of reading.
pub fn read_glue(task: GlueTask, folder: &Path) -> Result<TaskParts, DataError> {
    let (files, mut warnings) = find(task, folder)?;
    let labels = task.labels();
    let mut read = |paths: &[PathBuf], label_needed: bool| -> Result<Part, DataError> {
        let part = read_part(task, paths, files.format, &labels, label_needed)?;
        warnings.extend(part.warnings.iter().cloned());
        Ok(part)
    };
    let labelled = |part: Part, paths: &[PathBuf]| {
        if part.examples.is_empty() {
            return Err(TaskError::NoRows(paths[0].clone()));
        }
        Ok(part.examples)
    };
    let train = labelled(read(&files.train, true)?, &files.train)?;
    let mut official_dev = Vec::new();
    for (name, paths) in &files.development {
        official_dev.push(((*name).to_owned(), labelled(read(paths, true)?, paths)?));
    }
    let test = match &files.test {
        Some(paths) => Some(read(paths, false)?.examples).filter(|examples| !examples.is_empty()),
        None => None,
    };
    Ok(TaskParts {
        labels,
        metrics: task.metrics().to_vec(),
        train,
        official_dev,
        test,
        warnings,
    })
}

/// Reads one part of a task. A file without labels is a part without rows.
pub(super) fn read_part(
    task: GlueTask,
    paths: &[PathBuf],
    format: Format,
    labels: &Labels,
    label_needed: bool,
) -> Result<Part, DataError> {
    let layout = Layout {
        label_needed,
        ..task.layout()
    };
    let reader = LabelReader::new(TaskName::Glue(task), labels);
    let table = layout.read(paths, format)?;
    layout.examples(table, &reader, labels, false, EmptyText::Malformed)
}
