//! The output folder: locked while in use, and bound to the settings it began with.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use pliant_train::Recipe;
use serde::{Deserialize, Serialize};

use super::CompareError;
use super::plan::{Plan, cell_folder};
use crate::SeedList;
use crate::arms::Arm;
use crate::file::write_whole;

/// The settings of the comparison.
const SETTINGS: &str = "compare.json";
/// Held locked by the process that works on the folder.
const LOCK: &str = ".lock";
/// The shape of `compare.json`.
const FORMAT: u32 = 1;

/// Content of `compare.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Settings {
    format: u32,
    seeds: SeedList,
    arms: Vec<Arm>,
    /// The shared recipe, as TOML.
    recipe: String,
}

/// An output folder that this process alone writes.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The system drops the lock with the process, however that ends.
    _lock: File,
}

impl Folder {
    /// Opens the folder for `plan`: makes it, or finds a comparison with the same settings in it.
    pub(super) fn open(
        path: &Path,
        plan: &Plan,
        commit: Option<&str>,
    ) -> Result<Self, CompareError> {
        if path.exists() && !path.is_dir() {
            return Err(CompareError::NotAFolder {
                path: path.to_path_buf(),
            });
        }
        let settings = path.join(SETTINGS);
        if path.is_dir() && !settings.is_file() {
            refuse_foreign(path)?;
        }
        fs::create_dir_all(path).map_err(CompareError::io("create", path))?;
        let lock_path = path.join(LOCK);
        let lock = File::create(&lock_path).map_err(CompareError::io("write", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(CompareError::Locked {
                    folder: path.to_path_buf(),
                });
            }
            Err(fs::TryLockError::Error(source)) => {
                return Err(CompareError::io("lock", &lock_path)(source));
            }
        }
        let folder = Self {
            path: path.to_path_buf(),
            _lock: lock,
        };
        match fs::read_to_string(&settings) {
            Ok(text) => folder.check(plan, &text, commit)?,
            Err(error) if error.kind() == ErrorKind::NotFound => folder.begin(plan, commit)?,
            Err(error) => return Err(CompareError::io("read", &settings)(error)),
        }
        Ok(folder)
    }

    /// Writes a file of the comparison whole or not at all.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, CompareError> {
        let path = self.path.join(name);
        write_whole(&path, text.as_bytes()).map_err(CompareError::io("write", &path))?;
        Ok(path)
    }

    fn begin(&self, plan: &Plan, commit: Option<&str>) -> Result<(), CompareError> {
        let settings = Settings {
            format: FORMAT,
            seeds: plan.seeds.clone(),
            arms: plan.arms.clone(),
            recipe: plan.recipe.to_toml(commit),
        };
        let text =
            serde_json::to_string_pretty(&settings).map_err(|error| CompareError::Unreadable {
                path: self.path.join(SETTINGS),
                reason: error.to_string(),
            })?;
        self.write(SETTINGS, &text).map(drop)
    }

    /// Refuses other settings than those in the folder, unless no cell has come to train under them: a mistyped corpus
    /// must not spoil the folder for the corrected call.
    fn check(&self, plan: &Plan, text: &str, commit: Option<&str>) -> Result<(), CompareError> {
        let path = self.path.join(SETTINGS);
        let unreadable = |reason: String| CompareError::Unreadable {
            path: path.clone(),
            reason,
        };
        let saved: Settings =
            serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        if saved.format != FORMAT {
            return Err(unreadable(format!(
                "format {} where this program writes {FORMAT}",
                saved.format
            )));
        }
        let recipe = Recipe::parse(&path, &saved.recipe, &[])
            .map_err(|error| unreadable(error.to_string()))?;
        let mut differences = Vec::new();
        if saved.seeds != plan.seeds {
            differences.push(format!("seeds: {} there, {} here", saved.seeds, plan.seeds));
        }
        if saved.arms != plan.arms {
            differences.push(format!(
                "arms: {} there, {} here",
                in_words(&saved.arms),
                in_words(&plan.arms)
            ));
        }
        differences.extend(plan.recipe.differences(&recipe));
        if differences.is_empty() {
            return Ok(());
        }
        let cells = self.cells(&saved);
        if cells.iter().any(|cell| pliant_train::has_trained(cell)) {
            return Err(CompareError::OtherSettings {
                folder: self.path.clone(),
                differences: differences.iter().map(|line| format!("  {line}")).collect(),
            });
        }
        for cell in cells.iter().filter(|cell| cell.is_dir()) {
            fs::remove_dir_all(cell).map_err(CompareError::io("remove", cell))?;
        }
        self.begin(plan, commit)
    }

    /// The run folders that the saved settings speak of.
    fn cells(&self, saved: &Settings) -> Vec<PathBuf> {
        saved
            .arms
            .iter()
            .flat_map(|arm| {
                saved
                    .seeds
                    .as_slice()
                    .iter()
                    .map(|seed| cell_folder(&self.path, arm, *seed))
            })
            .collect()
    }
}

/// Names, and settings where the name does not say them.
fn in_words(arms: &[Arm]) -> String {
    let arm = |arm: &Arm| match arm.sets.as_slice() {
        [only]
            if *only
                == format!(
                    "activation.function={}",
                    toml::Value::String(arm.name.clone())
                ) =>
        {
            arm.name.clone()
        }
        sets => format!("{} {{ {} }}", arm.name, sets.join(", ")),
    };
    arms.iter().map(arm).collect::<Vec<_>>().join(", ")
}

/// A folder without settings must be empty but for what an interrupted beginning leaves.
fn refuse_foreign(path: &Path) -> Result<(), CompareError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(CompareError::io("read", path))? {
        names.push(
            entry
                .map_err(CompareError::io("read", path))?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort_unstable();
    let begun = |name: &str| {
        name == LOCK
            || (name.starts_with(&format!(".{SETTINGS}.")) && name.strip_suffix(".part").is_some())
    };
    match names.into_iter().find(|name| !begun(name)) {
        Some(found) => Err(CompareError::ForeignFolder {
            folder: path.to_path_buf(),
            found,
        }),
        None => Ok(()),
    }
}
