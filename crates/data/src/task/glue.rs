//! GLUE's files: the official folders of tab-separated files, and the Parquet files of the Hugging Face `nyu-mll/glue`
//! layout.

use std::fs;
use std::path::{Path, PathBuf};

use super::label::LabelReader;
use super::name::folded;
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

    /// The development parts: name, file without ending, Parquet file without its number.
    fn development(self) -> &'static [(&'static str, &'static str, &'static str)] {
        match self {
            Self::Mnli => &[
                ("matched", "dev_matched", "validation_matched"),
                ("mismatched", "dev_mismatched", "validation_mismatched"),
            ],
            _ => &[("dev", "dev", "validation")],
        }
    }
}

/// The files of a task, one part each.
struct Files {
    train: Vec<PathBuf>,
    development: Vec<(&'static str, Vec<PathBuf>)>,
    test: Option<Vec<PathBuf>>,
    format: Format,
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

fn find(task: GlueTask, folder: &Path) -> Result<(Files, Vec<String>), DataError> {
    let names = [folded(task.name()), folded(task.official_name())];
    let own = entries(folder)?
        .into_iter()
        .filter(|name| names.contains(&folded(name)))
        .map(|name| folder.join(name))
        .filter(|path| path.is_dir());
    let mut looked_for = Vec::new();
    for candidate in own.chain([folder.to_owned()]) {
        let names = entries(&candidate)?;
        if let Some(found) = tabs(task, &candidate, &names)? {
            let beside = parquet(&names, "train");
            let warning = beside.first().map(|name| {
                format!(
                    "{}: the tab-separated files are read, {name} beside them is not",
                    candidate.display()
                )
            });
            return Ok((found, warning.into_iter().collect()));
        }
        if let Some(found) = parquets(task, &candidate, &names)? {
            return Ok((found, Vec::new()));
        }
        let place = if candidate == folder {
            String::new()
        } else {
            format!("{}/", candidate.file_name().unwrap_or_default().display())
        };
        looked_for.push(format!("{place}train.tsv"));
        if task == GlueTask::Mrpc {
            looked_for.push(format!("{place}msr_paraphrase_train.txt"));
        }
        looked_for.push(format!("{place}train-*.parquet"));
    }
    if looked_for.iter().all(|name| !name.contains('/')) {
        looked_for.push(format!("a folder {}", task.official_name()));
        looked_for.push(format!("a folder {}", task.name()));
    }
    Err(TaskError::MissingFile {
        what: format!("training file of {task}"),
        folder: folder.to_owned(),
        looked_for,
    }
    .into())
}

/// Names in a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<String>, DataError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(DataError::io("read", folder))? {
        let entry = entry.map_err(DataError::io("read", folder))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

fn missing(what: String, folder: &Path, looked_for: Vec<String>) -> DataError {
    TaskError::MissingFile {
        what,
        folder: folder.to_owned(),
        looked_for,
    }
    .into()
}

/// The official layout, if the folder has its training file.
fn tabs(task: GlueTask, folder: &Path, names: &[String]) -> Result<Option<Files>, DataError> {
    let has = |name: &str| names.iter().any(|known| known == name);
    let microsoft = task == GlueTask::Mrpc && !has("train.tsv") && has("msr_paraphrase_train.txt");
    if microsoft {
        let test = "msr_paraphrase_test.txt";
        if !has(test) {
            let what = format!("development file of {task}");
            return Err(missing(what, folder, vec![test.into()]));
        }
        return Ok(Some(Files {
            train: vec![folder.join("msr_paraphrase_train.txt")],
            development: vec![("dev", vec![folder.join(test)])],
            test: None,
            format: task.lines(),
        }));
    }
    if !has("train.tsv") {
        return Ok(None);
    }
    let mut development = Vec::new();
    for (part, file, _) in task.development() {
        let file = format!("{file}.tsv");
        if !has(&file) {
            let what = format!("development file of {task}");
            return Err(missing(what, folder, vec![file]));
        }
        development.push((*part, vec![folder.join(file)]));
    }
    Ok(Some(Files {
        train: vec![folder.join("train.tsv")],
        development,
        test: has("test.tsv").then(|| vec![folder.join("test.tsv")]),
        format: task.lines(),
    }))
}

/// The layout of Parquet files, if the folder has its training file.
fn parquets(task: GlueTask, folder: &Path, names: &[String]) -> Result<Option<Files>, DataError> {
    let part = |prefix: &str| -> Result<Option<Vec<PathBuf>>, DataError> {
        let found = parquet(names, prefix);
        let Some(first) = found.first() else {
            return Ok(None);
        };
        // `-of-00003` promises three pieces.
        let promised = pieces(first, prefix).map_or(1, |(_, of)| of);
        if found.len() != promised {
            let looked_for = (0..promised)
                .map(|piece| format!("{prefix}-{piece:05}-of-{promised:05}.parquet"))
                .filter(|name| !names.contains(name))
                .collect();
            return Err(missing(format!("piece of {first}"), folder, looked_for));
        }
        Ok(Some(
            found.into_iter().map(|name| folder.join(name)).collect(),
        ))
    };
    let Some(train) = part("train")? else {
        return Ok(None);
    };
    let mut development = Vec::new();
    for (name, _, prefix) in task.development() {
        let Some(paths) = part(prefix)? else {
            let what = format!("development file of {task}");
            return Err(missing(what, folder, vec![format!("{prefix}-*.parquet")]));
        };
        development.push((*name, paths));
    }
    Ok(Some(Files {
        train,
        development,
        test: part("test")?,
        format: Format::Parquet,
    }))
}

/// The files `prefix.parquet` or `prefix-00000-of-00001.parquet` …
fn parquet<'a>(names: &'a [String], prefix: &str) -> Vec<&'a String> {
    names
        .iter()
        .filter(|name| {
            name.strip_prefix(prefix) == Some(".parquet") || pieces(name, prefix).is_some()
        })
        .collect()
}

/// Which piece of how many a file is by its name.
fn pieces(name: &str, prefix: &str) -> Option<(usize, usize)> {
    let numbers = name.strip_prefix(prefix)?.strip_prefix('-')?;
    let (piece, of) = numbers.strip_suffix(".parquet")?.split_once("-of-")?;
    Some((piece.parse().ok()?, of.parse().ok()?))
}
