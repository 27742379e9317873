//! The output folder: bound to its recipe and to the weights of its models, shared by any number of processes.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::SweepError;
use super::recipe::SweepRecipe;
use super::runner::CellRunner;
use crate::file::write_whole;

/// The complete recipe.
const RECIPE: &str = "sweep.toml";
/// What the arms are.
const MODELS: &str = "models.json";
/// Locked while a process looks whether the folder fits its recipe, and writes it if there is none.
const LOCK: &str = ".lock";

/// An arm of this sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Arm {
    /// Its name.
    pub(super) name: String,
    /// SHA-256 of its weights.
    pub(super) weights: String,
    /// Whether its activations have coefficients.
    pub(super) learnable: bool,
}

/// The folder of a sweep.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) recipe: SweepRecipe,
    pub(super) arms: Vec<Arm>,
}

impl Folder {
    /// Opens the folder for a recipe: makes it, or finds a sweep of the same recipe and weights in it.
    pub(super) fn open(
        path: &Path,
        recipe: &SweepRecipe,
        runner: &dyn CellRunner,
    ) -> Result<Self, SweepError> {
        if path.exists() && !path.is_dir() {
            return Err(SweepError::NotAFolder {
                path: path.to_path_buf(),
            });
        }
        let saved = path.join(RECIPE);
        if path.is_dir() && !saved.is_file() {
            refuse_foreign(path)?;
        }
        let arms = describe(recipe, runner)?;
        fs::create_dir_all(path).map_err(SweepError::io("create", path))?;
        let lock_path = path.join(LOCK);
        let lock = File::create(&lock_path).map_err(SweepError::io("write", &lock_path))?;
        // Others hold it for a moment only.
        lock.lock().map_err(SweepError::io("lock", &lock_path))?;
        let folder = Self {
            path: path.to_path_buf(),
            recipe: recipe.clone(),
            arms,
        };
        if saved.is_file() {
            folder.check(&Self::find(path)?)?;
        } else {
            let arms = serde_json::to_string_pretty(&folder.arms)
                .map_err(|error| SweepError::unreadable(&path.join(MODELS), &error))?;
            folder.write(MODELS, &(arms + "\n"))?;
            // Last: where it is, the other is too.
            folder.write(RECIPE, &recipe.to_toml())?;
        }
        Ok(folder)
    }

    /// The sweep in a folder, as it was begun.
    pub(super) fn find(path: &Path) -> Result<Self, SweepError> {
        let saved = path.join(RECIPE);
        let text = match fs::read_to_string(&saved) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(SweepError::NoSweep {
                    folder: path.to_path_buf(),
                });
            }
            Err(error) => return Err(SweepError::io("read", &saved)(error)),
        };
        let recipe = SweepRecipe::parse(&saved, &text)
            .map_err(|error| SweepError::unreadable(&saved, &error))?;
        let models = path.join(MODELS);
        let text = fs::read_to_string(&models).map_err(SweepError::io("read", &models))?;
        let arms =
            serde_json::from_str(&text).map_err(|error| SweepError::unreadable(&models, &error))?;
        Ok(Self {
            path: path.to_path_buf(),
            recipe,
            arms,
        })
    }

    /// Writes a file of the sweep whole or not at all.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, SweepError> {
        let path = self.path.join(name);
        write_whole(&path, text.as_bytes()).map_err(SweepError::io("write", &path))?;
        Ok(path)
    }

    fn check(&self, saved: &Self) -> Result<(), SweepError> {
        let differences = self.recipe.differences(&saved.recipe);
        if !differences.is_empty() {
            return Err(SweepError::OtherRecipe {
                folder: self.path.clone(),
                differences: differences.iter().map(|line| format!("  {line}")).collect(),
            });
        }
        let changed = self
            .arms
            .iter()
            .zip(&saved.arms)
            .position(|(own, saved)| own != saved);
        match changed {
            Some(index) => Err(SweepError::OtherModel {
                model: self.arms[index].name.clone(),
                folder: self.recipe.models[index].folder.clone(),
            }),
            None => Ok(()),
        }
    }
}

fn describe(recipe: &SweepRecipe, runner: &dyn CellRunner) -> Result<Vec<Arm>, SweepError> {
    let arm = |model: &super::recipe::ModelTable| {
        let weights = model.folder.join("model.safetensors");
        let hash = match File::open(&weights) {
            Ok(file) => hash(file).map_err(SweepError::io("read", &weights))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(SweepError::NoModel {
                    model: model.name.clone(),
                    folder: model.folder.clone(),
                });
            }
            Err(error) => return Err(SweepError::io("read", &weights)(error)),
        };
        let learnable = runner
            .is_learnable(&model.folder)
            .map_err(|error| SweepError::Cell(Box::new(error)))?;
        Ok(Arm {
            name: model.name.clone(),
            weights: hash,
            learnable,
        })
    };
    recipe.models.iter().map(arm).collect()
}

fn hash(mut file: File) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut part = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut part)?;
        if count == 0 {
            break;
        }
        hasher.update(&part[..count]);
    }
    let digest = hasher.finalize();
    Ok(digest
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}

/// A folder without a recipe must be empty but for what an interrupted beginning leaves.
fn refuse_foreign(path: &Path) -> Result<(), SweepError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(SweepError::io("read", path))? {
        let entry = entry.map_err(SweepError::io("read", path))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    let begun = |name: &str| {
        name == LOCK
            || name == MODELS
            || (name.starts_with('.') && name.strip_suffix(".part").is_some())
    };
    match names.into_iter().find(|name| !begun(name)) {
        Some(found) => Err(SweepError::ForeignFolder {
            folder: path.to_path_buf(),
            found,
        }),
        None => Ok(()),
    }
}
