//! BERT and `RoBERTa` folders of `transformers`, brought in: configuration, weights under any of their names, tokenizer.

mod config;
mod names;
mod report;
mod weights;

use std::collections::BTreeMap;
use std::path::Path;

use pliant_data::Tokenizer;
use pliant_nn::{AnyModel, MaskedLanguageModel, ParameterInfo, TaskModel};

pub use report::ImportReport;

use crate::HubError;
use config::{Foreign, ForeignHead};
use names::Meaning;
use weights::{Stored, WeightFiles};

/// How a folder is read.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Names of tensors (`*` stands for any characters) that may be missing, and are then drawn, or unexpected, and are then
    /// left out.
    pub allow: Vec<String>,
    /// Leaves the head out; the encoder then gets a fresh masked-language head.
    pub without_head: bool,
    /// Draws what is missing.
    pub seed: u64,
}

/// What was brought in.
#[derive(Debug)]
pub struct Imported {
    /// The model, its functions as they were.
    pub model: AnyModel,
    /// Its tokenizer.
    pub tokenizer: Tokenizer,
    /// What became of every tensor.
    pub report: ImportReport,
}

/// Reads a folder that `transformers` wrote with a BERT or `RoBERTa`: `config.json`; `model.safetensors` or
/// `pytorch_model.bin`, maybe in shards; `tokenizer.json`, `vocab.txt`, or `vocab.json` with `merges.txt`. The activation is
/// kept. A folder of this program is read too.
///
/// # Errors
/// What is wrong with a file; [`HubError::Tensors`] lists every tensor that is missing, unexpected, twice there or of
/// another shape.
pub fn import(folder: &Path, options: &ImportOptions) -> Result<Imported, HubError> {
    if !folder.join("config.json").is_file() {
        return Err(HubError::NoModel {
            folder: folder.to_path_buf(),
        });
    }
    let tokenizer = Tokenizer::open_folder(folder)?;
    let (model, report) = if is_own(folder) {
        own(folder)?
    } else {
        let mut foreign = config::read(folder)?;
        if options.without_head {
            foreign.head = ForeignHead::None;
        }
        read(folder, &foreign, options)?
    };
    let known = model.config().vocabulary_size;
    if tokenizer.vocabulary_size() > known {
        return Err(HubError::Vocabulary {
            folder: folder.to_path_buf(),
            tokenizer: tokenizer.vocabulary_size(),
            model: known,
        });
    }
    Ok(Imported {
        model,
        tokenizer,
        report,
    })
}

/// Whether the folder is one of this program (or of its export).
fn is_own(folder: &Path) -> bool {
    pliant_nn::ModelConfig::load(folder).is_ok()
}

fn own(folder: &Path) -> Result<(AnyModel, ImportReport), HubError> {
    let model = AnyModel::load(folder)?;
    let report = ImportReport {
        architecture: "Pliant".to_owned(),
        tensors: model.parameters().len(),
        ..ImportReport::default()
    };
    Ok((model, report))
}

fn read(
    folder: &Path,
    foreign: &Foreign,
    options: &ImportOptions,
) -> Result<(AnyModel, ImportReport), HubError> {
    let files = WeightFiles::open(folder)?;
    let expected = match &foreign.head {
        ForeignHead::Task(head) => TaskModel::describe(&foreign.config, head.clone())?,
        ForeignHead::MaskedLanguage | ForeignHead::None => {
            MaskedLanguageModel::describe(&foreign.config)?
        }
    };
    let (places, report) = report::match_tensors(foreign, &files, &expected, options)?;
    let mut values = BTreeMap::new();
    for (parameter, stored) in &places {
        let mut tensor = files.read(stored)?;
        if parameter.ends_with("position_embeddings.weight") {
            tensor.drain(..foreign.position_offset() * foreign.config.hidden_size);
        }
        values.insert(parameter.clone(), tensor);
    }
    for (copy, original) in &report.copies {
        if let Some(original_values) = values.get(original)
            && files.read(copy)? != *original_values
        {
            return Err(HubError::Untied {
                path: first_path(&files, folder),
                copy: copy.clone(),
                original: original.clone(),
            });
        }
    }
    let head = match &foreign.head {
        ForeignHead::Task(head) => Some(head.clone()),
        ForeignHead::MaskedLanguage | ForeignHead::None => None,
    };
    let model = AnyModel::with_values(&foreign.config, head, options.seed, &mut |info| {
        values.remove(&info.name)
    })?;
    Ok((model, report))
}

fn first_path(files: &WeightFiles, folder: &Path) -> std::path::PathBuf {
    files
        .paths()
        .next()
        .map_or_else(|| folder.to_path_buf(), Path::to_path_buf)
}

/// The shape that a parameter has in the file: `RoBERTa`'s table of positions begins with rows that are none.
fn stored_shape(foreign: &Foreign, info: &ParameterInfo) -> Vec<usize> {
    let mut shape = info.shape.clone();
    if info.name.ends_with("position_embeddings.weight") {
        shape[0] += foreign.position_offset();
    }
    shape
}

/// In the file under its name, with its meaning.
fn meanings<'a>(
    files: &'a WeightFiles,
    foreign: &Foreign,
) -> impl Iterator<Item = (&'a str, &'a Stored, Meaning)> {
    let family = foreign.family;
    files
        .tensors
        .iter()
        .map(move |(name, stored)| (name.as_str(), stored, names::meaning(name, family)))
}
