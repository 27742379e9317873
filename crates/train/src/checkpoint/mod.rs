//! Checkpoints: complete or not there.
//!
//! A checkpoint is written to a temporary folder, synced, renamed, then marked `DONE` with the hash of each file.

mod exact;
mod state;
mod tensors;
mod weights;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use state::{State, TaskScores, Validated};
pub(crate) use weights::Weights;

use crate::TrainError;
use crate::digest::hexadecimal;
use crate::file::{read_json, sync_files, sync_folder, write_json};
use crate::optimizer::Optimizer;
use crate::trainable::Trainable;

const MODEL_FILE: &str = "model.safetensors";
const OPTIMIZER_FILE: &str = "optimizer.safetensors";
const BEST_WEIGHTS_FILE: &str = "best.safetensors";
const STATE_FILE: &str = "state.json";
const DONE_FILE: &str = "DONE";
const BEST_FILE: &str = "best.json";
const TEMPORARY: &str = "temporary-";

/// Content of `DONE`.
#[derive(Debug, Serialize, Deserialize)]
struct Done {
    files: BTreeMap<String, Written>,
}

/// Size and hash of a file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Written {
    bytes: u64,
    sha256: String,
}

/// Content of `best.json`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Best {
    step: u64,
    validation_loss: f64,
}

/// Folder of a step's checkpoint.
pub(crate) fn folder_of(checkpoints: &Path, step: u64) -> PathBuf {
    checkpoints.join(format!("step-{step:08}"))
}

/// Writes a checkpoint, with the best weights so far where the run keeps them; returns its folder.
///
/// Only parameters that train are written if some do not: the others are those the run began with.
pub(crate) fn write<M: Trainable>(
    checkpoints: &Path,
    model: &M,
    optimizer: &Optimizer,
    state: &State,
    best: Option<&Weights>,
) -> Result<PathBuf, TrainError> {
    let temporary = checkpoints.join(format!("{TEMPORARY}{:08}", state.step));
    remove_folder(&temporary)?;
    fs::create_dir_all(&temporary).map_err(TrainError::io("create", &temporary))?;
    if weights::all_train(model) {
        model.save(&temporary)?;
    } else {
        Weights::of(model).write(model, &temporary.join(MODEL_FILE))?;
    }
    if let Some(best) = best {
        best.write(model, &temporary.join(BEST_WEIGHTS_FILE))?;
    }
    let moments: Vec<_> = optimizer.moments(model.parameters()).collect();
    tensors::write(&temporary.join(OPTIMIZER_FILE), moments.iter().cloned())?;
    write_json(&temporary.join(STATE_FILE), state)?;
    sync_files(&temporary)?;
    let files = hashes(&temporary)?;

    let folder = folder_of(checkpoints, state.step);
    // One without DONE may be left by a killed process.
    remove_folder(&folder)?;
    fs::rename(&temporary, &folder).map_err(TrainError::io("rename", &temporary))?;
    sync_folder(checkpoints)?;
    write_json(&folder.join(DONE_FILE), &Done { files })?;
    Ok(folder)
}

/// Keeps the newest `keep` completed checkpoints and the best one, and says in `best.json` which that is.
pub(crate) fn prune(
    checkpoints: &Path,
    keep: usize,
    best: Option<&Validated>,
) -> Result<(), TrainError> {
    let completed: Vec<u64> = list(checkpoints)?
        .into_iter()
        .filter(|found| found.is_complete)
        .map(|found| found.step)
        .collect();
    let best = best.filter(|best| completed.contains(&best.step));
    if let Some(best) = best {
        write_json(
            &checkpoints.join(BEST_FILE),
            &Best {
                step: best.step,
                validation_loss: best.loss,
            },
        )?;
    }
    for step in completed.iter().rev().skip(keep) {
        if best.is_none_or(|best| best.step != *step) {
            let folder = folder_of(checkpoints, *step);
            // Without DONE first: a half-removed folder must not look complete.
            let done = folder.join(DONE_FILE);
            fs::remove_file(&done).map_err(TrainError::io("remove", &done))?;
            remove_folder(&folder)?;
        }
    }
    Ok(())
}

/// A checkpoint folder.
struct FoundCheckpoint {
    step: u64,
    folder: PathBuf,
    is_complete: bool,
}

/// Checkpoint folders by ascending step.
fn list(checkpoints: &Path) -> Result<Vec<FoundCheckpoint>, TrainError> {
    let entries = match fs::read_dir(checkpoints) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(TrainError::io("list", checkpoints)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let folder = entry.map_err(TrainError::io("list", checkpoints))?.path();
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if let Some(step) = name
            .strip_prefix("step-")
            .and_then(|step| step.parse().ok())
        {
            let is_complete = folder.join(DONE_FILE).is_file();
            found.push(FoundCheckpoint {
                step,
                folder,
                is_complete,
            });
        }
    }
    found.sort_by_key(|checkpoint| checkpoint.step);
    Ok(found)
}

