//! A model as a folder: `config.json` and `model.safetensors`, with Hugging Face names.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use burn_flex::FlexTensor;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::weights::Place;
use crate::adapter::AdapterKind;
use crate::config::{ConfigDocument, ModelConfig};
use crate::error::ModelError;
use crate::head::TaskHead;
use crate::parameter::{ParameterInfo, nearest_name};

const CONFIG_FILE: &str = "config.json";
const WEIGHT_FILE: &str = "model.safetensors";

/// Writes both files; the tensors are sorted by name, so that equal models give equal bytes.
pub(crate) fn save(
    folder: &Path,
    document: &ConfigDocument,
    parameters: &[ParameterInfo],
    places: &[Place],
    buffers: &[FlexTensor],
) -> Result<(), ModelError> {
    fs::create_dir_all(folder).map_err(file_error("create", folder))?;
    let path = folder.join(CONFIG_FILE);
    let mut text =
        serde_json::to_string_pretty(document).map_err(|error| ModelError::ConfigFile {
            path: path.clone(),
            reason: error.to_string(),
        })?;
    text.push('\n');
    fs::write(&path, text).map_err(file_error("write", &path))?;

    let tensors = parameters
        .iter()
        .zip(places)
        .map(|(info, place)| (info, tensor_bytes(place, buffers)));
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    write_tensors(&folder.join(WEIGHT_FILE), tensors, metadata)
}

/// The values of a parameter as they are stored.
pub(crate) fn tensor_bytes<'a>(place: &Place, buffers: &'a [FlexTensor]) -> &'a [u8] {
    &buffers[place.buffer].bytes()[4 * place.range.start..4 * place.range.end]
}

/// Writes a safetensors file, the tensors by name.
pub(crate) fn write_tensors<'a>(
    path: &Path,
    tensors: impl Iterator<Item = (&'a ParameterInfo, &'a [u8])>,
    metadata: HashMap<String, String>,
) -> Result<(), ModelError> {
    let damaged = |reason: String| ModelError::WeightFile {
        path: path.to_owned(),
        reason,
    };
    let mut views = BTreeMap::new();
    for (info, bytes) in tensors {
        let view = TensorView::new(Dtype::F32, info.shape.clone(), bytes)
            .map_err(|error| damaged(error.to_string()))?;
        views.insert(info.name.as_str(), view);
    }
    safetensors::serialize_to_file(views, Some(metadata), path).map_err(|error| match error {
        safetensors::SafeTensorError::IoError(source) => file_error("write", path)(source),
        other => damaged(other.to_string()),
    })
}

/// What `config.json` says.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) config: ModelConfig,
    /// None for a masked-language model.
    pub(crate) head: Option<TaskHead>,
    pub(crate) adapter: Option<AdapterKind>,
}

/// Reads and checks the configuration.
pub(crate) fn load_config(folder: &Path) -> Result<Described, ModelError> {
    let path = folder.join(CONFIG_FILE);
    let text = fs::read_to_string(&path).map_err(file_error("read", &path))?;
    let foreign = |reason: String| ModelError::ConfigFile {
        path: path.clone(),
        reason,
    };
    let document: ConfigDocument =
        serde_json::from_str(&text).map_err(|error| foreign(error.to_string()))?;
    let (head, adapter) = (document.head().map_err(&foreign)?, document.adapter());
    let config = document.into_config().map_err(foreign)?;
    config.validate()?;
    if let Some(adapter) = &adapter {
        adapter.validate(config.hidden_size)?;
    }
    Ok(Described {
        config,
        head,
        adapter,
    })
}

/// Reads the values of all parameters, by name, after comparing names and shapes.
pub(crate) fn load_values(
    folder: &Path,
    parameters: &[ParameterInfo],
) -> Result<BTreeMap<String, Vec<f32>>, ModelError> {
    let path = folder.join(WEIGHT_FILE);
    let bytes = fs::read(&path).map_err(file_error("read", &path))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| ModelError::WeightFile {
        path: path.clone(),
        reason: error.to_string(),
    })?;
    let found: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    let differences = compare(parameters, &found);
    if !differences.is_empty() {
        return Err(ModelError::Tensors { path, differences });
    }
    Ok(found
        .into_iter()
        .map(|(name, view)| (name, decode(view.data())))
        .collect())
}

/// One line for each tensor that is missing, misshapen, of another type, or not known.
pub(crate) fn compare(
    parameters: &[ParameterInfo],
    found: &BTreeMap<String, TensorView<'_>>,
) -> Vec<String> {
    let expected: BTreeMap<&str, &ParameterInfo> = parameters
        .iter()
        .map(|info| (info.name.as_str(), info))
        .collect();
    let unexpected: Vec<&str> = found
        .keys()
        .map(String::as_str)
        .filter(|name| !expected.contains_key(name))
        .collect();
    let mut differences = Vec::new();
    for (name, info) in &expected {
        match found.get(*name) {
            None => {
                let nearest = nearest_name(name, unexpected.iter().copied())
                    .map_or(String::new(), |nearest| {
                        format!("; the file has `{nearest}`")
                    });
                differences.push(format!("missing    {name} {:?}{nearest}", info.shape));
            }
            Some(view) if view.shape() != info.shape => {
                differences.push(format!(
                    "misshapen  {name}: {:?} in the file, {:?} in the model",
                    view.shape(),
                    info.shape
                ));
            }
            Some(view) if view.dtype() != Dtype::F32 => {
                differences.push(format!(
                    "mistyped   {name}: {:?} in the file, F32 in the model",
                    view.dtype()
                ));
            }
            Some(_) => {}
        }
    }
    differences.extend(
        unexpected
            .iter()
            .map(|name| format!("unexpected {name} {:?}", found[*name].shape())),
    );
    differences
}

pub(crate) fn decode(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|value| f32::from_le_bytes(*value))
        .collect()
}

pub(crate) fn file_error(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(std::io::Error) -> ModelError {
    let path = PathBuf::from(path);
    move |source| ModelError::File {
        action,
        path,
        source,
    }
}
