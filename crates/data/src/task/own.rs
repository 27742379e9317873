//! The user's own data.

use std::path::PathBuf;

use super::TaskParts;
use crate::DataError;

/// Files of the user's own, and which of their columns to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFiles {
    /// Training rows.
    pub train: PathBuf,
    /// Rows to choose the best epoch by.
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

/// Reads the user's own data.
pub fn read_own(files: &OwnFiles) -> Result<TaskParts, DataError> {
    Err(super::TaskError::NoRows(files.train.clone()).into())
}
