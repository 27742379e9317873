//! From options to cells: the shared recipe, the arms, the seeds, and the recipe of each run.

use std::path::{Path, PathBuf};

use pliant_train::recipe::Value;
use pliant_train::{Recipe, Sources};

use super::{CompareError, Options};
use crate::arms::{self, Arm, ArmList};
use crate::{ArmsError, SeedList};

/// The recipe without `--recipe`, the same file that a user starts from.
const DEFAULT_RECIPE: &str = include_str!("../../../../recipes/default.toml");
/// Its arms.
const DEFAULT_ARMS: &str = "gelu,rational";
/// The seeds without `--seeds`.
const DEFAULT_SEEDS: [u64; 2] = [1, 2];

/// Everything that is to be trained.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// What all arms share; it has no arms of its own.
    pub(super) recipe: Recipe,
    /// The first is the baseline.
    pub(super) arms: Vec<Arm>,
    /// In the order given.
    pub(super) seeds: SeedList,
    /// In the order of training.
    pub(super) cells: Vec<PlannedCell>,
}

/// One run.
#[derive(Debug, Clone)]
pub(super) struct PlannedCell {
    /// Index of its arm.
    pub(super) arm: usize,
    /// Its seed.
    pub(super) seed: u64,
    /// Its run folder.
    pub(super) folder: PathBuf,
    /// Its complete recipe.
    pub(super) recipe: Recipe,
}

impl Plan {
    /// Resolves the recipe of every cell, so that a mistake in the last arm is found before the first is trained.
    pub(super) fn new(options: &Options) -> Result<Self, CompareError> {
        let given = match &options.recipe {
            Some(file) => Recipe::resolve(&Sources {
                file: Some(file.clone()),
                settings: options.sets.clone(),
            })?,
            None => Recipe::parse(
                Path::new("recipes/default.toml"),
                DEFAULT_RECIPE,
                &options.sets,
            )?,
        };
        let arms = arms(options.arms.as_ref(), &given)?;
        let seeds = match &options.seeds {
            Some(seeds) => seeds.clone(),
            None => SeedList::new(DEFAULT_SEEDS.to_vec())?,
        };
        let mut shared = Vec::new();
        if let Some(corpus) = &options.corpus {
            shared.push(("data.corpus".to_owned(), Value::Text(corpus.clone())));
        }
        if let Some(steps) = options.steps {
            shared.push(("train.steps".to_owned(), Value::Integer(steps as i64)));
        }
        // Also with nothing to change: the shared recipe has no arms.
        let recipe = given.with(&shared)?;
        let cells = cells(&recipe, &arms, &seeds, &options.out)?;
        Ok(Self {
            recipe,
            arms,
            seeds,
            cells,
        })
    }

    /// The arms' names.
    pub(super) fn names(&self) -> Vec<String> {
        self.arms.iter().map(|arm| arm.name.clone()).collect()
    }

    /// The cell of an arm with a seed.
    pub(super) fn cell(&self, arm: usize, seed: u64) -> Option<&PlannedCell> {
        self.cells
            .iter()
            .find(|cell| cell.arm == arm && cell.seed == seed)
    }
}

/// The arms that are listed, else those of the recipe, else the default ones.
fn arms(listed: Option<&ArmList>, recipe: &Recipe) -> Result<Vec<Arm>, ArmsError> {
    let tables = arms::with_folders(recipe.arms.iter().map(|arm| {
        let sets = arm
            .set
            .0
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        (arm.name.clone(), sets)
    }));
    let arms = match listed {
        Some(list) => list.arms(&tables)?,
        None if tables.is_empty() => DEFAULT_ARMS.parse::<ArmList>()?.arms(&[])?,
        None => tables,
    };
    arms::check_names(&arms)?;
    Ok(arms)
}

/// Where the run of an arm and a seed lies.
pub(super) fn cell_folder(out: &Path, arm: &Arm, seed: u64) -> PathBuf {
    out.join(&arm.folder).join(format!("seed-{seed}"))
}

/// Seed by seed, so that pairs are complete as early as possible.
fn cells(
    recipe: &Recipe,
    arms: &[Arm],
    seeds: &SeedList,
    out: &Path,
) -> Result<Vec<PlannedCell>, CompareError> {
    let mut cells = Vec::new();
    for &seed in seeds.as_slice() {
        for (index, arm) in arms.iter().enumerate() {
            let wrong = |source| CompareError::ArmRecipe {
                arm: arm.name.clone(),
                source: Box::new(source),
            };
            let mut sets = vec![("train.seed".to_owned(), Value::Integer(seed as i64))];
            if recipe.data.cache.is_none() {
                sets.push((
                    "data.cache".to_owned(),
                    Value::Text(out.join("data").to_string_lossy().into_owned()),
                ));
            }
            // Last, so that an arm may change even these.
            for set in &arm.sets {
                sets.push(Recipe::parse_setting(set).map_err(wrong)?);
            }
            let folder = cell_folder(out, arm, seed);
            cells.push(PlannedCell {
                arm: index,
                seed,
                folder,
                recipe: recipe.with(&sets).map_err(wrong)?,
            });
        }
    }
    Ok(cells)
}

/// Keys in which the recipes of two cells with the same seed differ.
pub(super) fn differing_keys(left: &Recipe, right: &Recipe) -> Vec<String> {
    let key = |line: String| {
        line.split_once(':')
            .map_or(line.clone(), |(key, _)| key.to_owned())
    };
    left.differences(right).into_iter().map(key).collect()
}
