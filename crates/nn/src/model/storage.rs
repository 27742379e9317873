//! A model as a folder: `config.json` and `model.safetensors`, with Hugging Face names.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use burn_flex::FlexTensor;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::weights::Place;
use crate::config::{ConfigDocument, ModelConfig};
use crate::error::ModelError;
use crate::parameter::{ParameterInfo, nearest_name};

const CONFIG_FILE: &str = "config.json";
const WEIGHT_FILE: &str = "model.safetensors";

/// Writes both files; the tensors are sorted by name, so that equal models give equal bytes.
pub(crate) fn save(
    folder: &Path,
    config: &ModelConfig,
    parameters: &[ParameterInfo],
    places: &[Place],
    buffers: &[FlexTensor],
) -> Result<(), ModelError> {
    fs::create_dir_all(folder).map_err(file_error("create", folder))?;
    let path = folder.join(CONFIG_FILE);
    let mut text = serde_json::to_string_pretty(&ConfigDocument::of(config)).map_err(|error| {
        ModelError::ConfigFile {
            path: path.clone(),
            reason: error.to_string(),
        }
    })?;
    text.push('\n');
    fs::write(&path, text).map_err(file_error("write", &path))?;

    let path = folder.join(WEIGHT_FILE);
    let damaged = |reason: String| ModelError::WeightFile {
        path: path.clone(),
        reason,
    };
    let mut views = BTreeMap::new();
    for (info, place) in parameters.iter().zip(places) {
        let bytes = &buffers[place.buffer].bytes()[4 * place.range.start..4 * place.range.end];
        let view = TensorView::new(Dtype::F32, info.shape.clone(), bytes)
            .map_err(|error| damaged(error.to_string()))?;
        views.insert(info.name.as_str(), view);
    }
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize_to_file(views, Some(metadata), &path).map_err(|error| match error {
        safetensors::SafeTensorError::IoError(source) => file_error("write", &path)(source),
        other => damaged(other.to_string()),
    })
}

/// Reads and checks the configuration.
pub(crate) fn load_config(folder: &Path) -> Result<ModelConfig, ModelError> {
    let path = folder.join(CONFIG_FILE);
    let text = fs::read_to_string(&path).map_err(file_error("read", &path))?;
    let foreign = |reason: String| ModelError::ConfigFile {
        path: path.clone(),
        reason,
    };
    let document: ConfigDocument =
        serde_json::from_str(&text).map_err(|error| foreign(error.to_string()))?;
    let config = document.into_config().map_err(foreign)?;
    config.validate()?;
    Ok(config)
}

/// Reads the values of all parameters, in their order, after comparing names and shapes.
pub(crate) fn load_values(
    folder: &Path,
    parameters: &[ParameterInfo],
) -> Result<Vec<Vec<f32>>, ModelError> {
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
    Ok(parameters
        .iter()
        .filter_map(|info| found.get(&info.name))
        .map(|view| decode(view.data()))
        .collect())
}

/// One line for each tensor that is missing, misshapen, of another type, or not known.
fn compare(parameters: &[ParameterInfo], found: &BTreeMap<String, TensorView<'_>>) -> Vec<String> {
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

fn decode(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|value| f32::from_le_bytes(*value))
        .collect()
}

fn file_error(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> ModelError {
    let path = PathBuf::from(path);
    move |source| ModelError::File {
        action,
        path,
        source,
    }
}
