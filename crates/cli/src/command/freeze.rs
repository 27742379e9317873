use std::path::PathBuf;

use pliant_activation::{ActivationSpec, library};
use pliant_data::Tokenizer;
use pliant_hub::hugging_face::ModelFolder;
use pliant_nn::{AnyModel, FrozenSite};
use pliant_train::TrainError;
use serde::Serialize;

use super::context::Context;
use crate::{arguments::freeze::Freeze, exit::Failure, render};

/// What was done, for `--json` and for `conversion.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Frozen {
    /// The model that was read.
    pub(crate) from: PathBuf,
    /// What became of every site.
    pub(crate) sites: Vec<FrozenSite>,
    /// The names in the library.
    pub(crate) names: Vec<String>,
}

pub(crate) fn run(arguments: &Freeze, context: &Context) -> Result<(), Failure> {
    let from = [arguments.from.clone(), arguments.from.join("model")]
        .into_iter()
        .find(|folder| folder.join("config.json").is_file())
        .ok_or_else(|| Failure::no_model(&arguments.from))?;
    let model = AnyModel::load(&from).map_err(TrainError::from)?;
    let tokenizer = Tokenizer::open_folder(&from)?;
    let mut folder = ModelFolder::create(&arguments.out)?;
    let (model, sites) = model.frozen(arguments.fold).map_err(TrainError::from)?;
    let mut names = Vec::new();
    if let Some(file) = &arguments.library {
        let entries = entries(&arguments.name, &model, &sites);
        library::add(file, &entries)?;
        names.extend(entries.into_iter().map(|(name, _)| name));
    }
    let frozen = Frozen { from, sites, names };
    folder.write(&model, &tokenizer, &frozen)?;
    context.output.result(&frozen, |palette| {
        render::freeze::text(&frozen, arguments, palette)
    })
}

/// All layers under the name, then each site under the name and its own.
fn entries(name: &str, model: &AnyModel, sites: &[FrozenSite]) -> Vec<(String, ActivationSpec)> {
    let mut entries = Vec::new();
    if sites.iter().any(|site| site.site.starts_with("layer")) {
        entries.push((name.to_owned(), model.config().activation.clone()));
    }
    entries.extend(sites.iter().map(|site| {
        let place = site.site.replace('.', "-");
        (format!("{name}-{place}"), site.frozen.clone())
    }));
    entries
}
