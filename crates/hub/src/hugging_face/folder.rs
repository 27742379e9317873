//! Folders of models that are written.

use std::fs;
use std::path::{Path, PathBuf};

use pliant_data::Tokenizer;
use pliant_nn::AnyModel;
use serde::Serialize;
use serde_json::Value;

use crate::HubError;

/// What was done to a converted model, by which its folder is known.
const CONVERSION_FILE: &str = "conversion.json";
const TOKENIZER_FILE: &str = "tokenizer.json";

/// The folder of a model of this program.
pub struct ModelFolder(Folder);

impl ModelFolder {
    /// Creates the folder, or takes one that is empty or holds an earlier conversion.
    ///
    /// # Errors
    /// [`HubError::Occupied`] where it holds something else, [`HubError::Io`] where it cannot be written.
    pub fn create(path: &Path) -> Result<Self, HubError> {
        Folder::create(path, CONVERSION_FILE).map(Self)
    }

    /// Writes the model, its tokenizer, and beside them what was done to it as `conversion.json`.
    ///
    /// # Errors
    /// [`HubError::Io`], [`HubError::Model`] or [`HubError::Data`].
    pub fn write(
        &mut self,
        model: &AnyModel,
        tokenizer: &Tokenizer,
        conversion: &impl Serialize,
    ) -> Result<(), HubError> {
        model.save(&self.0.path)?;
        self.0.write(TOKENIZER_FILE, &tokenizer.to_json()?)?;
        let text = serde_json::to_string_pretty(conversion).map_err(|error| HubError::Damaged {
            path: self.0.path.join(CONVERSION_FILE),
            reason: error.to_string(),
        })?;
        self.0.write(CONVERSION_FILE, &(text + "\n"))
    }
}

/// Refuses a folder that holds anything but what this program wrote there before, which is known by a file.
fn check(out: &Path, mark: &str) -> Result<(), HubError> {
    let mut entries = match fs::read_dir(out) {
        Ok(entries) => entries.filter_map(Result::ok),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(HubError::io("read", out, source)),
    };
    if out.join(mark).is_file() {
        return Ok(());
    }
    match entries.next() {
        None => Ok(()),
        Some(entry) => Err(HubError::Occupied {
            folder: out.to_path_buf(),
            found: entry.file_name().to_string_lossy().into_owned(),
        }),
    }
}

/// The folder that is written, and what is in it so far.
pub(super) struct Folder {
    path: PathBuf,
    pub(super) files: Vec<String>,
}

impl Folder {
    /// Creates it, or takes one that is empty or has `mark`, the file of an earlier time.
    pub(super) fn create(path: &Path, mark: &str) -> Result<Self, HubError> {
        check(path, mark)?;
        fs::create_dir_all(path).map_err(|source| HubError::io("create", path, source))?;
        Ok(Self {
            path: path.to_path_buf(),
            files: Vec::new(),
        })
    }

    pub(super) fn write(&mut self, name: &str, text: &str) -> Result<(), HubError> {
        let path = self.path.join(name);
        self.files.push(name.to_owned());
        fs::write(&path, text).map_err(|source| HubError::io("write", &path, source))
    }

    pub(super) fn write_json(&mut self, name: &str, value: &Value) -> Result<(), HubError> {
        self.write(name, &format!("{value:#}\n"))
    }

    pub(super) fn copy(&mut self, from: &Path, name: &str) -> Result<(), HubError> {
        let path = self.path.join(name);
        self.files.push(name.to_owned());
        fs::copy(from, &path)
            .map(drop)
            .map_err(|source| HubError::io("write", &path, source))
    }
}
