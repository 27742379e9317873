//! Recipe files that name something on the Hub: a copy with paths in place of the names is read instead.

use std::path::{Path, PathBuf};

use pliant_hub::repository::{PREFIX, Wanted};
use pliant_train::TemporaryFolder;
use toml::{Table, Value};

use super::local;
use crate::{
    command::context::Context,
    exit::{Code, Failure},
};

/// Puts a copy in the place of a recipe file in which names of the Hub stand; the folder that is returned holds it and goes when it
/// is dropped. Names count wherever a key is called `corpus`, `tokenizer`, `start` or `folder` (of a model), and `data` (of tasks).
pub(super) fn resolve(
    recipe: &mut Option<PathBuf>,
    context: &Context,
) -> Result<Option<TemporaryFolder>, Failure> {
    let Some(path) = recipe else {
        return Ok(None);
    };
    // What is missing or no TOML the reader of recipes tells better.
    let Ok(text) = std::fs::read_to_string(&*path) else {
        return Ok(None);
    };
    if !text.contains(PREFIX) {
        return Ok(None);
    }
    let Ok(mut document) = text.parse::<Table>() else {
        return Ok(None);
    };
    let tasks = tasks(&document);
    if !replace(&mut document, &tasks, context)? {
        return Ok(None);
    }
    let folder = TemporaryFolder::new("recipe")?;
    let name = path
        .file_name()
        .map_or_else(|| "recipe.toml".into(), PathBuf::from);
    let copy = folder.path().join(name);
    std::fs::write(&copy, document.to_string()).map_err(|error| {
        Failure::new(
            Code::Failed,
            format_args!("cannot write {}: {error}", copy.display()),
        )
    })?;
    *path = copy;
    Ok(Some(folder))
}

/// Names of the tasks of a sweep.
fn tasks(document: &Table) -> Vec<String> {
    let listed = document
        .get("sweep")
        .and_then(|sweep| sweep.get("tasks"))
        .and_then(Value::as_array);
    listed
        .into_iter()
        .flatten()
        .filter_map(|task| task.as_str().map(str::to_owned))
        .collect()
}

/// Replaces the names in a table and in those within it; whether there were any.
fn replace(table: &mut Table, tasks: &[String], context: &Context) -> Result<bool, Failure> {
    let mut found = false;
    for (key, value) in table.iter_mut() {
        match value {
            Value::Table(inner) => found |= replace(inner, tasks, context)?,
            Value::Array(list) => {
                for inner in list.iter_mut().filter_map(Value::as_table_mut) {
                    found |= replace(inner, tasks, context)?;
                }
            }
            Value::String(name) if name.starts_with(PREFIX) => {
                if let Some(path) = place(key, name, tasks, context)? {
                    path.clone_into(name);
                    found = true;
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// The path for a name behind a key; none behind a key that names no place.
fn place(
    key: &str,
    name: &str,
    tasks: &[String],
    context: &Context,
) -> Result<Option<String>, Failure> {
    let wanted = match key {
        "corpus" => vec![Wanted::Text],
        "tokenizer" => vec![Wanted::Tokenizer],
        "start" | "folder" => vec![Wanted::Model],
        "data" => {
            let rows = |task: &String| Wanted::Rows { task: task.clone() };
            tasks.iter().map(rows).collect()
        }
        _ => Vec::new(),
    };
    let mut found = None;
    for wanted in &wanted {
        found = local(Path::new(name), wanted, context)?;
    }
    match found {
        Some(path) => super::text(&path).map(|path| Some(path.to_owned())),
        None => Ok(None),
    }
}
