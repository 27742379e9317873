//! The reference page of the recipe, from the declared keys.

use std::fmt::Write;

use pliant_nn::Preset;

use super::convert::preset_table;
use super::key::Key;
use super::limits::ANY;
use super::table::{
    ActivationTable, Arm, CheckpointTable, DataTable, Group, ModelTable, OptimizerTable,
    TrainTable, ValidationTable,
};
use super::{Origin, Recipe, Sources};

/// Every table with its name in TOML, documentation and keys, in order.
pub(crate) fn documented() -> Vec<(&'static str, &'static str, Vec<Key>)> {
    vec![
        ("[model]", ModelTable::DOCUMENTATION, ModelTable::keys()),
        (
            "[activation]",
            ActivationTable::DOCUMENTATION,
            ActivationTable::keys(),
        ),
        ("[data]", DataTable::DOCUMENTATION, DataTable::keys()),
        ("[train]", TrainTable::DOCUMENTATION, TrainTable::keys()),
        (
            "[optimizer]",
            OptimizerTable::DOCUMENTATION,
            OptimizerTable::keys(),
        ),
        ("[[optimizer.group]]", Group::DOCUMENTATION, Group::keys()),
        (
            "[checkpoint]",
            CheckpointTable::DOCUMENTATION,
            CheckpointTable::keys(),
        ),
        (
            "[validation]",
            ValidationTable::DOCUMENTATION,
            ValidationTable::keys(),
        ),
        ("[[arm]]", Arm::DOCUMENTATION, Arm::keys()),
    ]
}

/// Text of `docs/reference/recipe.md`.
///
/// # Errors
/// A preset that cannot be built.
pub fn reference() -> Result<String, super::RecipeError> {
    let mut text = String::from(
        "# Recipe\n\n<!-- Generated from the declared keys in crates/train/src/recipe/table.rs; a test holds them together. -->\n\n\
         A recipe is a TOML file that says everything about a run. Sources override each other in this order: defaults,\n\
         the preset (`model.preset`), the file, `--set key=value`. Unknown keys are refused. Every run saves its complete\n\
         recipe as `recipe.toml`, which runs again as it is. `pliant recipe show` prints it, `pliant recipe check` reads a\n\
         file without running it, `pliant recipe schema` prints a JSON schema for editors.\n",
    );
    for (table, documentation, keys) in documented() {
        let required = ["optimizer.group.name", "arm.name", "arm.set"];
        text += &reference_table(table, documentation, &keys, &required);
        if table == "[model]" {
            presets(&mut text)?;
        }
        if table == "[[optimizer.group]]" {
            text.push_str(&default_groups()?);
        }
    }
    Ok(text)
}

/// A table of a recipe with its keys, as Markdown; `required` names the keys that must be set.
pub fn reference_table(
    table: &str,
    documentation: &str,
    keys: &[Key],
    required: &[&str],
) -> String {
    let mut text = format!(
        "\n## `{table}`\n\n{}\n\n| key | value | default | meaning |\n|---|---|---|---|\n",
        paragraph(documentation)
    );
    for key in keys {
        let name = key.path.rsplit('.').next().unwrap_or("");
        let value = if key.limits == ANY {
            key.kind.to_string()
        } else {
            format!("{}, {}", key.kind, key.limits)
        };
        let default = match &key.default {
            _ if required.contains(&key.path.as_str()) => "required".to_owned(),
            Some(default) => format!("`{default}`"),
            None => "not set".to_owned(),
        };
        let _ = writeln!(
            text,
            "| `{name}` | {value} | {default} | {} |",
            paragraph(key.documentation)
        );
    }
    text
}

/// Documentation comments as one line.
fn paragraph(documentation: &str) -> String {
    documentation
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

fn presets(text: &mut String) -> Result<(), super::RecipeError> {
    text.push_str(
        "\n| preset | layers | hidden_size | heads | intermediate_size |\n|---|---|---|---|---|\n",
    );
    for preset in Preset::ALL {
        let sizes = preset_table(preset)?;
        let _ = writeln!(
            text,
            "| `{preset}` | {} | {} | {} | {} |",
            sizes.layers, sizes.hidden_size, sizes.heads, sizes.intermediate_size
        );
    }
    Ok(())
}

/// The default list of groups as TOML.
fn default_groups() -> Result<String, super::RecipeError> {
    let toml = Recipe::resolve(&Sources::default())?.to_toml(None);
    let start = toml.find("[[optimizer.group]]").unwrap_or(0);
    let end = toml.find("\n[checkpoint]").unwrap_or(toml.len());
    let groups = toml.get(start..end).ok_or(super::RecipeError::Syntax {
        origin: Origin::Default,
        message: "the default groups cannot be printed".to_owned(),
    })?;
    Ok(format!(
        "\nThe default list:\n\n```toml\n{}\n```\n",
        groups.trim_end()
    ))
}
