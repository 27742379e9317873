//! Tasks for fine-tuning: what a task is, its rows, the readers of its files, splits, encoding and batches.
//!
//! A reader turns files into [`TaskParts`]; [`split`] chooses the rows of a run from them; [`encode_examples`] turns rows
//! into token ids; an [`EpochPlan`] says which of them make up a step, and [`TaskBatch::gather`] lays them out for a model.

mod batch;
mod encode;
mod epoch;
mod error;
mod glue;
mod label;
mod labelled;
mod name;
mod own;
mod rows;
mod split;
mod table;

pub use batch::{BatchTargets, Sequence, SequenceTarget, TaskBatch};
pub use encode::{EncodedExample, encode_examples};
pub use epoch::{EpochPlan, evaluation_batches};
pub use error::TaskError;
pub use glue::read_glue;
pub use labelled::{Columns, Labelled, read_labelled};
pub use name::{GlueTask, TaskName};
pub use own::{OwnFiles, read_own};
pub use split::{Protocol, SplitOptions, SplitParts, split, split_questions};
pub(crate) use table::reason_in_line;

use crate::metric::Metric;

/// What a row should be answered with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// Index of a class in the task's [`Labels`].
    Class(u32),
    /// A number, for regression.
    Score(f32),
}

/// One row of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The text, or the first of two.
    pub first: String,
    /// The second text.
    pub second: Option<String>,
    /// What it should be answered with; none where the file does not tell, as in GLUE's test parts.
    pub target: Option<Target>,
    /// Where it begins in its file: the line, counted from 1 with the header, or the row of a Parquet file, counted from 1
    /// through all its pieces.
    pub row: usize,
}

/// What answers there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Labels {
    /// Names of the classes in the order of their numbers.
    Classes(Vec<String>),
    /// A number.
    Regression,
}

impl Labels {
    /// Outputs that a model needs: the number of classes, or 1.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Classes(names) => names.len(),
            Self::Regression => 1,
        }
    }
}

/// A task as its files have it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskParts {
    /// What answers there are.
    pub labels: Labels,
    /// What is measured; the first decides.
    pub metrics: Vec<Metric>,
    /// The training rows.
    pub train: Vec<Example>,
    /// The labelled development parts by name: `dev`, for MNLI `matched` and `mismatched`, for own data `validation`.
    pub official_dev: Vec<(String, Vec<Example>)>,
    /// The test rows, where the files have them with labels.
    pub test: Option<Vec<Example>>,
    /// What was left out or is doubtful, each naming its file and line.
    pub warnings: Vec<String>,
}
