//! Removing runs: first what would go, then, once that is agreed to, the removal.

use std::fs::{self, File, TryLockError};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;

use super::{FoundRun, RunsError, look};
use crate::folder::LOCK_FILE;

/// A run that may be removed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Removal {
    /// The run.
    pub run: FoundRun,
    /// Size of its files in bytes.
    pub bytes: u64,
}

/// What removing these run folders would take away; nothing is changed. A folder that is named twice counts once.
///
/// # Errors
/// A path that does not exist, is a link, is no run folder, or holds a running run: then none is to be removed.
pub fn removals(paths: &[PathBuf]) -> Result<Vec<Removal>, RunsError> {
    let mut places = Vec::with_capacity(paths.len());
    let mut removals = Vec::with_capacity(paths.len());
    for given in paths {
        // Without a slash at the end, which would lead through a link.
        let path: PathBuf = given.components().collect();
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(RunsError::Missing { folder: path });
            }
            Err(error) => return Err(RunsError::io("read", &path)(error)),
        };
        if metadata.is_symlink() {
            return Err(RunsError::Link { path });
        }
        if !metadata.is_dir() {
            return Err(RunsError::NotAFolder { path });
        }
        if !look::is_run(&path) {
            return Err(RunsError::NotARun { folder: path });
        }
        let place = path.canonicalize().map_err(RunsError::io("find", &path))?;
        if places.contains(&place) {
            continue;
        }
        places.push(place);
        let bytes = size_of_idle(&path)?;
        let run = look::look(&path, look::changed(&path), SystemTime::now());
        removals.push(Removal { run, bytes });
    }
    Ok(removals)
}

impl Removal {
    /// Removes the run folder with everything in it. A link in it goes, and not what it leads to.
    ///
    /// # Errors
    /// The run began to run since, or a file cannot be removed.
    pub fn carry_out(&self) -> Result<(), RunsError> {
        let folder = &self.run.path;
        // Held to the end, so that no process begins to train in what goes.
        let _lock = exclusive(folder)?;
        size_of_idle_inside(folder)?;
        // The folder `.` cannot be removed by that name.
        let named = folder
            .components()
            .next_back()
            .is_some_and(|last| matches!(last, Component::Normal(_)));
        let place = if named {
            folder.clone()
        } else {
            folder
                .canonicalize()
                .map_err(RunsError::io("find", folder))?
        };
        fs::remove_dir_all(&place).map_err(RunsError::io("remove", folder))
    }
}

/// The lock of a run folder; none where it has no lock file.
fn exclusive(folder: &Path) -> Result<Option<File>, RunsError> {
    let path = folder.join(LOCK_FILE);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(RunsError::io("open", &path)(error)),
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(RunsError::Running {
            folder: folder.to_path_buf(),
        }),
        Err(TryLockError::Error(error)) => Err(RunsError::io("lock", &path)(error)),
    }
}

/// Size of a folder in which nothing runs, in bytes.
fn size_of_idle(folder: &Path) -> Result<u64, RunsError> {
    if look::is_held(folder)? {
        return Err(RunsError::Running {
            folder: folder.to_path_buf(),
        });
    }
    size_of_idle_inside(folder)
}

/// Size of the files below a folder, whose own lock is not asked for.
fn size_of_idle_inside(folder: &Path) -> Result<u64, RunsError> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).map_err(RunsError::io("list", folder))? {
        let entry = entry.map_err(RunsError::io("list", folder))?;
        let path = entry.path();
        let metadata = fs::symlink_metadata(&path).map_err(RunsError::io("read", &path))?;
        bytes += if metadata.is_dir() {
            size_of_idle(&path)?
        } else {
            metadata.len()
        };
    }
    Ok(bytes)
}
