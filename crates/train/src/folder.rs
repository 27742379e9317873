//! The run folder: what lies where, who may write it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::file::write_whole;
use crate::recipe::Recipe;
use crate::run::Start;
use crate::summary::{RunSummary, SUMMARY_FILE};
use crate::{TrainError, checkpoint, file};

/// The saved recipe.
pub(crate) const RECIPE_FILE: &str = "recipe.toml";
/// The recorded events.
pub(crate) const METRICS_FILE: &str = "metrics.jsonl";
const CHECKPOINTS_FOLDER: &str = "checkpoints";
const LOCK_FILE: &str = "lock";
const DATA_FOLDER: &str = "data";

/// A run folder that this process alone writes, until it is dropped.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    _lock: File,
}

/// What a folder held when it was opened.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nothing that was trained.
    Nothing,
    /// A run with at least one completed checkpoint.
    Checkpoints,
    /// A finished run.
    Finished(Box<RunSummary>),
}

/// Whether a run in this folder has come to train: it has a record, checkpoints or a summary.
pub fn has_trained(run: &Path) -> bool {
    [METRICS_FILE, CHECKPOINTS_FOLDER, SUMMARY_FILE]
        .iter()
        .any(|name| run.join(name).exists())
}

impl RunFolder {
    /// Creates or opens the folder, locks it and checks that `start` allows what it holds.
    pub(crate) fn open(
        path: &Path,
        start: Start,
        recipe: &Recipe,
    ) -> Result<(Self, Found), TrainError> {
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
            let differences = different_keys(&Recipe::parse(&saved_path, &text, &[])?, recipe);
            if !differences.is_empty() {
                return Err(TrainError::OtherRecipe {
                    folder: folder(),
                    differences,
                });
            }
        }
        let summary = this.summary();
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
    pub(crate) fn begin(&self, recipe: &Recipe, commit: Option<&str>) -> Result<(), TrainError> {
        let metrics = self.metrics();
        if metrics.exists() {
            fs::remove_file(&metrics).map_err(TrainError::io("remove", &metrics))?;
        }
        write_whole(
            &self.path.join(RECIPE_FILE),
            recipe.to_toml(commit).as_bytes(),
        )
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

    pub(crate) fn shapes(&self) -> PathBuf {
        self.path.join("shapes")
    }

    pub(crate) fn summary(&self) -> PathBuf {
        self.path.join(SUMMARY_FILE)
    }

    pub(crate) fn divergence(&self) -> PathBuf {
        self.path.join("diverged.json")
    }
}

/// Differences that make it another run; where prepared data are kept does not.
fn different_keys(saved: &Recipe, recipe: &Recipe) -> Vec<String> {
    let mut recipe = recipe.clone();
    recipe.data.cache.clone_from(&saved.data.cache);
    recipe
        .differences(saved)
        .into_iter()
        .map(|difference| {
            difference
                .replace(" here, ", " now, ")
                .replace(" there", " in the run")
        })
        .collect()
}

/// Something in a folder that no run puts there before it begins.
fn foreign_entry(path: &Path) -> Result<Option<String>, TrainError> {
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
    let own = [LOCK_FILE, DATA_FOLDER, "recipe.toml.part"];
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
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(TrainError::Locked {
            folder: folder.to_path_buf(),
        }),
        Err(TryLockError::Error(error)) => Err(TrainError::io("lock", &path)(error)),
    }
}
