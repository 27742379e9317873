use std::{
    fs,
    path::{Path, PathBuf},
};

use pliant_lab::{SweepError, sweep::SweepRecipe};
use pliant_train::{Recipe, Sources};
use serde::Serialize;

use super::context::Context;
use crate::{
    arguments::recipe::{Check, RecipeVerb, Show},
    exit::Failure,
};

pub(crate) fn run(verb: &RecipeVerb, context: &Context) -> Result<(), Failure> {
    match verb {
        RecipeVerb::Show(arguments) => show(arguments, context),
        RecipeVerb::Check(arguments) => check(arguments, context),
        RecipeVerb::Schema(_) => schema(context),
    }
}

#[derive(Serialize)]
struct Shown {
    /// The complete recipe as TOML, in the form in which a run saves it.
    recipe: String,
}

fn show(arguments: &Show, context: &Context) -> Result<(), Failure> {
    let sources = Sources {
        file: arguments.recipe.clone(),
        settings: arguments.set.clone(),
    };
    let shown = Shown {
        recipe: Recipe::resolve(&sources)?.to_toml(None),
    };
    context.output.result(&shown, |_| shown.recipe.clone())
}

#[derive(Serialize)]
struct Checked {
    recipes: Vec<CheckedFile>,
}

#[derive(Serialize)]
struct CheckedFile {
    file: PathBuf,
    arms: Vec<String>,
    /// Whether it is the recipe of a sweep.
    sweep: bool,
}

fn check(arguments: &Check, context: &Context) -> Result<(), Failure> {
    let mut checked = Checked {
        recipes: Vec::new(),
    };
    for file in &arguments.files {
        checked.recipes.push(checked_file(file)?);
    }
    context.output.result(&checked, |_| {
        let line = |recipe: &CheckedFile| match recipe.arms.as_slice() {
            arms if recipe.sweep => format!(
                "{}: sound, a sweep of {}\n",
                recipe.file.display(),
                arms.join(" and ")
            ),
            [] => format!("{}: sound\n", recipe.file.display()),
            arms => format!(
                "{}: sound, a comparison of {}\n",
                recipe.file.display(),
                arms.join(" and ")
            ),
        };
        checked.recipes.iter().map(line).collect()
    })
}

fn checked_file(file: &Path) -> Result<CheckedFile, Failure> {
    // What cannot be read is told by the reader of recipes.
    let sweep = fs::read_to_string(file).is_ok_and(|text| SweepRecipe::is_one(&text));
    let arms = if sweep {
        let recipe = SweepRecipe::read(file).map_err(SweepError::from)?;
        recipe.models.into_iter().map(|model| model.name).collect()
    } else {
        let sources = Sources {
            file: Some(file.to_owned()),
            settings: Vec::new(),
        };
        let recipe = Recipe::resolve(&sources)?;
        recipe.arms.into_iter().map(|arm| arm.name).collect()
    };
    Ok(CheckedFile {
        file: file.to_owned(),
        arms,
        sweep,
    })
}

/// The schema is a JSON document, with and without `--json`.
fn schema(context: &Context) -> Result<(), Failure> {
    let schema = pliant_train::recipe::schema();
    context.output.result(&schema, |_| format!("{schema:#}\n"))
}
