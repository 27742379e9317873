//! Which rows train, validate and test.

mod draw;

use std::fmt;
use std::str::FromStr;

use pliant_kernels::random::{Purpose, Stream};
use sha2::{Digest, Sha256};

use draw::{first_of, stratified};

use super::{Example, Target, TaskError, TaskParts};
use crate::DataError;
use crate::checksum::hex;
use crate::squad::{Question, QuestionParts};

/// Seed of what is the same for every run: the cut of the training file (the paper's seed) and the capped test part.
const FIXED_SEED: u64 = 96;
/// Places of the streams, one for each choice.
const CUT: u64 = 0;
const TRAIN: u64 = 1;
const VALIDATION: u64 = 2;
const TEST: u64 = 3;

/// Which part of the files stands for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// The training file, shuffled with a fixed seed, is cut into 75 % that train and 25 % that validate; the official
    /// development part (and a labelled test file, if there is one) tests. The default.
    #[default]
    Paper,
    /// The official development part validates; a labelled test file, if there is one, tests.
    Standard,
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Paper => "paper",
            Self::Standard => "standard",
        })
    }
}

impl FromStr for Protocol {
    type Err = TaskError;

    fn from_str(text: &str) -> Result<Self, TaskError> {
        match text {
            "paper" => Ok(Self::Paper),
            "standard" => Ok(Self::Standard),
            _ => Err(TaskError::unknown("protocol", text, &["paper", "standard"])),
        }
    }
}

/// How rows are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SplitOptions {
    /// Which part of the files stands for what.
    pub protocol: Protocol,
    /// Few rows: so many to train, and under [`Protocol::Paper`] as many to validate, drawn by [`seed`](Self::seed). Of
    /// one seed the fewer are among the more.
    pub examples: Option<usize>,
    /// Draw the few rows so that each class has its share, as far as whole rows allow.
    pub stratified: bool,
    /// Seed of the run; nothing but the few rows depends on it.
    pub seed: u64,
    /// At most so many rows of each test part: a subset that is the same for every run.
    pub test_cap: Option<usize>,
}

/// The rows of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitParts<T = Example> {
    /// Rows that train.
    pub train: Vec<T>,
    /// Parts that validate, by name; the mean over them decides.
    pub validation: Vec<(String, Vec<T>)>,
    /// Parts that test, by name; none under [`Protocol::Standard`] without a labelled test file.
    pub test: Vec<(String, Vec<T>)>,
    /// SHA-256 of the rows chosen, with their parts and places.
    pub hash: String,
    /// What was chosen from how much, a line for each part.
    pub stated: Vec<String>,
}

/// Chooses the rows of a run: a pure function of the data and the options.
///
/// # Errors
/// [`TaskError::TooFewExamples`] where fewer rows than asked for are there, [`TaskError::MissingPart`] where the protocol
/// needs a part that the files lack, [`DataError::Option`] for impossible options.
pub fn split(parts: &TaskParts, options: &SplitOptions) -> Result<SplitParts, DataError> {
    let class_of = |example: &Example| match example.target {
        Some(Target::Class(class)) => Some(class),
        _ => None,
    };
    choose(
        &parts.train,
        &parts.official_dev,
        parts.test.as_deref(),
        class_of,
        |example, digest| {
            digest.update((example.row as u64).to_le_bytes());
            text(digest, &example.first);
            digest.update([u8::from(example.second.is_some())]);
            text(digest, example.second.as_deref().unwrap_or_default());
            match example.target {
                None => digest.update([0]),
                Some(Target::Class(class)) => {
                    digest.update([1]);
                    digest.update(class.to_le_bytes());
                }
                Some(Target::Score(score)) => {
                    digest.update([2]);
                    digest.update(score.to_bits().to_le_bytes());
                }
            }
        },
        options,
    )
}

/// [`split`] for question answering: rows are questions. For [`SplitOptions::stratified`] there are two classes, questions
/// with and without an answer.
///
/// # Errors
/// As [`split`].
pub fn split_questions(
    parts: &QuestionParts,
    options: &SplitOptions,
) -> Result<SplitParts<Question>, DataError> {
    choose(
        &parts.train,
        &parts.official_dev,
        None,
        |question| Some(u32::from(question.is_impossible)),
        |question, digest| {
            text(digest, &question.id);
            text(digest, &question.question);
            text(digest, &question.context);
            for answer in &question.answers {
                text(digest, &answer.text);
                let start = answer.start.map_or(u64::MAX, |start| start as u64);
                digest.update(start.to_le_bytes());
            }
        },
        options,
    )
}

/// A text with its length, so that no two rows run into each other.
fn text(digest: &mut Sha256, text: &str) {
    digest.update((text.len() as u64).to_le_bytes());
    digest.update(text);
}

