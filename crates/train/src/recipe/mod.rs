//! The recipe: everything a run is, in TOML.

mod check;
mod choice;
mod convert;
mod error;
mod key;
mod limits;
mod print;
mod reference;
mod schema;
mod source;
mod start;
mod table;
mod value;

use std::fs;
use std::path::{Path, PathBuf};

use pliant_activation::ActivationSpec;
use pliant_nn::Preset;

pub use choice::{DecayTowards, ScheduleShape, Settings, Warmup};
pub use error::RecipeError;
pub use key::{Key, origin as origin_of, plain as field_name, read as read_key};
pub use limits::{ANY, Limits, above, at_least, below, between};
pub use reference::{reference, reference_table};
pub use schema::schema;
pub use source::{Document, Form, nearest, read_document};
pub use table::{
    ACTIVATION_LEARNING_RATE, ActivationTable, Arm, CheckpointTable, DataTable, Group, ModelTable,
    OptimizerTable, TrainTable, ValidationTable,
};
pub use value::{Kind, Located, Origin, RecipeValue, Value, Values};

use source::{Layer, Setting};

/// Steps of a run whose recipe sets neither `train.steps` nor `train.minutes`.
pub const DEFAULT_STEPS: u64 = 2000;

/// Keys of which the later source's counts: one ends the run.
const CLOCKS: [(&str, &str); 2] = [
    ("train.steps", "train.minutes"),
    ("train.minutes", "train.steps"),
];

/// Keys of a table with their values; none where unset.
type Entries = Vec<(&'static str, Option<Value>)>;

/// Every key outside of the lists `[[optimizer.group]]` and `[[arm]]`, in the order of the tables.
pub(crate) fn all_keys() -> Vec<Key> {
    [
        ModelTable::keys(),
        ActivationTable::keys(),
        DataTable::keys(),
        TrainTable::keys(),
        OptimizerTable::keys(),
        CheckpointTable::keys(),
        ValidationTable::keys(),
    ]
    .concat()
}

/// What ends a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clock {
    /// A number of steps.
    Steps(u64),
    /// A budget of training time in minutes.
    Minutes(f64),
}

/// Where a recipe comes from. Later sources override earlier ones: default, preset, file, settings.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// A recipe file.
    pub file: Option<PathBuf>,
    /// Arguments `key=value`, in order.
    pub settings: Vec<String>,
}

/// A complete, checked recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// `[model]`
    pub model: ModelTable,
    /// `[activation]`
    pub activation: ActivationTable,
    /// `[data]`
    pub data: DataTable,
    /// `[train]`
    pub train: TrainTable,
    /// `[optimizer]`
    pub optimizer: OptimizerTable,
    /// `[[optimizer.group]]`
    pub groups: Vec<Group>,
    /// `[checkpoint]`
    pub checkpoint: CheckpointTable,
    /// `[validation]`
    pub validation: ValidationTable,
    /// `[[arm]]`, for comparisons only.
    pub arms: Vec<Arm>,
}

impl Recipe {
    /// Reads, merges and checks the sources.
    ///
    /// # Errors
    /// [`RecipeError`], naming the key and where it stands.
    pub fn resolve(sources: &Sources) -> Result<Self, RecipeError> {
        let file = match &sources.file {
            Some(path) => {
                let text = fs::read_to_string(path).map_err(|source| RecipeError::Read {
                    path: path.clone(),
                    source,
                })?;
                source::parse_file(path, &text)?
            }
            None => Layer::default(),
        };
        Self::merge(file, &sources.settings)
    }

    /// Reads a recipe from text; `name` stands for the file in messages.
    pub fn parse(name: &Path, text: &str, settings: &[String]) -> Result<Self, RecipeError> {
        Self::merge(source::parse_file(name, text)?, settings)
    }