/// Whether there is a completed checkpoint.
pub(crate) fn has_completed(checkpoints: &Path) -> Result<bool, TrainError> {
    Ok(list(checkpoints)?.iter().any(|found| found.is_complete))
}

/// The state of the newest completed checkpoint, whose other files are not looked at.
pub(crate) fn newest_state(checkpoints: &Path) -> Result<Option<State>, TrainError> {
    list(checkpoints)?
        .iter()
        .rfind(|found| found.is_complete)
        .map(|found| read_json(&found.folder.join(STATE_FILE)))
        .transpose()
}

/// Removes what a killed process left half-written; says what it ignores.
pub(crate) fn clean(checkpoints: &Path) -> Result<Vec<String>, TrainError> {
    let mut warnings = Vec::new();
    for found in list(checkpoints)? {
        if !found.is_complete {
            warnings.push(format!(
                "ignored the checkpoint {}: it has no {DONE_FILE}",
                found.folder.display()
            ));
        }
    }
    let Ok(entries) = fs::read_dir(checkpoints) else {
        return Ok(warnings);
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            remove_folder(&entry.path())?;
        }
    }
    Ok(warnings)
}

/// Reads the newest completed checkpoint, after checking every file against its hash; with the best weights, if it has them.
///
/// # Errors
/// [`TrainError::DamagedCheckpoint`], naming the file.
pub(crate) fn read_newest<M: Trainable>(
    checkpoints: &Path,
    model: &mut M,
    optimizer: &mut Optimizer,
) -> Result<Option<(State, Option<Weights>)>, TrainError> {
    let Some(newest) = list(checkpoints)?
        .into_iter()
        .rev()
        .find(|found| found.is_complete)
    else {
        return Ok(None);
    };
    verify(&newest.folder)?;
    Weights::read(model, &newest.folder.join(MODEL_FILE))?.restore(model)?;
    let best = newest.folder.join(BEST_WEIGHTS_FILE);
    let best = best
        .is_file()
        .then(|| Weights::read(model, &best))
        .transpose()?;
    let mut moments: Vec<_> = optimizer.moments_mut(model.parameters()).collect();
    let names: Vec<_> = moments
        .iter()
        .map(|(name, values)| (name.clone(), values.len()))
        .collect();
    tensors::read(
        &newest.folder.join(OPTIMIZER_FILE),
        &names,
        |index, values| {
            *moments[index].1 = values;
            Ok(())
        },
    )?;
    let path = newest.folder.join(STATE_FILE);
    let state: State = read_json(&path)?;
    if state.step != newest.step {
        return Err(TrainError::DamagedCheckpoint {
            path,
            reason: format!("it is of step {}", state.step),
        });
    }
    Ok(Some((state, best)))
}

/// Compares every file with the size and hash in `DONE`.
fn verify(folder: &Path) -> Result<(), TrainError> {
    let done: Done = read_json(&folder.join(DONE_FILE))?;
    let best = done.files.contains_key(BEST_WEIGHTS_FILE);
    let best = best.then_some(BEST_WEIGHTS_FILE);
    for name in [MODEL_FILE, OPTIMIZER_FILE, STATE_FILE]
        .into_iter()
        .chain(best)
    {
        let path = folder.join(name);
        let damaged = |reason: String| TrainError::DamagedCheckpoint {
            path: path.clone(),
            reason,
        };
        let expected = done
            .files
            .get(name)
            .ok_or_else(|| damaged(format!("{DONE_FILE} does not list it")))?;
        if !path.is_file() {
            return Err(damaged("it is missing".to_owned()));
        }
        let found = hash(&path)?;
        if found.bytes != expected.bytes {
            return Err(damaged(format!(
                "it has {} bytes, {} were written",
                found.bytes, expected.bytes
            )));
        }
        if found != *expected {
            return Err(damaged(
                "its SHA-256 is not the one that was written".to_owned(),
            ));
        }
    }
    Ok(())
}

fn hashes(folder: &Path) -> Result<BTreeMap<String, Written>, TrainError> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(TrainError::io("list", folder))? {
        let path = entry.map_err(TrainError::io("list", folder))?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        files.insert(name, hash(&path)?);
    }
    Ok(files)
}

fn hash(path: &Path) -> Result<Written, TrainError> {
    let mut file = File::open(path).map_err(TrainError::io("open", path))?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let read = file
            .read(&mut buffer)
            .map_err(TrainError::io("read", path))?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
        bytes += read as u64;
    }
    Ok(Written {
        bytes,
        sha256: hexadecimal(&digest.finalize()),
    })
}

fn remove_folder(folder: &Path) -> Result<(), TrainError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(TrainError::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}