fn choose<T: Clone>(
    train: &[T],
    development: &[(String, Vec<T>)],
    test: Option<&[T]>,
    class_of: impl Fn(&T) -> Option<u32>,
    digest_row: impl Fn(&T, &mut Sha256),
    options: &SplitOptions,
) -> Result<SplitParts<T>, DataError> {
    for (key, value) in [
        ("examples", options.examples),
        ("test_cap", options.test_cap),
    ] {
        if value == Some(0) {
            return Err(DataError::Option {
                key,
                value: "0".into(),
                reason: "it must be at least 1",
            });
        }
    }
    let draw = |rows: Vec<usize>, place: u64, part: &str| -> Result<Vec<usize>, DataError> {
        let Some(wanted) = options.examples else {
            return Ok(rows);
        };
        if wanted > rows.len() {
            return Err(TaskError::TooFewExamples {
                wanted,
                part: part.to_owned(),
                available: rows.len(),
            }
            .into());
        }
        let stream = Stream::new(options.seed, Purpose::Split, 0).at(place);
        if !options.stratified {
            return Ok(first_of(stream, &rows, wanted));
        }
        let classes: Option<Vec<u32>> = rows.iter().map(|&row| class_of(&train[row])).collect();
        let Some(classes) = classes else {
            return Err(DataError::Option {
                key: "stratified",
                value: "true".into(),
                reason: "only classes have shares; this task predicts a number",
            });
        };
        Ok(stratified(stream, &rows, &classes, wanted))
    };
    let taken = |rows: &[usize]| -> Vec<T> { rows.iter().map(|&row| train[row].clone()).collect() };
    let mut stated = Vec::new();
    let mut state = |part: &str, chosen: usize, of: usize, how: &str| {
        stated.push(if chosen == of {
            format!("{part}: {chosen} rows")
        } else {
            format!("{part}: {chosen} of {of} rows, {how}")
        });
    };
    let all: Vec<usize> = (0..train.len()).collect();
    let drawn = format!(
        "drawn with seed {}{}",
        options.seed,
        if options.stratified {
            ", stratified"
        } else {
            ""
        }
    );
    let (train_rows, validation, mut tests) = match options.protocol {
        Protocol::Paper => {
            let fixed = Stream::new(FIXED_SEED, Purpose::Split, 0).at(CUT);
            let train_rows = first_of(fixed, &all, train.len() * 3 / 4);
            let validation_rows: Vec<usize> = all
                .iter()
                .copied()
                .filter(|row| train_rows.binary_search(row).is_err())
                .collect();
            if train_rows.is_empty() || validation_rows.is_empty() {
                return Err(TaskError::TooFewExamples {
                    wanted: 2,
                    part: "training".into(),
                    available: train.len(),
                }
                .into());
            }
            let (train_total, validation_total) = (train_rows.len(), validation_rows.len());
            let train_rows = draw(train_rows, TRAIN, "training")?;
            let validation_rows = draw(validation_rows, VALIDATION, "validation")?;
            state("train", train_rows.len(), train_total, &drawn);
            state(
                "validation",
                validation_rows.len(),
                validation_total,
                &drawn,
            );
            let mut tests: Vec<(String, Vec<T>)> = development.to_vec();
            tests.extend(test.map(|rows| ("test".to_owned(), rows.to_vec())));
            let validation = vec![("validation".to_owned(), taken(&validation_rows))];
            (train_rows, validation, tests)
        }
        Protocol::Standard => {
            if development.is_empty() {
                return Err(TaskError::MissingPart {
                    protocol: "standard",
                    needed: "a development (validation) file",
                }
                .into());
            }
            let total = all.len();
            let train_rows = draw(all, TRAIN, "training")?;
            state("train", train_rows.len(), total, &drawn);
            for (name, rows) in development {
                state(&format!("validation {name}"), rows.len(), rows.len(), "");
            }
            let tests = test.map(|rows| ("test".to_owned(), rows.to_vec()));
            (
                train_rows,
                development.to_vec(),
                tests.into_iter().collect(),
            )
        }
    };
    for (name, rows) in &mut tests {
        let total = rows.len();
        if let Some(cap) = options.test_cap.filter(|cap| *cap < total) {
            let stream = Stream::new(FIXED_SEED, Purpose::Split, 0).at(TEST);
            let places: Vec<usize> = (0..total).collect();
            let kept = first_of(stream, &places, cap);
            *rows = kept.iter().map(|&row| rows[row].clone()).collect();
        }
        state(
            &format!("test {name}"),
            rows.len(),
            total,
            &format!("a fixed subset (seed {FIXED_SEED})"),
        );
    }
    let train = taken(&train_rows);
    let mut digest = Sha256::new();
    let named = [("train", &train)]
        .into_iter()
        .chain(validation.iter().map(|(name, rows)| (name.as_str(), rows)))
        .chain(tests.iter().map(|(name, rows)| (name.as_str(), rows)));
    for (name, rows) in named {
        text(&mut digest, name);
        digest.update((rows.len() as u64).to_le_bytes());
        for row in rows {
            digest_row(row, &mut digest);
        }
    }
    Ok(SplitParts {
        train,
        validation,
        test: tests,
        hash: hex(&digest.finalize()),
        stated,
    })
}
