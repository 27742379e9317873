//! From a task's files to what is trained and scored.

use std::path::Path;

use pliant_data::squad::{
    Question, QuestionParts, WindowOptions, read_squad, read_squad_parts, windows,
};
use pliant_data::task::{
    Example, Labels, OwnFiles, SplitOptions, SplitParts, TaskName, TaskParts, encode_examples,
    read_glue, read_own, split, split_questions,
};
use pliant_data::{DataError, TaskError, Tokenizer};
use pliant_nn::TaskHead;

use super::part::{Part, Sequences};
use super::score::Scoring;
use super::{FinetuneOptions, TaskData};
use crate::TrainError;

/// A task as its files have it; shared by all seeds, modes and models.
#[derive(Clone, Debug)]
pub enum TaskFiles {
    /// Rows of texts with a label.
    Rows(TaskParts),
    /// Questions with their contexts.
    Questions(QuestionParts),
}

/// What a run trains and scores.
#[derive(Debug)]
pub(crate) struct TaskRows {
    pub(crate) head: TaskHead,
    pub(crate) scoring: Scoring,
    pub(crate) train: Part,
    pub(crate) validation: Vec<Part>,
    pub(crate) test: Vec<Part>,
    /// Hash of the rows chosen.
    pub(crate) hash: String,
    /// How they were chosen, a line for each part.
    pub(crate) stated: Vec<String>,
}

impl TaskFiles {
    /// Reads what the options' task and data name; nothing else of the options matters.
    ///
    /// # Errors
    /// [`TrainError::Data`] where a file is missing or malformed, or cannot train the task.
    pub fn read(options: &FinetuneOptions) -> Result<Self, TrainError> {
        let unsuitable = |reason: &str, remedy: &str| {
            DataError::from(TaskError::Unsuitable {
                reason: reason.to_owned(),
                remedy: remedy.to_owned(),
            })
        };
        Ok(match (options.task, &options.data) {
            (TaskName::Glue(task), TaskData::Folder(folder)) => {
                Self::Rows(read_glue(task, folder)?)
            }
            (TaskName::Squad { version_2 }, TaskData::Folder(folder)) => {
                Self::Questions(read_squad_parts(folder, version_2)?)
            }
            (TaskName::Squad { .. }, TaskData::Questions { train, dev }) => {
                Self::Questions(question_files(train, dev)?)
            }
            (TaskName::Squad { .. }, TaskData::Own { .. }) => {
                return Err(unsuitable(
                    "question answering is not trained on tables",
                    "give files in the form of SQuAD",
                )
                .into());
            }
            (
                _,
                TaskData::Own {
                    train,
                    validation,
                    test,
                    text_columns,
                    label_column,
                    regression,
                },
            ) => Self::Rows(read_own(&OwnFiles {
                train: train.clone(),
                validation: validation.clone(),
                test: test.clone(),
                text_columns: text_columns.clone(),
                label_column: label_column.clone(),
                regression: *regression,
            })?),
            (TaskName::Own | TaskName::Snli, TaskData::Folder(_))
            | (_, TaskData::Questions { .. }) => {
                return Err(unsuitable(
                    &format!("the task {} is not trained on such data", options.task),
                    "give a training file with its columns: --train, --text-columns and --label-column",
                )
                .into());
            }
        })
    }

    /// What was left out or repaired, each naming its file and line.
    pub(crate) fn warnings(&self) -> &[String] {
        match self {
            Self::Rows(parts) => &parts.warnings,
            Self::Questions(parts) => &parts.warnings,
        }
    }

    /// Chooses and encodes the rows of a run.
    pub(crate) fn rows(
        &self,
        options: &FinetuneOptions,
        seed: u64,
        tokenizer: &Tokenizer,
    ) -> Result<TaskRows, TrainError> {
        let choice = SplitOptions {
            protocol: options.protocol,
            examples: options.examples,
            stratified: options.stratified,
            seed,
            test_cap: options.test_cap,
        };
        match self {
            Self::Rows(parts) => {
                let scoring = Scoring {
                    metrics: parts.metrics.clone(),
                    outputs: parts.labels.outputs(),
                    max_answer_length: options.max_answer_length,
                    version_2: false,
                };
                let part = |name: &str, rows: Vec<Example>| {
                    encode(name, &rows, tokenizer, options.max_length)
                };
                task_rows(head(&parts.labels), scoring, split(parts, &choice)?, &part)
            }
            Self::Questions(parts) => {
                let scoring = Scoring {
                    metrics: options.task.metrics(&Labels::Regression),
                    outputs: 2,
                    max_answer_length: options.max_answer_length,
                    version_2: options.task == TaskName::Squad { version_2: true },
                };
                let cut = window_options(options);
                let part = |name: &str, questions: Vec<Question>| {
                    Ok(Part {
                        name: name.to_owned(),
                        sequences: Sequences::Windows(windows(tokenizer, &questions, cut)?),
                        questions,
                    })
                };
                task_rows(
                    TaskHead::Span,
                    scoring,
                    split_questions(parts, &choice)?,
                    &part,
                )
            }
        }
    }
}

/// How contexts are cut to windows.
fn window_options(options: &FinetuneOptions) -> WindowOptions {
    WindowOptions {
        max_length: options.max_length,
        doc_stride: options.doc_stride,
        max_query_length: options.max_query_length,
    }
}

/// The head that these labels need.
pub(crate) fn head(labels: &Labels) -> TaskHead {
    match labels {
        Labels::Classes(labels) => TaskHead::Classification {
            labels: labels.clone(),
        },
        Labels::Regression => TaskHead::Regression,
    }
}

/// Encodes the rows of a named part.
type MakePart<'a, T> = &'a dyn Fn(&str, Vec<T>) -> Result<Part, TrainError>;

fn task_rows<T>(
    head: TaskHead,
    scoring: Scoring,
    split: SplitParts<T>,
    part: MakePart<'_, T>,
) -> Result<TaskRows, TrainError> {
    let parts = |parts: Vec<(String, Vec<T>)>| -> Result<Vec<Part>, TrainError> {
        parts
            .into_iter()
            .map(|(name, rows)| part(&name, rows))
            .collect()
    };
    Ok(TaskRows {
        head,
        scoring,
        train: part("train", split.train)?,
        validation: parts(split.validation)?,
        test: parts(split.test)?,
        hash: split.hash,
        stated: split.stated,
    })
}

/// Encodes the rows of a part; an empty text is named with the part.
pub(crate) fn encode(
    name: &str,
    rows: &[Example],
    tokenizer: &Tokenizer,
    max_length: usize,
) -> Result<Part, TrainError> {
    let encoded = encode_examples(tokenizer, rows, max_length).map_err(|error| match error {
        DataError::Task(TaskError::EmptyText { place }) => TaskError::EmptyText {
            place: format!("{name}, {place}"),
        }
        .into(),
        other => other,
    })?;
    Ok(Part {
        name: name.to_owned(),
        sequences: Sequences::Rows(encoded),
        questions: Vec::new(),
    })
}

fn question_files(train: &Path, dev: &Path) -> Result<QuestionParts, TrainError> {
    let (train, dev) = (read_squad(train)?, read_squad(dev)?);
    Ok(QuestionParts {
        // An answer whose place is not known cannot train.
        train: train
            .questions
            .into_iter()
            .filter(|question| {
                question.is_impossible
                    || question.answers.iter().any(|answer| answer.start.is_some())
            })
            .collect(),
        official_dev: vec![("dev".to_owned(), dev.questions)],
        warnings: [train.warnings, dev.warnings].concat(),
    })
}
