//! The cells of a sweep, in the order of their priority.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::choice::{Dimension, Size};
use super::recipe::SweepRecipe;
use super::runner::{Applies, CellRunner};
use crate::arms::folder_names;

/// The folder of all cells in the folder of a sweep.
const CELLS: &str = "cells";

/// Which learning rates a cell trains with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trial {
    /// Those of this entry of the arm's list.
    Fixed(usize),
    /// Those of the trial that the first seeds found best.
    Winner,
}

/// One fine-tuning run: a point of the grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    /// Where the point lies.
    pub(super) place: Place,
    /// The seed.
    pub(super) seed: u64,
    /// Its learning rates.
    pub(super) trial: Trial,
    /// How people and `--cell` name it: its folder, as far as it is known before the rates are.
    pub(super) id: String,
}

/// A point of the grid without its seed: what a table has one entry for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Index into the recipe's modes.
    pub(super) mode: usize,
    /// Index into its sizes.
    pub(super) size: usize,
    /// Index into its tasks.
    pub(super) task: usize,
    /// Index into its models.
    pub(super) model: usize,
}

/// All cells.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    /// In the order of priority.
    pub(super) cells: Vec<Cell>,
    /// Trials of every arm.
    pub(super) trials: usize,
    names: [Vec<String>; 3],
    sizes: Vec<Size>,
    tuning_seeds: Vec<u64>,
    /// Places without cells of their own: where their results come from, if from anywhere.
    borrowed: BTreeMap<Place, Option<Place>>,
}

impl Grid {
    /// The grid of a recipe; `learnable` says of each arm whether its activations have coefficients.
    pub(super) fn new(recipe: &SweepRecipe, learnable: &[bool], runner: &dyn CellRunner) -> Self {
        let sweep = &recipe.sweep;
        let seeds = sweep.seeds.0.as_slice();
        let mut grid = Self {
            cells: Vec::new(),
            trials: recipe.trials_per_arm(),
            names: [
                folder_names(sweep.tasks.0.iter().map(String::as_str)),
                folder_names(sweep.modes.0.iter().map(String::as_str)),
                folder_names(recipe.models.iter().map(|model| model.name.as_str())),
            ],
            sizes: sweep.sizes.0.clone(),
            tuning_seeds: seeds[..recipe.tuning.seeds.min(seeds.len())].to_vec(),
            borrowed: BTreeMap::new(),
        };
        let counts = sweep.order.0.iter().map(|dimension| match dimension {
            Dimension::Seed => seeds.len(),
            Dimension::Size => sweep.sizes.0.len(),
            Dimension::Mode => sweep.modes.0.len(),
            Dimension::Task => sweep.tasks.0.len(),
            Dimension::Model => recipe.models.len(),
        });
        let counts: Vec<usize> = counts.collect();
        let points: usize = counts.iter().product();
        for point in 0..points {
            let mut rest = point;
            let mut at = [0; 5];
            // The last direction runs fastest.
            for (dimension, count) in sweep.order.0.iter().zip(&counts).rev() {
                at[*dimension as usize] = rest % count;
                rest /= count;
            }
            let index = |dimension: Dimension| at[dimension as usize];
            let place = Place {
                mode: index(Dimension::Mode),
                size: index(Dimension::Size),
                task: index(Dimension::Task),
                model: index(Dimension::Model),
            };
            let seed = seeds[index(Dimension::Seed)];
            let learnable = learnable.get(place.model).copied().unwrap_or(false);
            let mode = |name: &str| sweep.modes.0.iter().position(|mode| mode == name);
            match runner.applies(&sweep.modes.0[place.mode], learnable) {
                Applies::Trains => {}
                Applies::Not => {
                    grid.borrowed.insert(place, None);
                    continue;
                }
                Applies::As(name) => {
                    if let Some(mode) = mode(name) {
                        grid.borrowed.insert(place, Some(Place { mode, ..place }));
                        continue;
                    }
                }
            }
            let trials: Vec<Trial> = if grid.trials == 1 {
                vec![Trial::Fixed(0)]
            } else if grid.tuning_seeds.contains(&seed) {
                (0..grid.trials).map(Trial::Fixed).collect()
            } else {
                vec![Trial::Winner]
            };
            for trial in trials {
                let id = match trial {
                    Trial::Fixed(trial) => grid.id(place, trial, seed),
                    Trial::Winner => format!("{}/seed-{seed}", grid.group(place)),
                };
                grid.cells.push(Cell {
                    place,
                    seed,
                    trial,
                    id,
                });
            }
        }
        grid
    }

    /// The place whose cells hold the results of `place`; `None` where the mode has nothing to train in the arm.
    pub(super) fn source(&self, place: Place) -> Option<Place> {
        self.borrowed.get(&place).copied().unwrap_or(Some(place))
    }

    /// The seeds that run every trial.
    pub(super) fn tuning_seeds(&self) -> &[u64] {
        &self.tuning_seeds
    }

