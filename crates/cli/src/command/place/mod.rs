//! Where what an argument names lies: a path as it stands, `hub:owner/name` once it is fetched.
//!
//! No other part of the program resolves such names; the libraries are given paths.

mod file;

use std::path::{Path, PathBuf};

use pliant_hub::{
    HubError,
    repository::{self, PREFIX, RepositoryName, Settings, Transfer, Wanted},
};
use pliant_train::{Recipe, TemporaryFolder, recipe::Value};

use super::context::Context;
use crate::{
    arguments::{Verb, bench::Bench, finetune::Rows, recipe::RecipeVerb},
    exit::Failure,
    render::{screen::Interruption, transfer},
};

/// Settings that may name something on the Hub.
const KEYS: [(&str, Wanted); 3] = [
    ("data.corpus", Wanted::Text),
    ("data.tokenizer", Wanted::Tokenizer),
    ("model.start", Wanted::Model),
];

/// Puts paths in the place of all names of the Hub among the arguments of a verb, and in the recipe that it reads: a copy, in the
/// folder that is returned.
pub(super) fn resolve(
    verb: &mut Verb,
    context: &Context,
) -> Result<Option<TemporaryFolder>, Failure> {
    arguments(verb, context)?;
    match verb {
        Verb::Pretrain(verb) => file::resolve(&mut verb.recipe, context),
        Verb::Recipe(RecipeVerb::Show(verb)) => file::resolve(&mut verb.recipe, context),
        Verb::Compare(verb) => file::resolve(&mut verb.recipe, context),
        // A plan names the recipe as it stands; the commands that it prints see to the names.
        Verb::Sweep(verb) if verb.plan.is_none() => file::resolve(&mut verb.recipe, context),
        _ => Ok(None),
    }
}

fn arguments(verb: &mut Verb, context: &Context) -> Result<(), Failure> {
    let place = |path: &mut PathBuf, wanted: Wanted| -> Result<(), Failure> {
        if let Some(local) = local(path, &wanted, context)? {
            *path = local;
        }
        Ok(())
    };
    let model = |model: &mut PathBuf, adapter: &mut Option<PathBuf>| {
        place(model, Wanted::Model)?;
        match adapter {
            Some(adapter) => place(adapter, Wanted::Adapter),
            None => Ok(()),
        }
    };
    let rows = |data: &mut Option<PathBuf>, task: Option<&String>| match data {
        Some(data) => {
            let task = task.cloned().unwrap_or_default();
            place(data, Wanted::Rows { task })
        }
        None => Ok(()),
    };
    match verb {
        Verb::Predict(verb) => model(&mut verb.model, &mut verb.adapter),
        Verb::Export(verb) => model(&mut verb.model, &mut verb.adapter),
        Verb::Serve(verb) => model(&mut verb.model, &mut verb.adapter),
        Verb::Tokenize(verb) => place(&mut verb.tokenizer, Wanted::Tokenizer),
        Verb::Eval(verb) => {
            model(&mut verb.model, &mut verb.rows.adapter)?;
            if let Some(corpus) = &mut verb.text.corpus {
                place(corpus, Wanted::Text)?;
            }
            rows(&mut verb.rows.data, verb.rows.task.as_ref())
        }
        Verb::Finetune(verb) => {
            place(&mut verb.model, Wanted::Model)?;
            let Rows {
                task,
                data,
                train,
                validation,
                test,
                ..
            } = &mut verb.rows;
            for data in [data, train, validation, test] {
                rows(data, task.as_ref())?;
            }
            Ok(())
        }
        Verb::Convert(verb) => {
            place(&mut verb.from, Wanted::Model)?;
            match &mut verb.corpus {
                Some(corpus) => place(corpus, Wanted::Text),
                None => Ok(()),
            }
        }
        Verb::Freeze(verb) => place(&mut verb.from, Wanted::Model),
        Verb::Shapes(verb) => {
            for run in verb.runs.iter_mut().chain(&mut verb.against) {
                place(run, Wanted::Model)?;
            }
            Ok(())
        }
        Verb::Bench(Bench::Data(verb)) => {
            place(&mut verb.corpus, Wanted::Text)?;
            place(&mut verb.vocabulary, Wanted::Tokenizer)
        }
        Verb::Pretrain(verb) => {
            let places = places(&verb.set, context)?;
            verb.set.extend(places);
            Ok(())
        }
        Verb::Recipe(RecipeVerb::Show(verb)) => {
            let places = places(&verb.set, context)?;
            verb.set.extend(places);
            Ok(())
        }
        Verb::Compare(verb) => {
            let mut given = Vec::new();
            if let Some(corpus) = &mut verb.corpus {
                place(corpus, Wanted::Text)?;
                given.push(format!("data.corpus={}", text(corpus)?));
            }
            given.extend_from_slice(&verb.set);
            let places = places(&given, context)?;
            verb.set.extend(places);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Settings with a path for each name of the Hub that counts among those `given`: the last of each key.
fn places(given: &[String], context: &Context) -> Result<Vec<String>, Failure> {
    let mut places = Vec::new();
    for (key, wanted) in &KEYS {
        let mut name = None;
        for setting in given {
            if let (path, Value::Text(value)) = Recipe::parse_setting(setting)?
                && path == *key
            {
                name = Some(value);
            }
        }
        if let Some(name) = name
            && let Some(path) = local(Path::new(&name), wanted, context)?
        {
            places.push(format!("{key}={}", text(&path)?));
        }
    }
    Ok(places)
}

/// A path that is to stand in a recipe.
fn text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| {
        Failure::usage(format_args!(
            "{}: a path in a recipe must be UTF-8",
            path.display()
        ))
        .hint("rename it, or link to it under another name")
    })
}

/// Where a name of the Hub lies; none where the path is no such name.
fn local(path: &Path, wanted: &Wanted, context: &Context) -> Result<Option<PathBuf>, Failure> {
    let Some(name) = path.to_str().filter(|name| name.starts_with(PREFIX)) else {
        return Ok(None);
    };
    let name: RepositoryName = name.parse().map_err(HubError::from)?;
    let settings = Settings::from_environment().map_err(HubError::from)?;
    let mut screen = context.screen(Interruption::Leaves);
    let mut tell = |file: &Transfer| screen.note(&transfer::fetched(file));
    let fetched = repository::fetch(&name, wanted, &settings, &mut tell);
    screen.clear();
    Ok(Some(fetched.map_err(HubError::from)?))
}
