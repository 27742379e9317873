//! Folders that `transformers` reads: configuration, weights, tokenizer, and the model as one module in plain PyTorch.

mod card;
mod folder;
mod import;
mod module;
mod tokenizer;

use std::fs;
use std::path::{Path, PathBuf};

use pliant_nn::{MaskedLanguageModel, ModelConfig, TaskModel};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::HubError;
use folder::Folder;
pub use folder::ModelFolder;
pub use import::{ImportOptions, ImportReport, Imported, import};

/// The module of plain PyTorch, by which an earlier export is known.
const MODULE_FILE: &str = "modeling_pliant.py";

/// What [`export`] wrote.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exported {
    /// The folder.
    pub folder: PathBuf,
    /// The class of `modeling_pliant.py` that the model is.
    pub architecture: String,
    /// The files in it, by name.
    pub files: Vec<String>,
}

/// The heads: Hugging Face's class for BERT, which our `config.json` names, and its suffix.
const HEADS: [(&str, &str); 3] = [
    ("MaskedLM", "AutoModelForMaskedLM"),
    (
        "SequenceClassification",
        "AutoModelForSequenceClassification",
    ),
    ("QuestionAnswering", "AutoModelForQuestionAnswering"),
];

/// Writes `model`, a folder with `config.json`, `model.safetensors` and maybe `tokenizer.json`, as a folder that `transformers`
/// loads with `trust_remote_code=True`, and that this program reads too. Weights and tokenizer are the same bytes.
///
/// # Errors
/// `model` is no model of this program or damaged, has [additions](pliant_nn::Additions) or an adapter that is not merged, or `out` holds something else or cannot
/// be written.
pub fn export(model: &Path, out: &Path) -> Result<Exported, HubError> {
    let config = ModelConfig::load(model)?;
    config.additions.refuse("the module of an export")?;
    let mut document = read_object(&model.join("config.json"))?;
    if document.contains_key("pliant_adapter") {
        return Err(HubError::Adapter {
            folder: model.to_path_buf(),
        });
    }
    let head = head(&document);
    // Reading the whole of it finds what is damaged before anything is written.
    if head == "MaskedLM" {
        MaskedLanguageModel::load(model)?;
    } else {
        TaskModel::load(model)?;
    }
    let architecture = format!("Pliant{}", class(head));
    document.insert("architectures".to_owned(), json!([architecture]));
    document.insert("auto_map".to_owned(), auto_map());
    document.insert("dtype".to_owned(), json!("float32"));

    let mut folder = Folder::create(out, MODULE_FILE)?;
    let tokens = model.join("tokenizer.json");
    if tokens.is_file() {
        let special = tokenizer::Special::read(&read_object(&tokens)?);
        for (key, id) in special.ids() {
            document.insert(key.to_owned(), id.into());
        }
        folder.copy(&tokens, "tokenizer.json")?;
        folder.write_json(
            "tokenizer_config.json",
            &special.configuration(config.max_positions),
        )?;
    }
    folder.write_json("config.json", &Value::Object(document))?;
    folder.copy(&model.join("model.safetensors"), "model.safetensors")?;
    folder.write(MODULE_FILE, &module::source(&config)?)?;
    folder.write("README.md", &card::text(model, &config, &architecture))?;
    folder.files.sort();
    Ok(Exported {
        folder: out.to_path_buf(),
        architecture,
        files: folder.files,
    })
}

/// The head that `architectures` names; a masked-language model where there is none.
fn head(document: &Map<String, Value>) -> &'static str {
    let architecture = document
        .get("architectures")
        .and_then(|names| names.get(0))
        .and_then(Value::as_str)
        .unwrap_or_default();
    HEADS
        .iter()
        .map(|(head, _)| *head)
        .find(|head| architecture.ends_with(head))
        .unwrap_or("MaskedLM")
}

fn class(head: &str) -> String {
    format!("For{head}")
}

fn auto_map() -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, class: &str| {
        map.insert(key.to_owned(), format!("modeling_pliant.{class}").into());
    };
    put("AutoConfig", "PliantConfig");
    put("AutoModel", "PliantModel");
    for (head, key) in HEADS {
        put(key, &format!("Pliant{}", class(head)));
    }
    Value::Object(map)
}

fn read_object(path: &Path) -> Result<Map<String, Value>, HubError> {
    let text = fs::read(path).map_err(|source| HubError::io("read", path, source))?;
    serde_json::from_slice(&text).map_err(|error| HubError::Damaged {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })
}
