use std::path::PathBuf;

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
}

fn check(arguments: &Check, context: &Context) -> Result<(), Failure> {
    let mut checked = Checked {
        recipes: Vec::new(),
    };
    for file in &arguments.files {
        let sources = Sources {
            file: Some(file.clone()),
            settings: Vec::new(),
        };
        let recipe = Recipe::resolve(&sources)?;
        let arms = recipe.arms.iter().map(|arm| arm.name.clone()).collect();
        checked.recipes.push(CheckedFile {
            file: file.clone(),
            arms,
        });
    }
    context.output.result(&checked, |_| {
        let line = |recipe: &CheckedFile| match recipe.arms.as_slice() {
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

/// The schema is a JSON document, with and without `--json`.
fn schema(context: &Context) -> Result<(), Failure> {
    let schema = pliant_train::recipe::schema();
    context.output.result(&schema, |_| format!("{schema:#}\n"))
}
