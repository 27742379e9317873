//! Files of SQuAD's form.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::error::Category;

use super::{Answer, Question};
use crate::DataError;
use crate::task::TaskError;

/// A file of SQuAD's form.
#[derive(Debug, Clone, PartialEq)]
pub struct SquadFile {
    /// Some questions may have no answer: one is `is_impossible`, or the version begins with `v2`.
    pub version_2: bool,
    /// The questions in the order of the file.
    pub questions: Vec<Question>,
    /// What was repaired or is doubtful.
    pub warnings: Vec<String>,
}

#[derive(Deserialize)]
struct RawFile {
    #[serde(default)]
    version: Value,
    data: Vec<RawArticle>,
}

#[derive(Deserialize)]
struct RawArticle {
    paragraphs: Vec<RawParagraph>,
}

#[derive(Deserialize)]
struct RawParagraph {
    context: String,
    qas: Vec<RawQuestion>,
}

#[derive(Deserialize)]
struct RawQuestion {
    id: Value,
    question: String,
    #[serde(default)]
    answers: Vec<RawAnswer>,
    #[serde(default)]
    is_impossible: bool,
    /// Set where a file was rebuilt and the answer's text occurs several times.
    #[serde(default)]
    start_ambiguous: bool,
}

#[derive(Deserialize)]
struct RawAnswer {
    text: String,
    answer_start: Option<i64>,
}

/// Reads SQuAD v1.1, v2.0, or any file of that form.
///
/// Places are checked: where an answer's text does not stand at its place, but stands exactly once in the context, the place
/// is repaired; else the answer has none: it still scores but cannot train. Both are counted in the warnings, as are
/// questions flagged `start_ambiguous` (the place is a guess among several occurrences) and ids that occur twice.
///
/// # Errors
/// [`TaskError::Malformed`] for what is no JSON, [`TaskError::Form`] for JSON of another form, [`TaskError::NoRows`]
/// without questions, and those of reading.
pub fn read_squad(path: &Path) -> Result<SquadFile, DataError> {
    let bytes = fs::read(path).map_err(DataError::io("read", path))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let raw: RawFile =
        serde_json::from_slice(bytes).map_err(|error| json_error(path, &error, FORM))?;
    let mut counts = Counts::default();
    let mut questions = Vec::new();
    let paragraphs = raw.data.into_iter().flat_map(|article| article.paragraphs);
    for paragraph in paragraphs {
        let context: Arc<str> = paragraph.context.into();
        for question in paragraph.qas {
            counts.ambiguous += usize::from(question.start_ambiguous);
            let answers = question.answers.into_iter().map(|answer| Answer {
                start: counts.place(&context, &answer),
                text: answer.text,
            });
            questions.push(Question {
                answers: answers.collect(),
                id: match question.id {
                    Value::String(id) => id,
                    other => other.to_string(),
                },
                question: question.question,
                context: Arc::clone(&context),
                is_impossible: question.is_impossible,
            });
        }
    }
    if questions.is_empty() {
        return Err(TaskError::NoRows(path.to_owned()).into());
    }
    let named_2 = matches!(&raw.version, Value::String(version) if version.starts_with("v2"));
    Ok(SquadFile {
        version_2: named_2 || questions.iter().any(|question| question.is_impossible),
        warnings: counts.warnings(path, &questions),
        questions,
    })
}

/// The form, in a line.
const FORM: &str = "files of SQuAD's form are {\"data\": [{\"paragraphs\": [{\"context\", \"qas\": [{\"id\", \"question\", \"answers\": \
                    [{\"text\", \"answer_start\"}]}]}]}]}";

/// What a file is that is no JSON, or JSON of another form than `form`.
pub(crate) fn json_error(path: &Path, error: &serde_json::Error, form: &str) -> DataError {
    let path = path.to_owned();
    match error.classify() {
        Category::Data => TaskError::Form {
            path,
            reason: error.to_string(),
            form: form.to_owned(),
        },
        Category::Syntax | Category::Eof | Category::Io => TaskError::Malformed {
            path,
            line: error.line(),
            format: "JSON",
            reason: crate::task::reason_in_line(error),
        },
    }
    .into()
}

/// What is doubtful about the places of answers.
#[derive(Default)]
struct Counts {
    answers: usize,
    repaired: usize,
    without_place: usize,
    ambiguous: usize,
}

impl Counts {
    /// The checked place of an answer.
    fn place(&mut self, context: &str, answer: &RawAnswer) -> Option<usize> {
        self.answers += 1;
        let given = answer
            .answer_start
            .and_then(|start| usize::try_from(start).ok());
        if !answer.text.is_empty() {
            if let Some(start) = given.filter(|start| stands_at(context, *start, &answer.text)) {
                return Some(start);
            }
            let mut places = context.match_indices(answer.text.as_str());
            if let (Some((byte, _)), None) = (places.next(), places.next()) {
                self.repaired += 1;
                return Some(context[..byte].chars().count());
            }
        }
        self.without_place += 1;
        None
    }

    fn warnings(&self, path: &Path, questions: &[Question]) -> Vec<String> {
        let mut warnings = Vec::new();
        let path = path.display();
        let wrong = self.repaired + self.without_place;
        if wrong > 0 {
            warnings.push(format!(
                "{path}: {wrong} of {} answers do not stand where the file says: {} repaired (their text occurs once), {} \
                 have no place and cannot train",
                self.answers, self.repaired, self.without_place
            ));
        }
        if self.ambiguous > 0 {
            warnings.push(format!(
                "{path}: {} of {} questions are flagged start_ambiguous: the place of their answer is one of several",
                self.ambiguous,
                questions.len()
            ));
        }
        let ids: HashSet<&str> = questions
            .iter()
            .map(|question| question.id.as_str())
            .collect();
        let twice = questions.len() - ids.len();
        if twice > 0 {
            warnings.push(format!("{path}: {twice} questions have the id of another"));
        }
        warnings
    }
}

/// Whether `text` stands at character `start`.
fn stands_at(context: &str, start: usize, text: &str) -> bool {
    let byte = if context.is_ascii() {
        Some(start)
    } else {
        context.char_indices().map(|(byte, _)| byte).nth(start)
    };
    byte.and_then(|byte| context.get(byte..))
        .is_some_and(|rest| rest.starts_with(text))
}
