//! What fine-tuning changed, as one small file: `adapter.safetensors`.
//!
//! It holds the adapter's tensors, if there is one, and whatever else was trained (head, coefficients, biases). Its metadata
//! say which adapter it is, which head the model has, and the SHA-256 of the encoder it belongs to: of all encoder tensors
//! that the file does not replace.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use safetensors::tensor::{SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::task::is_encoder;
use super::{TaskModel, storage, weights};
use crate::adapter::AdapterKind;
use crate::error::ModelError;
use crate::head::TaskHead;
use crate::parameter::{ParameterInfo, Role};

const ADAPTER_FILE: &str = "adapter.safetensors";
/// The key of the [`Header`] in the metadata.
const HEADER_KEY: &str = "pliant_adapter";

impl TaskModel {
    /// Writes `adapter.safetensors` into a folder, creating it: the adapter, if there is one, and the parameters `trained`
    /// (indices), whole. Equal models give equal bytes.
    ///
    /// # Errors
    /// [`ModelError::File`] if the folder cannot be written.
    ///
    /// # Panics
    /// If there is no parameter of an index.
    pub fn save_adapter(&self, folder: &Path, trained: &[usize]) -> Result<(), ModelError> {
        let path = folder.join(ADAPTER_FILE);
        let mut chosen: BTreeSet<usize> = trained.iter().copied().collect();
        chosen.extend(
            (0..self.parameters.len())
                .filter(|index| self.parameters[*index].role == Role::Adapter),
        );
        let names: BTreeSet<&str> = chosen
            .iter()
            .map(|index| self.parameters[*index].name.as_str())
            .collect();
        let header = Header {
            adapter: self.adapter,
            head: self.head().clone(),
            base_sha256: self.encoder_hash(&names),
        };
        let header = serde_json::to_string(&header).map_err(|error| ModelError::WeightFile {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        // One key only: the format keeps no order of several.
        let metadata = HashMap::from([(HEADER_KEY.to_owned(), header)]);
        fs::create_dir_all(folder).map_err(storage::file_error("create", folder))?;
        let buffers = weights::buffers(self.network());
        let tensors = chosen.iter().map(|index| {
            let bytes = storage::tensor_bytes(&self.places[*index], &buffers);
            (&self.parameters[*index], bytes)
        });
        storage::write_tensors(&path, tensors, metadata)
    }

    /// Reads what [`TaskModel::save_adapter`] wrote: adds the adapter, unless the model has one of the kind already, and
    /// replaces the values of the tensors in the file.
    ///
    /// # Errors
    /// [`ModelError::AdapterBase`] if it belongs to another encoder, [`ModelError::AdapterHead`] to another head,
    /// [`ModelError::Tensors`] if its tensors do not fit, or what is wrong with the file. The model is then as it was.
    pub fn load_adapter(&mut self, folder: &Path) -> Result<(), ModelError> {
        let path = folder.join(ADAPTER_FILE);
        let bytes = fs::read(&path).map_err(storage::file_error("read", &path))?;
        let file = AdapterFile::read(&path, &bytes)?;
        self.apply(&path, &file)
    }

    /// A model from its base (a masked-language model or a task model) and what [`TaskModel::save_adapter`] wrote.
    ///
    /// # Errors
    /// What is wrong with the base; as [`TaskModel::load_adapter`]; [`ModelError::AdapterHeadMissing`] if neither of the
    /// two holds the head.
    pub fn with_adapter(base: &Path, folder: &Path) -> Result<Self, ModelError> {
        let path = folder.join(ADAPTER_FILE);
        let bytes = fs::read(&path).map_err(storage::file_error("read", &path))?;
        let file = AdapterFile::read(&path, &bytes)?;
        let mut model = Self::from_encoder(base, file.header.head.clone(), 0)?;
        if storage::load_config(base)?.head.as_ref() != Some(&file.header.head) {
            let missing: Vec<String> = model
                .parameters
                .iter()
                .map(|info| &info.name)
                .filter(|name| !is_encoder(name) && !file.tensors.contains_key(*name))
                .cloned()
                .collect();
            if !missing.is_empty() {
                return Err(ModelError::AdapterHeadMissing { path, missing });
            }
        }
        model.apply(&path, &file)?;
        Ok(model)
    }

    fn apply(&mut self, path: &Path, file: &AdapterFile<'_>) -> Result<(), ModelError> {
        if *self.head() != file.header.head {
            return Err(ModelError::AdapterHead {
                path: path.to_owned(),
                found: self.head().clone(),
                expected: file.header.head.clone(),
            });
        }
        if let Some(present) = self
            .adapter
            .filter(|present| file.header.adapter != Some(*present))
        {
            return Err(ModelError::AdapterPresent { present });
        }
        let names = file.tensors.keys().map(String::as_str).collect();
        let found = self.encoder_hash(&names);
        if found != file.header.base_sha256 {
            return Err(ModelError::AdapterBase {
                path: path.to_owned(),
                expected: file.header.base_sha256.clone(),
                found,
            });
        }
        let is_added = file.header.adapter.is_some() && self.adapter.is_none();
        if let Some(kind) = file.header.adapter.as_ref().filter(|_| is_added) {
            self.add_adapter(kind, 0)?;
        }
        let expected: Vec<ParameterInfo> = self
            .parameters
            .iter()
            .filter(|info| info.role == Role::Adapter || file.tensors.contains_key(&info.name))
            .cloned()
            .collect();
        let differences = storage::compare(&expected, &file.tensors);
        if !differences.is_empty() {
            if is_added {
                self.drop_adapter();
            }
            return Err(ModelError::Tensors {
                path: path.to_owned(),
                differences,
            });
        }
        self.update(&mut |_, info, values| {
            if let Some(view) = file.tensors.get(&info.name) {
                values.copy_from_slice(&storage::decode(view.data()));
            }
        })
    }

    /// SHA-256 (hexadecimal) over name, shape and values of the encoder's tensors, adapter and `but` left out.
    fn encoder_hash(&self, but: &BTreeSet<&str>) -> String {
        let buffers = weights::buffers(self.network());
        let mut hash = Sha256::new();
        let parameters: BTreeMap<&str, usize> = self
            .parameters
            .iter()
            .enumerate()
            .filter(|(_, info)| info.role != Role::Adapter)
            .map(|(index, info)| (info.name.as_str(), index))
            .filter(|(name, _)| is_encoder(name) && !but.contains(name))
            .collect();
        for (name, index) in parameters {
            hash.update(name.as_bytes());
            hash.update([0]);
            for size in &self.parameters[index].shape {
                hash.update((*size as u64).to_le_bytes());
            }
            hash.update(storage::tensor_bytes(&self.places[index], &buffers));
        }
        hash.finalize()
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

/// What the metadata of an adapter file say.
#[derive(Serialize, Deserialize)]
struct Header {
    /// Absent if only parameters of the model itself were trained.
    adapter: Option<AdapterKind>,
    head: TaskHead,
    base_sha256: String,
}

/// The content of an adapter file.
struct AdapterFile<'a> {
    header: Header,
    tensors: BTreeMap<String, TensorView<'a>>,
}

impl<'a> AdapterFile<'a> {
    fn read(path: &Path, bytes: &'a [u8]) -> Result<Self, ModelError> {
        let damaged = |error: safetensors::SafeTensorError| ModelError::WeightFile {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let foreign = |reason: String| ModelError::AdapterFile {
            path: path.to_owned(),
            reason,
        };
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let header = metadata
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(HEADER_KEY))
            .ok_or_else(|| foreign(format!("its metadata have no \"{HEADER_KEY}\"")))?;
        let header = serde_json::from_str(header)
            .map_err(|error| foreign(format!("its \"{HEADER_KEY}\": {error}")))?;
        Ok(Self {
            header,
            tensors: file.tensors().into_iter().collect(),
        })
    }
}
