//! Files that are either whole or absent.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::TrainError;

/// Writes a file through a temporary one beside it, synced before it takes the name.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> Result<(), TrainError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let mut file = File::create(&part).map_err(TrainError::io("create", &part))?;
    file.write_all(content)
        .map_err(TrainError::io("write", &part))?;
    file.sync_all().map_err(TrainError::io("sync", &part))?;
    drop(file);
    fs::rename(&part, path).map_err(TrainError::io("rename", &part))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes names inside a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), TrainError> {
    // Only Unix opens folders; elsewhere the file system keeps its own promises.
    if cfg!(unix) {
        File::open(folder)
            .and_then(|file| file.sync_all())
            .map_err(TrainError::io("sync", folder))?;
    }
    Ok(())
}

/// Makes the content of every file directly inside a folder, and their names, durable.
pub(crate) fn sync_files(folder: &Path) -> Result<(), TrainError> {
    for entry in fs::read_dir(folder).map_err(TrainError::io("list", folder))? {
        let path = entry.map_err(TrainError::io("list", folder))?.path();
        if path.is_file() {
            File::open(&path)
                .and_then(|file| file.sync_all())
                .map_err(TrainError::io("sync", &path))?;
        }
    }
    sync_folder(folder)
}

/// Writes a value as indented JSON with a newline at the end.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), TrainError> {
    let mut text =
        serde_json::to_string_pretty(value).map_err(|error| TrainError::DamagedFile {
            path: path.to_path_buf(),
            reason: error.to_string(),
        })?;
    text.push('\n');
    write_whole(path, text.as_bytes())
}

/// Reads JSON.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, TrainError> {
    let text = fs::read_to_string(path).map_err(TrainError::io("read", path))?;
    serde_json::from_str(&text).map_err(|error| TrainError::DamagedFile {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })
}