    /// The recipe with keys changed, as an arm or a seed of a comparison does, and without arms.
    ///
    /// # Errors
    /// [`RecipeError`], naming the setting.
    pub fn with(&self, settings: &[(String, Value)]) -> Result<Self, RecipeError> {
        let mut own = source::parse_file(Path::new("recipe"), &self.to_toml(None))?;
        own.arms = None;
        let settings = settings.iter().map(|(path, value)| Setting {
            path: path.clone(),
            value: value.clone(),
            text: format!("{path}={value}"),
        });
        Self::combine(own, source::settings_layer(settings.collect())?)
    }

    /// Splits a `key=value` argument.
    pub fn parse_setting(text: &str) -> Result<(String, Value), RecipeError> {
        source::parse_setting(text)
    }

    fn merge(file: Layer, settings: &[String]) -> Result<Self, RecipeError> {
        let settings = settings
            .iter()
            .map(|text| {
                let (path, value) = source::parse_setting(text)?;
                Ok(Setting {
                    path,
                    value,
                    text: text.clone(),
                })
            })
            .collect::<Result<Vec<_>, RecipeError>>()?;
        Self::combine(file, source::settings_layer(settings)?)
    }

    fn combine(file: Layer, settings: Layer) -> Result<Self, RecipeError> {
        check::one_clock(&file.values)?;
        let mut below = file.values;
        if settings.values.contains_key("model.preset") {
            drop_repeated_sizes(&mut below)?;
        }
        // Another model to begin with replaces what the one in the file decided, as saved recipes have it.
        if settings.values.contains_key(start::KEY) {
            for key in start::decided(&below)?.unwrap_or_default().keys() {
                below.remove(key);
            }
        }
        for (clock, other) in CLOCKS {
            if settings.values.contains_key(clock) {
                below.remove(other);
            }
        }
        let mut values = below;
        values.extend(settings.values);
        let preset: Preset = key::read(&values, "model.preset", limits::ANY, || Preset::Tiny)?;
        let mut merged = preset_values(preset)?;
        if let Some(decided) = start::decided(&values)? {
            start::agree(&values, &decided)?;
            merged.extend(decided);
        }
        merged.extend(values);

        let mut group_values = file.groups;
        if let Some(groups) = &mut group_values {
            for setting in &settings.group_settings {
                check::change_group(groups, setting)?;
            }
        } else if !settings.group_settings.is_empty() {
            let mut groups = Group::defaults()
                .iter()
                .map(group_values_of)
                .collect::<Vec<_>>();
            for setting in &settings.group_settings {
                check::change_group(&mut groups, setting)?;
            }
            group_values = Some(groups);
        }
        let groups = match &group_values {
            Some(groups) => groups.iter().map(Group::read).collect::<Result<_, _>>()?,
            None => Group::defaults(),
        };
        let arms = file.arms.unwrap_or_default();
        let mut recipe = Self {
            model: ModelTable::read(&merged)?,
            activation: ActivationTable::read(&merged)?,
            data: DataTable::read(&merged)?,
            train: TrainTable::read(&merged)?,
            optimizer: OptimizerTable::read(&merged)?,
            groups,
            checkpoint: CheckpointTable::read(&merged)?,
            validation: ValidationTable::read(&merged)?,
            arms: arms.iter().map(Arm::read).collect::<Result<_, _>>()?,
        };
        recipe.complete();
        check::consistent(
            &recipe,
            &merged,
            group_values.as_deref().unwrap_or(&[]),
            &arms,
        )?;
        Ok(recipe)
    }

    /// Fills what depends on other keys, and makes paths absolute.
    fn complete(&mut self) {
        if self.train.steps.is_none() && self.train.minutes.is_none() {
            self.train.steps = Some(DEFAULT_STEPS);
        }
        let absolute = |path: &str| {
            std::path::absolute(path).map_or_else(
                |_| path.to_owned(),
                |path| path.to_string_lossy().into_owned(),
            )
        };
        if self.data.corpus != "generated" {
            self.data.corpus = absolute(&self.data.corpus);
        }
        if self.data.tokenizer != "train" {
            self.data.tokenizer = absolute(&self.data.tokenizer);
        }
        if let Some(start) = &mut self.model.start
            && let Ok(path) = std::path::absolute(&*start)
        {
            *start = path;
        }
        if let Some(cache) = &mut self.data.cache
            && let Ok(path) = std::path::absolute(&*cache)
        {
            *cache = path;
        }
    }

