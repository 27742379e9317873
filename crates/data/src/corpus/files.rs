//! Which files of a corpus train and which validate.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::archive::Format;
use crate::checksum::{hex, sha256_of_file};
use crate::{DataError, Split};

/// A text file of the corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextFile {
    pub(crate) path: PathBuf,
    pub(crate) format: Format,
    /// Size on disk in bytes.
    pub(crate) size: u64,
}

/// The files of each part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) train: Vec<TextFile>,
    pub(crate) validation: Vec<TextFile>,
    /// The validation part is chosen among the documents of `train` by their hash.
    pub(crate) split_by_hash: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Train,
    Validation,
    Test,
    Other,
}

/// Finds the files of the corpus at `path`, in the order of their names.
pub(crate) fn find(path: &Path, split: Split) -> Result<Files, DataError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(DataError::CorpusNotFound(path.to_owned()));
        }
        Err(error) => return Err(DataError::io("read", path)(error)),
    };
    let all = if metadata.is_dir() {
        in_folder(path)?
    } else {
        let format = Format::of(path).ok_or_else(|| DataError::UnknownFormat(path.to_owned()))?;
        vec![TextFile {
            path: path.to_owned(),
            format,
            size: metadata.len(),
        }]
    };
    if split == Split::EvaluationOnly {
        return Ok(Files {
            train: Vec::new(),
            validation: all,
            split_by_hash: false,
        });
    }
    if !metadata.is_dir() {
        return Ok(Files {
            train: all,
            validation: Vec::new(),
            split_by_hash: true,
        });
    }
    let with_role = |role: Role| -> Vec<TextFile> {
        all.iter()
            .filter(|file| role_of(&file.path) == role)
            .cloned()
            .collect()
    };
    let (mut train, validation) = (with_role(Role::Train), with_role(Role::Validation));
    if train.is_empty() && validation.is_empty() {
        train = with_role(Role::Other);
    }
    if train.is_empty() {
        return Err(DataError::NoTextFiles {
            folder: path.to_owned(),
            wanted: "text file to train on",
        });
    }
    let split_by_hash = validation.is_empty();
    Ok(Files {
        train,
        validation,
        split_by_hash,
    })
}

fn in_folder(folder: &Path) -> Result<Vec<TextFile>, DataError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(DataError::io("read", folder))? {
        let path = entry.map_err(DataError::io("read", folder))?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let Some(format) = Format::of(&path).filter(|_| !hidden) else {
            continue;
        };
        let metadata = fs::metadata(&path).map_err(DataError::io("read", &path))?;
        if metadata.is_file() {
            files.push(TextFile {
                path,
                format,
                size: metadata.len(),
            });
        }
    }
    if files.is_empty() {
        return Err(DataError::NoTextFiles {
            folder: folder.to_owned(),
            wanted: "text file",
        });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn role_of(path: &Path) -> Role {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    if name.starts_with("train") {
        Role::Train
    } else if name.starts_with("valid") || name.starts_with("dev") {
        Role::Validation
    } else if name.starts_with("test") {
        Role::Test
    } else {
        Role::Other
    }
}

impl Files {
    /// SHA-256 over the role, name and content of every file: equal corpora have it equal wherever they lie.
    pub(crate) fn hash(&self) -> Result<String, DataError> {
        let part = |label: &'static str, files: &[TextFile]| -> Result<Vec<String>, DataError> {
            files
                .par_iter()
                .map(|file| {
                    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
                    Ok(format!("{label} {name} {}\n", sha256_of_file(&file.path)?))
                })
                .collect()
        };
        let mut digest = Sha256::new();
        for line in part("train", &self.train)?
            .into_iter()
            .chain(part("validation", &self.validation)?)
        {
            digest.update(line.as_bytes());
        }
        Ok(hex(&digest.finalize()))
    }
}
