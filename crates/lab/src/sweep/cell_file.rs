//! What a cell leaves in its folder: `result.json`, or `error.json`.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::SweepError;
use super::rates::Rates;
use super::runner::Outcome;
use crate::file::write_whole;

const RESULT: &str = "result.json";
const ERROR: &str = "error.json";
/// Folder of the run inside the folder of its cell.
pub(super) const RUN: &str = "run";
/// What a cell does not keep unless it is asked to: the weights, and what an interrupted run goes on from.
const HEAVY: [&str; 3] = ["model", "adapter", "checkpoints"];

/// A finished cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellResult {
    /// The task's text form.
    pub task: String,
    /// The mode's text form.
    pub mode: String,
    /// Training examples, or `all`.
    pub size: String,
    /// The arm.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// Which of the arm's trials, from 1.
    pub trial: usize,
    /// Its learning rates.
    pub rates: Rates,
    /// What the run came to.
    pub outcome: Outcome,
    /// Wall time of the call that finished it.
    pub seconds: f64,
    /// The program that trained it.
    pub version: String,
}

/// A failed cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellError {
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The result of a cell, if it is finished.
pub(super) fn result(folder: &Path) -> Result<Option<CellResult>, SweepError> {
    read(&folder.join(RESULT))
}

/// The error of a cell, if it failed.
pub(super) fn error(folder: &Path) -> Result<Option<CellError>, SweepError> {
    read(&folder.join(ERROR))
}

/// Records a result, and drops the weights unless they are to be kept.
pub(super) fn finish(folder: &Path, result: &CellResult, keep: bool) -> Result<(), SweepError> {
    write(&folder.join(RESULT), result)?;
    forget_error(folder)?;
    if keep {
        return Ok(());
    }
    for name in HEAVY {
        let path = folder.join(RUN).join(name);
        match fs::remove_dir_all(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(SweepError::io("remove", &path)(error)),
        }
    }
    Ok(())
}

/// Records a failure.
pub(super) fn fail(folder: &Path, error: &CellError) -> Result<(), SweepError> {
    write(&folder.join(ERROR), error)
}

/// Makes a failed cell one that was never tried.
pub(super) fn forget_error(folder: &Path) -> Result<(), SweepError> {
    let path = folder.join(ERROR);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(SweepError::io("remove", &path)(error))
        }
        _ => Ok(()),
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, SweepError> {
    match fs::read(path) {
        Ok(content) => serde_json::from_slice(&content)
            .map(Some)
            .map_err(|error| SweepError::unreadable(path, &error)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SweepError::io("read", path)(error)),
    }
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), SweepError> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|error| SweepError::unreadable(path, &error))?;
    text.push('\n');
    write_whole(path, text.as_bytes()).map_err(SweepError::io("write", path))
}