    /// What ends the run.
    pub fn clock(&self) -> Clock {
        match (self.train.minutes, self.train.steps) {
            (Some(minutes), _) => Clock::Minutes(minutes),
            (None, steps) => Clock::Steps(steps.unwrap_or(DEFAULT_STEPS)),
        }
    }

    /// Sequences that go through the model at once.
    pub fn micro_batch(&self) -> usize {
        self.train.micro_batch.unwrap_or(self.train.batch)
    }

    /// The activation of the sites.
    pub fn function(&self) -> &ActivationSpec {
        &self.activation.function
    }

    /// Keys in which two recipes differ, with both values, in the order of the tables.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        differences(&self.flat(), &other.flat())
    }

    /// Every key with its value as text.
    fn flat(&self) -> Vec<(String, String)> {
        let mut flat = Vec::new();
        for (table, entries) in self.tables() {
            for (key, value) in entries {
                flat.push((format!("{table}.{key}"), text_of(value.as_ref())));
            }
        }
        for group in &self.groups {
            for (key, value) in group.entries() {
                flat.push((
                    format!("optimizer.group.{}.{key}", group.name),
                    text_of(value.as_ref()),
                ));
            }
        }
        flat
    }

    /// The tables of single keys with their values.
    pub(crate) fn tables(&self) -> Vec<(&'static str, Entries)> {
        vec![
            ("model", self.model.entries()),
            ("activation", self.activation.entries()),
            ("data", self.data.entries()),
            ("train", self.train.entries()),
            ("optimizer", self.optimizer.entries()),
            ("checkpoint", self.checkpoint.entries()),
            ("validation", self.validation.entries()),
        ]
    }
}

/// Keys in which two documents differ, with both values, in the order of `own`.
pub fn differences(own: &[(String, String)], others: &[(String, String)]) -> Vec<String> {
    let mut differences = Vec::new();
    for (key, value) in own {
        match others.iter().find(|(name, _)| name == key) {
            Some((_, other)) if other == value => {}
            Some((_, other)) => differences.push(format!("{key}: {value} here, {other} there")),
            None => differences.push(format!("{key}: {value} here, absent there")),
        }
    }
    for (key, value) in others {
        if !own.iter().any(|(name, _)| name == key) {
            differences.push(format!("{key}: absent here, {value} there"));
        }
    }
    differences
}

fn text_of(value: Option<&Value>) -> String {
    value.map_or_else(|| "not set".to_owned(), ToString::to_string)
}

/// The keys that a preset decides.
fn preset_values(preset: Preset) -> Result<Values, RecipeError> {
    let sizes = convert::preset_table(preset)?;
    let origin = Origin::Preset(preset.to_string());
    Ok(sizes
        .entries()
        .into_iter()
        .filter_map(|(key, value)| {
            let located = Located {
                value: value?,
                origin: origin.clone(),
            };
            Some((format!("model.{key}"), located))
        })
        .collect())
}

/// A preset chosen by a setting replaces sizes of the file that only repeat the file's own preset, as saved recipes do.
fn drop_repeated_sizes(values: &mut Values) -> Result<(), RecipeError> {
    let preset: Preset = key::read(values, "model.preset", limits::ANY, || Preset::Tiny)?;
    let repeated = preset_values(preset)?;
    values.retain(|key, located| {
        repeated
            .get(key)
            .is_none_or(|preset| preset.value != located.value)
    });
    Ok(())
}

/// A default group as if it stood in a file.
fn group_values_of(group: &Group) -> Values {
    group
        .entries()
        .into_iter()
        .filter_map(|(key, value)| {
            Some((
                format!("optimizer.group.{key}"),
                Located {
                    value: value?,
                    origin: Origin::Default,
                },
            ))
        })
        .collect()
}