    /// The folder of a place with a trial and a seed.
    pub(super) fn folder(&self, out: &Path, place: Place, trial: usize, seed: u64) -> PathBuf {
        let mut folder = out.join(CELLS);
        folder.extend(self.id(place, trial, seed).split('/'));
        folder
    }

    fn id(&self, place: Place, trial: usize, seed: u64) -> String {
        let group = self.group(place);
        if self.trials == 1 {
            format!("{group}/seed-{seed}")
        } else {
            format!("{group}/trial-{}/seed-{seed}", trial + 1)
        }
    }

    fn group(&self, place: Place) -> String {
        let [tasks, modes, models] = &self.names;
        format!(
            "{}/{}/{}/{}",
            tasks[place.task], modes[place.mode], self.sizes[place.size], models[place.model]
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    fn grid(more: &str) -> Grid {
        let text = format!(
            "[sweep]\ntasks = [\"rte\", \"cola\"]\nmodes = [\"full\", \"bitfit\"]\nsizes = [100]\nseeds = \"1-3\"\ndata = \"glue\"\n{more}\n[[model]]\nname = \"gelu\"\nfolder = \"a\"\n[[model]]\nname = \"rational(5/4)\"\nfolder = \"b\"\n"
        );
        let recipe = SweepRecipe::parse(Path::new("sweep.toml"), &text).unwrap();
        Grid::new(&recipe, &[false, true], &Fake::default())
    }

    fn ids(grid: &Grid) -> Vec<&str> {
        grid.cells.iter().map(|cell| cell.id.as_str()).collect()
    }

    #[test]
    fn pairs_are_complete_early_and_seeds_grow_together() {
        let grid = grid("");
        let ids = ids(&grid);
        assert_eq!(ids.len(), 2 * 2 * 2 * 3);
        assert_eq!(
            ids[..5],
            [
                "rte/full/100/gelu/seed-1",
                "rte/full/100/rational-5-4/seed-1",
                "cola/full/100/gelu/seed-1",
                "cola/full/100/rational-5-4/seed-1",
                "rte/bitfit/100/gelu/seed-1",
            ]
        );
        assert_eq!(ids[8], "rte/full/100/gelu/seed-2");
    }

    #[test]
    fn modes_without_anything_to_train_have_no_cells() {
        let text = "[sweep]\ntasks = [\"rte\"]\nmodes = [\"full\", \"frozen-activations\", \"activations\"]\nsizes = [100]\nseeds = \"1\"\ndata = \"glue\"\n[[model]]\nname = \"gelu\"\nfolder = \"a\"\n[[model]]\nname = \"rational\"\nfolder = \"b\"\n";
        let recipe = SweepRecipe::parse(Path::new("sweep.toml"), text).unwrap();
        let grid = Grid::new(&recipe, &[false, true], &Fake::default());
        assert_eq!(
            ids(&grid),
            [
                "rte/full/100/gelu/seed-1",
                "rte/full/100/rational/seed-1",
                "rte/frozen-activations/100/rational/seed-1",
                "rte/activations/100/rational/seed-1",
            ]
        );
        let place = |mode, model| Place {
            mode,
            size: 0,
            task: 0,
            model,
        };
        assert_eq!(grid.source(place(1, 0)), Some(place(0, 0)));
        assert_eq!(grid.source(place(2, 0)), None);
        assert_eq!(grid.source(place(2, 1)), Some(place(2, 1)));
    }

    #[test]
    fn another_order_is_kept() {
        let grid = grid("order = [\"model\", \"task\", \"mode\", \"size\", \"seed\"]");
        assert_eq!(
            ids(&grid)[..4],
            [
                "rte/full/100/gelu/seed-1",
                "rte/full/100/gelu/seed-2",
                "rte/full/100/gelu/seed-3",
                "rte/bitfit/100/gelu/seed-1",
            ]
        );
    }

    #[test]
    fn the_first_seeds_try_every_rate_and_the_others_the_best() {
        let grid = grid("[tuning]\nlearning_rates = [1e-5, 1e-4]\nseeds = 2");
        let gelu: Vec<&Cell> = grid
            .cells
            .iter()
            .filter(|cell| cell.id.starts_with("rte/full/100/gelu/"))
            .collect();
        let trials: Vec<(u64, Trial)> = gelu.iter().map(|cell| (cell.seed, cell.trial)).collect();
        assert_eq!(
            trials,
            [
                (1, Trial::Fixed(0)),
                (1, Trial::Fixed(1)),
                (2, Trial::Fixed(0)),
                (2, Trial::Fixed(1)),
                (3, Trial::Winner),
            ]
        );
        assert_eq!(gelu[1].id, "rte/full/100/gelu/trial-2/seed-1");
        assert_eq!(gelu[4].id, "rte/full/100/gelu/seed-3");
        assert_eq!(
            grid.folder(Path::new("out"), gelu[4].place, 1, 3),
            Path::new("out/cells/rte/full/100/gelu/trial-2/seed-3")
        );
    }
}
