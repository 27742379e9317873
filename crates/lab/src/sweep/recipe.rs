//! The recipe of a sweep: the grid and what all its cells share, in TOML.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pliant_nn::Precision;
use pliant_train::recipe::{
    ANY, Document, Form, Origin, RecipeError, Value, Values, above, at_least, below, between,
    differences, origin_of, read_document, reference_table,
};
use pliant_train::recipe_table;

use super::choice::{Dimension, Modes, Order, Seeds, Size, Sizes, Tasks};
use super::rates::Rates;
use crate::SeedList;

/// Keys of a table with their values; none where unset.
type Entries = Vec<(&'static str, Option<Value>)>;

/// The seeds that a recipe without `sweep.seeds` runs.
fn default_seeds() -> Seeds {
    #[expect(clippy::expect_used, reason = "the text stands here")]
    Seeds("1-10".parse::<SeedList>().expect("a range of seeds"))
}

recipe_table! {
    /// The grid. Relative paths start at the working directory.
    pub struct SweepTable in "sweep" {
        /// Tasks, e.g. `["cola", "rte"]`.
        tasks: Tasks = Tasks::default(), ANY;
        /// Which parameters train, e.g. `["full", "head"]`; the modes of `pliant finetune --mode`.
        modes: Modes = Modes(vec!["full".to_owned()]), ANY;
        /// Numbers of training examples, or `"all"`: e.g. `[100, "all"]`.
        sizes: Sizes = Sizes(vec![Size::All]), between(1.0, 1e9);
        /// Seeds, as a list or range: `"1-10"`. A seed draws the examples, their order, the head and dropout.
        seeds: Seeds = default_seeds(), ANY;
        /// Folder of the tasks' data: the GLUE folder, or for a single task its own.
        data: PathBuf = PathBuf::new(), ANY;
        /// `paper` (75 % of the training file trains, the rest validates, the official development part tests) or `standard`
        /// (the official development part validates).
        protocol: String = "paper".to_owned(), ANY;
        /// Whether a number of examples is drawn with the labels' shares kept.
        stratified: bool = false, ANY;
        /// Most rows of a test part; a fixed subset, the same in every cell. Not set: all rows.
        test_cap: Option<usize> = None, between(1.0, 1e9);
        /// Order of the cells, the outermost direction first; inside a direction the lists' own order. The cells of a sweep that
        /// is stopped early are the first of this order.
        order: Order = Order(Dimension::ALL.to_vec()), ANY;
        /// Whether cells keep their fine-tuned weights. Activation curves and results are kept either way.
        keep_models: bool = false, ANY;
    }
}

recipe_table! {
    /// Training, over the defaults that each task and size has of its own (`pliant finetune --help`).
    pub struct FinetuneTable in "finetune" {
        /// Passes over the training part.
        epochs: Option<u64> = None, between(1.0, 1e6);
        /// Sequences per step.
        batch: Option<usize> = None, between(1.0, 1e6);
        /// Sequences that go through the model at once. Not set: the whole batch.
        micro_batch: Option<usize> = None, between(1.0, 1e6);
        /// Longest sequence, in tokens.
        max_length: Option<usize> = None, between(8.0, 1e6);
        /// Validations without a new best after which training ends; 0: never.
        patience: Option<u64> = None, at_least(0.0);
        /// Decay of weight matrices and embeddings.
        weight_decay: Option<f64> = None, at_least(0.0);
        /// Decay of the activation coefficients.
        activation_weight_decay: Option<f64> = None, at_least(0.0);
        /// Probability of dropping hidden values and attention weights.
        dropout: Option<f64> = None, below(0.0, 1.0);
        /// What the operands of matrix products are rounded to: `f32` or `bf16`.
        precision: Option<Precision> = None, ANY;
    }
}

recipe_table! {
    /// The search for learning rates. Trial `k` takes the `k`-th entry of each list that is not empty, and the task's default
    /// where a list is. Each arm has the same number of trials; an arm may have lists of its own.
    pub struct TuningTable in "tuning" {
        /// Factors on the default rates of the mode and task, e.g. `[0.3, 1.0, 3.0]`: the search for a sweep of several modes, whose
        /// rates differ by orders of magnitude.
        scales: Vec<f64> = Vec::new(), above(0.0);
        /// Rates of the encoder's weights, e.g. `[2e-5, 5e-5]`.
        learning_rates: Vec<f64> = Vec::new(), at_least(0.0);
        /// Rates of the head.
        head_learning_rates: Vec<f64> = Vec::new(), at_least(0.0);
        /// Rates of the activation coefficients.
        activation_learning_rates: Vec<f64> = Vec::new(), at_least(0.0);
        /// Rates of adapters.
        adapter_learning_rates: Vec<f64> = Vec::new(), at_least(0.0);
        /// How many of the seeds, from the first on, run every trial; the other seeds run the trial with the best mean validation
        /// score over these.
        seeds: usize = 1, between(1.0, 1e4);
    }
}

recipe_table! {
    /// An arm: a list of `[[model]]` tables, the baseline first.
    pub struct ModelTable in "model" {
        /// Name in tables.
        name: String = String::new(), ANY;
        /// Folder of the pre-trained model.
        folder: PathBuf = PathBuf::new(), ANY;
        /// Factors on the default rates for this arm alone; as many as the others have.
        scales: Vec<f64> = Vec::new(), above(0.0);
        /// Rates of the encoder's weights for this arm alone.
        learning_rates: Vec<f64> = Vec::new(), at_least(0.0);
        /// Rates of the head for this arm alone.
        head_learning_rates: Vec<f64> = Vec::new(), at_least(0.0);
        /// Rates of the activation coefficients for this arm alone.
        activation_learning_rates: Vec<f64> = Vec::new(), at_least(0.0);
        /// Rates of adapters for this arm alone.
        adapter_learning_rates: Vec<f64> = Vec::new(), at_least(0.0);
    }
}

/// A complete, checked recipe of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepRecipe {
    /// `[sweep]`
    pub sweep: SweepTable,
    /// `[finetune]`
    pub finetune: FinetuneTable,
    /// `[tuning]`
    pub tuning: TuningTable,
    /// `[[model]]`
    pub models: Vec<ModelTable>,
}

