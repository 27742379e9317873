//! The train and dev files of a SQuAD folder.

use std::path::{Path, PathBuf};

use super::{Question, read_squad};
use crate::DataError;
use crate::task::TaskError;

/// Question answering as its files have it.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionParts {
    /// Questions to train on: those whose answer has a place, or that have none.
    pub train: Vec<Question>,
    /// The development part by name: `dev`.
    pub official_dev: Vec<(String, Vec<Question>)>,
    /// What was repaired, left out or is doubtful.
    pub warnings: Vec<String>,
}

/// Reads `train-v1.1.json` and `dev-v1.1.json` (`-v2.0` for `version_2`) of a folder, or `train.json` and `dev.json`.
///
/// # Errors
/// [`TaskError::MissingFile`], and those of [`read_squad`].
pub fn read_squad_parts(folder: &Path, version_2: bool) -> Result<QuestionParts, DataError> {
    let version = if version_2 { "v2.0" } else { "v1.1" };
    let find = |part: &str| -> Result<PathBuf, DataError> {
        let names = [format!("{part}-{version}.json"), format!("{part}.json")];
        let found = names
            .iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_file());
        found.ok_or_else(|| {
            TaskError::MissingFile {
                what: format!("{part} file of SQuAD {version}"),
                folder: folder.to_owned(),
                looked_for: names.to_vec(),
            }
            .into()
        })
    };
    let (train_path, dev_path) = (find("train")?, find("dev")?);
    let train = read_squad(&train_path)?;
    let dev = read_squad(&dev_path)?;
    let mut warnings = train.warnings;
    let total = train.questions.len();
    let questions: Vec<Question> = train
        .questions
        .into_iter()
        .filter(|question| question.is_impossible || question.first_place().is_some())
        .collect();
    let left_out = total - questions.len();
    if left_out > 0 {
        warnings.push(format!(
            "{}: {left_out} of {total} questions have no answer with a place and do not train",
            train_path.display()
        ));
    }
    if questions.is_empty() {
        return Err(TaskError::NoRows(train_path).into());
    }
    warnings.extend(dev.warnings);
    Ok(QuestionParts {
        train: questions,
        official_dev: vec![("dev".to_owned(), dev.questions)],
        warnings,
    })
}

impl Question {
    /// The first answer with a place: characters from, and one past its last.
    pub(super) fn first_place(&self) -> Option<(usize, usize)> {
        self.answers.iter().find_map(|answer| {
            let start = answer.start?;
            Some((start, start + answer.text.chars().count()))
        })
    }
}
