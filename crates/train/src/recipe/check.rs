//! Whether the keys of a recipe fit each other.

use pliant_nn::{ModelError, Role};

use super::error::RecipeError;
use super::key::origin;
use super::source::{GroupSetting, nearest};
use super::table::Group;
use super::value::{Located, Origin, Value, Values};
use super::{Clock, Recipe, Warmup};

/// One source sets the number of steps or a time budget, not both.
pub(crate) fn one_clock(values: &Values) -> Result<(), RecipeError> {
    if values.contains_key("train.steps") && values.contains_key("train.minutes") {
        return Err(RecipeError::Inconsistent {
            origin: origin(values, "train.minutes"),
            message: "`train.steps` and `train.minutes` exclude each other".to_owned(),
            remedy: Some(
                "a run ends after a number of steps or after a time budget: keep one of them"
                    .to_owned(),
            ),
        });
    }
    Ok(())
}

/// Applies `optimizer.group.NAME.KEY=VALUE`.
pub(crate) fn change_group(
    groups: &mut [Values],
    setting: &GroupSetting,
) -> Result<(), RecipeError> {
    let names: Vec<String> = groups.iter().map(name_of).collect();
    let Some(position) = names.iter().position(|name| *name == setting.group) else {
        return Err(RecipeError::Inconsistent {
            origin: setting.located.origin.clone(),
            message: format!("there is no optimizer group `{}`", setting.group),
            remedy: Some(
                match nearest(&setting.group, names.iter().map(String::as_str)) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("the groups are {}", names.join(", ")),
                },
            ),
        });
    };
    groups[position].insert(
        format!("optimizer.group.{}", setting.key),
        setting.located.clone(),
    );
    Ok(())
}

fn name_of(values: &Values) -> String {
    match values.get("optimizer.group.name") {
        Some(Located {
            value: Value::Text(name),
            ..
        }) => name.clone(),
        _ => String::new(),
    }
}

/// Checks everything that needs more than one key.
pub(crate) fn consistent(
    recipe: &Recipe,
    values: &Values,
    groups: &[Values],
    arms: &[Values],
) -> Result<(), RecipeError> {
    let fault = |key: &str, message: String, remedy: Option<String>| {
        Err(RecipeError::Inconsistent {
            origin: origin(values, key),
            message,
            remedy,
        })
    };
    let train = &recipe.train;
    let micro_batch = recipe.micro_batch();
    if !train.batch.is_multiple_of(micro_batch) {
        let divisor = (1..=micro_batch)
            .rev()
            .find(|size| train.batch.is_multiple_of(*size))
            .unwrap_or(1);
        return fault(
            "train.micro_batch",
            format!(
                "`train.micro_batch` is {micro_batch}, which does not divide `train.batch` = {}",
                train.batch
            ),
            Some(format!("{divisor} does")),
        );
    }
    if train.sequence > recipe.model.max_positions {
        return fault(
            "train.sequence",
            format!(
                "`train.sequence` is {}, longer than `model.max_positions` = {}",
                train.sequence, recipe.model.max_positions
            ),
            Some("raise model.max_positions or shorten train.sequence".to_owned()),
        );
    }
    part_of_run(
        recipe,
        recipe.optimizer.warmup,
        "optimizer.warmup",
        &origin(values, "optimizer.warmup"),
    )?;
    let empty = Values::new();
    for (index, group) in recipe.groups.iter().enumerate() {
        check_group(recipe, group, index, groups.get(index).unwrap_or(&empty))?;
    }
    for (index, arm) in recipe.arms.iter().enumerate() {
        let origin = arms
            .get(index)
            .map_or(Origin::Default, |values| origin(values, "arm.name"));
        if arm.name.is_empty() || !is_plain_name(&arm.name) {
            return Err(RecipeError::Inconsistent {
                origin,
                message: format!(
                    "arm {} needs a `name` of letters, digits, `-` and `_`",
                    index + 1
                ),
                remedy: None,
            });
        }
        if recipe.arms[..index]
            .iter()
            .any(|other| other.name == arm.name)
        {
            return Err(RecipeError::Inconsistent {
                origin,
                message: format!("two arms are named `{}`", arm.name),
                remedy: None,
            });
        }
    }
    model(recipe, values)
}

