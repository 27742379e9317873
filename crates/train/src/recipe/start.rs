//! A run that begins with the weights of another model: that model decides sizes and functions.

use std::path::{Path, PathBuf};

use pliant_nn::ModelConfig;

use super::RecipeError;
use super::convert::table_of;
use super::key::{self, origin};
use super::limits;
use super::table::{ActivationTable, DataTable};
use super::value::{Located, Origin, Values};

/// The key that names the folder.
pub(crate) const KEY: &str = "model.start";

/// Keys on which a run may differ from the model it begins with.
const FREE: [&str; 5] = [
    KEY,
    "model.preset",
    "model.dropout",
    "model.attention_dropout",
    "model.initialisation",
];

/// Keys of functions that a model may lack.
const ADDITIONS: [&str; 2] = [
    "activation.feed_forward_input",
    "activation.attention_output",
];

/// What the model that `values` name decides; none where they name none.
pub(crate) fn decided(values: &Values) -> Result<Option<Values>, RecipeError> {
    let folder: Option<PathBuf> = key::read(values, KEY, limits::ANY, || None)?;
    let Some(folder) = folder else {
        return Ok(None);
    };
    let config = ModelConfig::load(&folder).map_err(|source| RecipeError::Model {
        origin: origin(values, KEY),
        source,
    })?;
    let own = Origin::Start(folder.clone());
    let entries = tables(&config, &folder)
        .into_iter()
        .flat_map(|(table, entries)| {
            entries
                .into_iter()
                .map(move |(key, value)| (format!("{table}.{key}"), value))
        });
    Ok(Some(
        entries
            .filter(|(key, _)| key != KEY && key != "model.preset")
            .filter_map(|(key, value)| {
                let located = Located {
                    value: value?,
                    origin: own.clone(),
                };
                Some((key, located))
            })
            .collect(),
    ))
}

/// Refuses keys that contradict the model that a run begins with.
pub(crate) fn agree(given: &Values, decided: &Values) -> Result<(), RecipeError> {
    for (key, located) in given {
        if FREE.contains(&key.as_str()) || key.starts_with("data.") {
            continue;
        }
        let message = match decided.get(key) {
            Some(own) if own.value != located.value => format!(
                "`{key}` is {}, but {} has {}",
                located.value, own.origin, own.value
            ),
            None if ADDITIONS.contains(&key.as_str()) => format!(
                "`{key}` is {}, but the model that the run begins with has no such function",
                located.value
            ),
            _ => continue,
        };
        return Err(RecipeError::Inconsistent {
            origin: located.origin.clone(),
            message,
            remedy: Some(format!(
                "leave `{key}` out: a run has the sizes and functions of the model it begins with"
            )),
        });
    }
    Ok(())
}

/// The keys that a model decides, with their values.
fn tables(config: &ModelConfig, folder: &Path) -> Vec<(&'static str, super::Entries)> {
    let activation = ActivationTable {
        function: config.activation.clone(),
        layers: config.sites.clone().with_pooler(false),
        pooler: config.sites.pooler(),
        fixed: config.fixed_activation.clone(),
        feed_forward_input: config.additions.feed_forward_input.clone(),
        attention_output: config.additions.attention_output.clone(),
    };
    let tokenizer = folder.join("tokenizer.json");
    let data = tokenizer
        .is_file()
        .then(|| tokenizer.to_string_lossy().into_owned())
        .map(|tokenizer| DataTable {
            tokenizer,
            ..DataTable::default()
        });
    let mut tables = vec![
        ("model", table_of(config).entries()),
        ("activation", activation.entries()),
    ];
    if let Some(data) = data {
        let tokenizer = data
            .entries()
            .into_iter()
            .filter(|(key, _)| *key == "tokenizer");
        tables.push(("data", tokenizer.collect()));
    }
    tables
}