impl SweepRecipe {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`RecipeError`], naming the key and where it stands.
    pub fn read(file: &Path) -> Result<Self, RecipeError> {
        let text = fs::read_to_string(file).map_err(|source| RecipeError::Read {
            path: file.to_path_buf(),
            source,
        })?;
        Self::parse(file, &text)
    }

    /// Whether a text is a recipe of a sweep, as opposed to one of a run.
    pub fn is_one(text: &str) -> bool {
        text.parse::<toml::Table>()
            .is_ok_and(|table| table.contains_key("sweep"))
    }

    /// Reads and checks a text; `name` stands for the file in messages.
    ///
    /// # Errors
    /// See [`SweepRecipe::read`].
    pub fn parse(name: &Path, text: &str) -> Result<Self, RecipeError> {
        let form = Form {
            keys: [
                SweepTable::keys(),
                FinetuneTable::keys(),
                TuningTable::keys(),
            ]
            .concat(),
            lists: vec![("model", ModelTable::keys())],
        };
        let Document { values, mut lists } = read_document(name, text, &form)?;
        let models = lists.remove("model").unwrap_or_default();
        let mut recipe = Self {
            sweep: SweepTable::read(&values)?,
            finetune: FinetuneTable::read(&values)?,
            tuning: TuningTable::read(&values)?,
            models: models
                .iter()
                .map(ModelTable::read)
                .collect::<Result<_, _>>()?,
        };
        recipe.check(name, &values, &models)?;
        let absolute = |path: &mut PathBuf| {
            if let Ok(whole) = std::path::absolute(&*path) {
                *path = whole;
            }
        };
        absolute(&mut recipe.sweep.data);
        recipe
            .models
            .iter_mut()
            .for_each(|model| absolute(&mut model.folder));
        Ok(recipe)
    }

    /// Text of `docs/reference/sweep.md`.
    pub fn reference() -> String {
        let required = ["sweep.tasks", "sweep.data", "model.name", "model.folder"];
        let tables = [
            ("[sweep]", SweepTable::DOCUMENTATION, SweepTable::keys()),
            (
                "[finetune]",
                FinetuneTable::DOCUMENTATION,
                FinetuneTable::keys(),
            ),
            ("[tuning]", TuningTable::DOCUMENTATION, TuningTable::keys()),
            ("[[model]]", ModelTable::DOCUMENTATION, ModelTable::keys()),
        ];
        let mut text = "# Recipe of a sweep\n\n<!-- Generated from the declared keys in crates/lab/src/sweep/recipe.rs; a test holds them together. -->\n\n\
            What `pliant sweep` trains: every model with every task, mode, size and seed. Unknown keys are refused. The output\n\
            folder keeps the complete recipe as `sweep.toml`, which runs again as it is; `pliant recipe check` reads a recipe\n\
            without training.\n"
            .to_owned();
        for (table, documentation, keys) in tables {
            text += &reference_table(table, documentation, &keys, &required);
        }
        text
    }

    /// The learning rates that an arm tries; at least one.
    pub fn trials(&self, model: usize) -> Vec<Rates> {
        let lists = self.lists(model);
        (0..trial_count(&lists))
            .map(|trial| Rates {
                scale: lists[0].get(trial).copied(),
                learning_rate: lists[1].get(trial).copied(),
                head_learning_rate: lists[2].get(trial).copied(),
                activation_learning_rate: lists[3].get(trial).copied(),
                adapter_learning_rate: lists[4].get(trial).copied(),
            })
            .collect()
    }

    /// The number of trials of every arm.
    pub fn trials_per_arm(&self) -> usize {
        trial_count(&self.lists(0))
    }

    /// The arm's own lists where it has some, else the common ones.
    fn lists(&self, model: usize) -> [&[f64]; 5] {
        let common = [
            &self.tuning.scales,
            &self.tuning.learning_rates,
            &self.tuning.head_learning_rates,
            &self.tuning.activation_learning_rates,
            &self.tuning.adapter_learning_rates,
        ];
        let own = self.models.get(model).map(|model| {
            [
                &model.scales,
                &model.learning_rates,
                &model.head_learning_rates,
                &model.activation_learning_rates,
                &model.adapter_learning_rates,
            ]
        });
        [0, 1, 2, 3, 4].map(|index| match own {
            Some(own) if !own[index].is_empty() => own[index].as_slice(),
            _ => common[index].as_slice(),
        })
    }

    /// TOML text of the complete recipe.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        for (table, entries) in self.tables() {
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}[{table}]");
            for (key, value) in entries {
                let _ = match value {
                    Some(value) => writeln!(text, "{key} = {value}"),
                    None => writeln!(text, "# {key}: not set"),
                };
            }
        }
        for model in &self.models {
            let _ = writeln!(text, "\n[[model]]");
            for (key, value) in model.entries() {
                if let Some(value) = value {
                    let _ = writeln!(text, "{key} = {value}");
                }
            }
        }
        text
    }

    /// Keys in which two recipes differ, with both values.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        differences(&self.flat(), &other.flat())
    }

    fn tables(&self) -> Vec<(&'static str, Entries)> {
        vec![
            ("sweep", self.sweep.entries()),
            ("finetune", self.finetune.entries()),
            ("tuning", self.tuning.entries()),
        ]
    }

    fn flat(&self) -> Vec<(String, String)> {
        let text = |value: Option<Value>| {
            value.map_or_else(|| "not set".to_owned(), |value| value.to_string())
        };
        let single = self.tables().into_iter().flat_map(|(table, entries)| {
            entries
                .into_iter()
                .map(move |(key, value)| (format!("{table}.{key}"), value))
        });
        let models = self.models.iter().flat_map(|model| {
            model
                .entries()
                .into_iter()
                .map(|(key, value)| (format!("model.{}.{key}", model.name), value))
        });
        let names = self
            .models
            .iter()
            .map(|model| Value::Text(model.name.clone()));
        let arms = ("model".to_owned(), Some(Value::List(names.collect())));
        single
            .chain([arms])
            .chain(models)
            .map(|(key, value)| (key, text(value)))
            .collect()
    }

    fn check(&self, file: &Path, values: &Values, models: &[Values]) -> Result<(), RecipeError> {
        let start = || Origin::File {
            file: file.to_path_buf(),
            line: 1,
            column: 1,
        };
        let fault = |key: &str, message: String, remedy: Option<&str>| {
            let origin = match origin_of(values, key) {
                Origin::Default => start(),
                origin => origin,
            };
            Err(RecipeError::Inconsistent {
                origin,
                message,
                remedy: remedy.map(str::to_owned),
            })
        };
        let sweep = &self.sweep;
        let no_repeats = |key: &str, names: Vec<String>| match repeated(&names) {
            Some(name) => fault(key, format!("`{key}` has {name} twice"), None),
            None if names.is_empty() => fault(key, format!("`{key}` is empty"), None),
            None => Ok(()),
        };
        if sweep.tasks.0.is_empty() {
            return fault(
                "sweep.tasks",
                "the sweep has no tasks".to_owned(),
                Some("list them: tasks = [\"rte\"] under [sweep]"),
            );
        }
        no_repeats("sweep.tasks", sweep.tasks.0.clone())?;
        no_repeats("sweep.modes", sweep.modes.0.clone())?;
        no_repeats(
            "sweep.sizes",
            sweep.sizes.0.iter().map(Size::to_string).collect(),
        )?;
        let order: Vec<String> = sweep.order.0.iter().map(Dimension::to_string).collect();
        no_repeats("sweep.order", order)?;
        if sweep.order.0.len() != Dimension::ALL.len() {
            return fault(
                "sweep.order",
                "`sweep.order` does not name every direction".to_owned(),
                Some("the directions are seed, size, mode, task, model"),
            );
        }
        if sweep.data.as_os_str().is_empty() {
            return fault(
                "sweep.data",
                "`sweep.data` is not set".to_owned(),
                Some("name the GLUE folder: data = \"…\" under [sweep]"),
            );
        }
        if !["paper", "standard"].contains(&sweep.protocol.as_str()) {
            return fault(
                "sweep.protocol",
                format!("`sweep.protocol` is `{}`", sweep.protocol),
                Some("it is `paper` or `standard`"),
            );
        }
        if self.models.is_empty() {
            return fault(
                "model",
                "the sweep has no models".to_owned(),
                Some("add [[model]] tables with `name` and `folder`, the baseline first"),
            );
        }
        if self.tuning.seeds > sweep.seeds.0.as_slice().len() {
            return fault(
                "tuning.seeds",
                format!(
                    "`tuning.seeds` is {}, more than the {} seeds of the sweep",
                    self.tuning.seeds,
                    sweep.seeds.0.as_slice().len()
                ),
                Some(
                    "the rates are tried on the first of the sweep's seeds: give more seeds, or try on fewer",
                ),
            );
        }
        self.check_models(models, &start())
    }

    fn check_models(&self, values: &[Values], start: &Origin) -> Result<(), RecipeError> {
        let empty = Values::new();
        for (index, model) in self.models.iter().enumerate() {
            let own = values.get(index).unwrap_or(&empty);
            let fault = |key: &str, message: String, remedy: Option<String>| {
                // A table without the key is found by any other of its keys.
                let origin = match origin_of(own, key) {
                    Origin::Default => own
                        .values()
                        .next()
                        .map_or_else(|| start.clone(), |located| located.origin.clone()),
                    origin => origin,
                };
                Err(RecipeError::Inconsistent {
                    origin,
                    message,
                    remedy,
                })
            };
            if model.name.trim().is_empty() {
                return fault(
                    "model.name",
                    format!("[[model]] table {} has no name", index + 1),
                    None,
                );
            }
            if self.models[..index]
                .iter()
                .any(|other| other.name == model.name)
            {
                return fault(
                    "model.name",
                    format!("two models are named `{}`", model.name),
                    None,
                );
            }
            if model.folder.as_os_str().is_empty() {
                return fault(
                    "model.folder",
                    format!("model `{}` has no folder", model.name),
                    None,
                );
            }
            let lists = self.lists(index);
            let count = trial_count(&lists);
            if lists
                .iter()
                .any(|list| !list.is_empty() && list.len() != count)
            {
                return fault(
                    "model.learning_rates",
                    format!("the lists of learning rates of `{}` are not equally long", model.name),
                    Some("trial k takes the k-th entry of each list: repeat a rate that does not change".to_owned()),
                );
            }
            let first = self.trials_per_arm();
            if count != first {
                return fault(
                    "model.learning_rates",
                    format!(
                        "`{}` has {count} trials where `{}` has {first}",
                        model.name, self.models[0].name
                    ),
                    Some("give each arm the same number of trials; a comparison of unequal searches proves nothing".to_owned()),
                );
            }
        }
        Ok(())
    }
}

fn trial_count(lists: &[&[f64]; 5]) -> usize {
    lists
        .iter()
        .map(|list| list.len())
        .max()
        .unwrap_or(0)
        .max(1)
}

fn repeated(names: &[String]) -> Option<&String> {
    names
        .iter()
        .enumerate()
        .find(|(index, name)| names[..*index].contains(name))
        .map(|(_, name)| name)
}
