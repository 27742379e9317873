//! The runs below a folder: what they are, how far they came, and how to be rid of them.
//!
//! A run folder is known by its files, whoever made it: `pretrain`, a cell of a comparison or sweep, a seed of a fine-tuning.
//! Links are never followed.

mod error;
mod look;
mod record;
mod remove;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;

pub use error::RunsError;
pub use remove::{Removal, removals};

/// Folders inside each other that are looked through.
const DEEPEST: usize = 32;

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It came to its end.
    Finished,
    /// A process holds its lock.
    Running,
    /// It stopped before its end, or was killed.
    Interrupted,
    /// A loss or gradient was not finite.
    Diverged,
    /// Its files are not what a run writes; [`FoundRun::problems`] says which.
    Damaged,
}

/// What a run trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A language model.
    Pretrain,
    /// A model on a task.
    Finetune,
}

/// The best validation of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Best {
    /// The metric; `loss` in pre-training.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// A run, as its folder describes it. What the folder does not say is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoundRun {
    /// Its folder.
    pub path: PathBuf,
    /// What became of it.
    pub state: RunState,
    /// What it trains.
    pub kind: Kind,
    /// Text form of the activation.
    pub activation: Option<String>,
    /// Size of the model by name, in pre-training.
    pub preset: Option<String>,
    /// Numbers of the model.
    pub parameters: Option<u64>,
    /// The task, in fine-tuning.
    pub task: Option<String>,
    /// What of the model trains, in fine-tuning.
    pub mode: Option<String>,
    /// Seed.
    pub seed: Option<u64>,
    /// Steps done.
    pub step: u64,
    /// Steps of the whole run; none with a time budget.
    pub steps: Option<u64>,
    /// Time budget in minutes.
    pub minutes: Option<f64>,
    /// The best validation so far.
    pub best: Option<Best>,
    /// Seconds since it last recorded something.
    pub age_seconds: u64,
    /// What is wrong with its files.
    pub problems: Vec<String>,
}

/// The runs below a folder.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listing {
    /// The folder.
    pub folder: PathBuf,
    /// Runs that there are, listed or not.
    pub total: usize,
    /// The newest, newest first.
    pub runs: Vec<FoundRun>,
    /// Folders that could not be looked into, and why.
    pub warnings: Vec<String>,
}

/// Finds the runs in and below `folder`, and describes the newest `limit` of them. Of long records only the ends are read.
///
/// # Errors
/// The folder does not exist, is none, or cannot be listed.
pub fn find(folder: &Path, limit: usize) -> Result<Listing, RunsError> {
    if !folder.exists() {
        return Err(RunsError::Missing {
            folder: folder.to_path_buf(),
        });
    }
    if !folder.is_dir() {
        return Err(RunsError::NotAFolder {
            path: folder.to_path_buf(),
        });
    }
    let mut listing = Listing {
        folder: folder.to_path_buf(),
        total: 0,
        runs: Vec::new(),
        warnings: Vec::new(),
    };
    let mut found = Vec::new();
    let mut waiting = vec![(folder.to_path_buf(), 0)];
    while let Some((path, depth)) = waiting.pop() {
        if look::is_run(&path) {
            found.push((look::changed(&path), path));
            continue;
        }
        match folders_in(&path) {
            Ok(inside) if depth < DEEPEST => {
                waiting.extend(inside.into_iter().map(|path| (path, depth + 1)));
            }
            Ok(_) => {}
            // Of the folder that was asked for, nothing else can be said.
            Err(error) if depth == 0 => return Err(error),
            Err(error) => listing.warnings.push(error.to_string()),
        }
    }
    // Runs of one moment by name, so that the order does not depend on the file system's.
    found.sort_by(|(one, here), (other, there)| other.cmp(one).then_with(|| here.cmp(there)));
    listing.total = found.len();
    let now = SystemTime::now();
    listing.runs = found
        .into_iter()
        .take(limit)
        .map(|(changed, path)| look::look(&path, changed, now))
        .collect();
    Ok(listing)
}

/// The folders directly inside a folder; hidden ones and links are none of ours.
fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, RunsError> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).map_err(RunsError::io("list", folder))? {
        let entry = entry.map_err(RunsError::io("list", folder))?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && !entry.file_name().to_string_lossy().starts_with('.') {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}