fn is_plain_name(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn check_group(
    recipe: &Recipe,
    group: &Group,
    index: usize,
    values: &Values,
) -> Result<(), RecipeError> {
    let fault = |key: &str, message: String| {
        // A list element has no line of its own: the nearest key of it stands for it.
        let place = match origin(values, &format!("optimizer.group.{key}")) {
            Origin::Default => values
                .values()
                .next()
                .map_or(Origin::Default, |located| located.origin.clone()),
            place => place,
        };
        Err(RecipeError::Inconsistent {
            origin: place,
            message,
            remedy: None,
        })
    };
    if group.name.is_empty() || !is_plain_name(&group.name) {
        return fault(
            "name",
            format!(
                "optimizer group {} needs a `name` of letters, digits, `-` and `_`",
                index + 1
            ),
        );
    }
    if recipe.groups[..index]
        .iter()
        .any(|other| other.name == group.name)
    {
        return fault(
            "name",
            format!("two optimizer groups are named `{}`", group.name),
        );
    }
    if group.roles.is_none() && group.r#match.is_none() {
        return fault(
            "roles",
            format!("optimizer group `{}` needs `roles` or `match`", group.name),
        );
    }
    if group.tied == Some(true) && group.roles.as_deref() != Some(&[Role::Activation]) {
        return fault(
            "tied",
            format!(
                "optimizer group `{}` is tied, which only a group with roles = [\"activation\"] can be",
                group.name
            ),
        );
    }
    for (name, value) in [("warmup", group.warmup), ("hold", group.hold)] {
        if let Some(value) = value {
            let key = format!("optimizer.group.{}.{name}", group.name);
            let origin = origin(values, &format!("optimizer.group.{name}"));
            part_of_run(recipe, value, &key, &origin)?;
        }
    }
    Ok(())
}

/// A part of the run at its beginning fits the run.
fn part_of_run(
    recipe: &Recipe,
    part: Warmup,
    key: &str,
    origin: &Origin,
) -> Result<(), RecipeError> {
    let out_of_range = |found: String, allowed: String| {
        Err(RecipeError::OutOfRange {
            key: key.to_owned(),
            origin: origin.clone(),
            found,
            allowed,
        })
    };
    match (part, recipe.clock()) {
        (Warmup::Fraction(fraction), _) if !(0.0..=1.0).contains(&fraction) => out_of_range(
            fraction.to_string(),
            "a fraction from 0 to 1, or a whole number of steps".to_owned(),
        ),
        (Warmup::Steps(steps), Clock::Steps(all)) if steps > all => out_of_range(
            format!("{steps} steps"),
            format!("at most the run's {all} steps (train.steps)"),
        ),
        (Warmup::Steps(steps), Clock::Minutes(_)) if steps > 0 => out_of_range(
            format!("{steps} steps"),
            "a fraction such as 0.1 in a run with a time budget".to_owned(),
        ),
        _ => Ok(()),
    }
}

/// The model can be built.
fn model(recipe: &Recipe, values: &Values) -> Result<(), RecipeError> {
    let checked = recipe
        .model_config(recipe.data.vocabulary_size)
        .and_then(|config| config.validate());
    checked.map_err(|source| {
        let key = match &source {
            ModelError::Zero { key } | ModelError::OutOfRange { key, .. } => format!("model.{key}"),
            ModelError::Heads { .. } | ModelError::RotaryHeadSize { .. } => {
                "model.heads".to_owned()
            }
            ModelError::SiteOutOfRange { .. } | ModelError::SitesText { .. } => {
                "activation.layers".to_owned()
            }
            _ => "activation.function".to_owned(),
        };
        RecipeError::Model {
            origin: origin(values, &key),
            source,
        }
    })
}
