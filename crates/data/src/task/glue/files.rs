//! Where the files of a GLUE task are.

use std::fs;
use std::path::{Path, PathBuf};

use crate::DataError;
use crate::task::name::folded;
use crate::task::table::Format;
use crate::task::{GlueTask, TaskError};

/// The files of a task, one part each.
pub(super) struct Files {
    pub(super) train: Vec<PathBuf>,
    pub(super) development: Vec<(&'static str, Vec<PathBuf>)>,
    pub(super) test: Option<Vec<PathBuf>>,
    pub(super) format: Format,
    /// Microsoft's test file of MRPC is the development part.
    stands_in: bool,
}

impl GlueTask {
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

/// Where the files of a task are, and what there is to say about them.
pub(super) fn find(task: GlueTask, folder: &Path) -> Result<(Files, Vec<String>), DataError> {
    if !folder.is_dir() {
        return Err(TaskError::Unsuitable {
            reason: format!("no folder {}", folder.display()),
            remedy: format!(
                "give the folder of all GLUE tasks, or that of {task} alone, with train.tsv or train-*.parquet"
            ),
        }
        .into());
    }
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
            let mut warnings = Vec::new();
            if found.stands_in {
                warnings.push(format!(
                    "{}: msr_paraphrase_test.txt stands for the development part",
                    candidate.display()
                ));
            }
            let warning = beside.first().map(|name| {
                format!(
                    "{}: the tab-separated files are read, {name} beside them is not",
                    candidate.display()
                )
            });
            warnings.extend(warning);
            return Ok((found, warnings));
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
            stands_in: true,
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
        stands_in: false,
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
        stands_in: false,
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
