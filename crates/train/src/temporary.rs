//! A folder that goes away with its owner, for prepared data that nobody asked to keep.

use std::fs;
use std::path::{Path, PathBuf};

use crate::TrainError;

/// Removed when dropped.
#[derive(Debug)]
pub struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// Creates a folder of this process for a purpose.
    ///
    /// # Errors
    /// [`TrainError::Io`] where it cannot be created.
    pub fn new(purpose: &str) -> Result<Self, TrainError> {
        let base = std::env::temp_dir();
        for attempt in 0.. {
            let path = base.join(format!("pliant-{purpose}-{}-{attempt}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(TrainError::io("create", &path)(error)),
            }
        }
        Err(TrainError::io("create a folder in", &base)(
            std::io::ErrorKind::AlreadyExists.into(),
        ))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // Nothing depends on it being gone.
        let _ = fs::remove_dir_all(&self.0);
    }
}
