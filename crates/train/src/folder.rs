//! The run folder: what lies where, who may write it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::file::write_whole;
use crate::recipe::Recipe;
use crate::run::Start;
use crate::summary::SUMMARY_FILE;
use crate::{TrainError, checkpoint, file};

/// The saved recipe.
pub(crate) const RECIPE_FILE: &str = "recipe.toml";
/// The recorded events.
pub(crate) const METRICS_FILE: &str = "metrics.jsonl";
/// The result of a finished fine-tuning.
pub(crate) const RESULT_FILE: &str = "result.json";
const CHECKPOINTS_FOLDER: &str = "checkpoints";
/// Held locked by the process that trains.
pub(crate) const LOCK_FILE: &str = "lock";
const DATA_FOLDER: &str = "data";
const LOCK_ATTEMPTS: u32 = 5;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// A run folder that this process alone writes, until it is dropped.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    _lock: File,
}

/// What a run is, as its folder remembers it.
pub(crate) trait SavedRecipe {
    /// Where the result of a finished run lies.
    const RESULT_FILE: &'static str;
    /// What makes it another run than the saved text (of the file `path`) says, with both values.
    fn differences(&self, path: &Path, saved: &str) -> Result<Vec<String>, TrainError>;
}

/// What a folder held when it was opened.
#[derive(Debug)]
pub(crate) enum Found<S> {
    /// Nothing that was trained.
    Nothing,
    /// A run with at least one completed checkpoint.
    Checkpoints,
    /// A finished run.
    Finished(Box<S>),
}

/// Whether a run in this folder has come to train: it has a record, checkpoints or a result.
pub fn has_trained(run: &Path) -> bool {
    [METRICS_FILE, CHECKPOINTS_FOLDER, SUMMARY_FILE, RESULT_FILE]
        .iter()
        .any(|name| run.join(name).exists())
}

impl RunFolder {
    /// Creates or opens the folder, locks it and checks that `start` allows what it holds.
    pub(crate) fn open<S: DeserializeOwned>(
        path: &Path,
        start: Start,
        recipe: &impl SavedRecipe,
    ) -> Result<(Self, Found<S>), TrainError> {
        let folder = || path.to_path_buf();
        let existed = path.join(RECIPE_FILE).is_file();
        if !existed {
            if let Some(entry) = foreign_entry(path)? {
                return Err(TrainError::FolderOccupied {
                    folder: folder(),
                    entry,
                });
            }
            if start == Start::Resume {
                return Err(TrainError::NothingToResume { folder: folder() });
            }
        }
        fs::create_dir_all(path).map_err(TrainError::io("create", path))?;
        let this = Self {
            path: folder(),
            _lock: lock(path)?,
        };
        if !existed {
            return Ok((this, Found::Nothing));
        }
        let has_checkpoint = checkpoint::has_completed(&this.checkpoints())?;
        let has_begun = has_checkpoint || this.metrics().exists();
        if start == Start::Fresh && has_begun {
            return Err(TrainError::RunExists { folder: folder() });
        }
        if has_begun || start != Start::Fresh {
            let saved_path = path.join(RECIPE_FILE);
            let text =
                fs::read_to_string(&saved_path).map_err(TrainError::io("read", &saved_path))?;
            let differences = recipe.differences(&saved_path, &text)?;
            if !differences.is_empty() {
                return Err(TrainError::OtherRecipe {
                    folder: folder(),
                    differences,
                });
            }
        }
        let summary = path.join(result_file(recipe));
        if summary.is_file() {
            return Ok((this, Found::Finished(Box::new(file::read_json(&summary)?))));
        }
        match (has_checkpoint, start) {
            (true, _) => Ok((this, Found::Checkpoints)),
            (false, Start::Resume) => Err(TrainError::NoCheckpoint { folder: folder() }),
            (false, _) => Ok((this, Found::Nothing)),
        }
    }

    /// Begins anew: writes the recipe and drops the record of an attempt without a checkpoint.
    pub(crate) fn begin(&self, recipe: &str) -> Result<(), TrainError> {
        let metrics = self.metrics();
        if metrics.exists() {
            fs::remove_file(&metrics).map_err(TrainError::io("remove", &metrics))?;
        }
        write_whole(&self.path.join(RECIPE_FILE), recipe.as_bytes())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn metrics(&self) -> PathBuf {
        self.path.join(METRICS_FILE)
    }

    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.path.join(CHECKPOINTS_FOLDER)
    }

    pub(crate) fn model(&self) -> PathBuf {
        self.path.join("model")
    }

    pub(crate) fn adapter(&self) -> PathBuf {
        self.path.join("adapter")
    }

    pub(crate) fn shapes(&self) -> PathBuf {
        self.path.join("shapes")
    }

    pub(crate) fn summary(&self) -> PathBuf {
        self.path.join(SUMMARY_FILE)
    }

    pub(crate) fn result(&self) -> PathBuf {
        self.path.join(RESULT_FILE)
    }

    pub(crate) fn divergence(&self) -> PathBuf {
        self.path.join("diverged.json")
    }
}

fn result_file<R: SavedRecipe>(_: &R) -> &'static str {
    R::RESULT_FILE
}

impl SavedRecipe for Recipe {
    const RESULT_FILE: &'static str = SUMMARY_FILE;

    /// Where prepared data are kept makes no other run.
    fn differences(&self, path: &Path, saved: &str) -> Result<Vec<String>, TrainError> {
        let saved = Self::parse(path, saved, &[])?;
        let mut recipe = self.clone();
        recipe.data.cache.clone_from(&saved.data.cache);
        Ok(recipe
            .differences(&saved)
            .into_iter()
            .map(|difference| {
                difference
                    .replace(" here, ", " now, ")
                    .replace(" there", " in the run")
            })
            .collect())
    }
}

/// Something in a folder that no run puts there before it begins.
pub(crate) fn foreign_entry(path: &Path) -> Result<Option<String>, TrainError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(TrainError::io("open", path)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(
            entry
                .map_err(TrainError::io("list", path))?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    let own = [
        LOCK_FILE,
        DATA_FOLDER,
        "recipe.toml.part",
        "finetune.toml.part",
    ];
    Ok(names.into_iter().find(|name| !own.contains(&name.as_str())))
}

fn lock(folder: &Path) -> Result<File, TrainError> {
    let path = folder.join(LOCK_FILE);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(TrainError::io("create", &path))?;
    // A listing of runs holds a lock for the moment in which it asks whether there is one.
    for _ in 0..LOCK_ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(TrainError::io("lock", &path)(error)),
        }
    }
    Err(TrainError::Locked {
        folder: folder.to_path_buf(),
    })
}
