//! Weight files: safetensors or `PyTorch`'s, in one piece or in shards, read one tensor at a time.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use half::{bf16, f16};
use pytorch_reader::{DType, PytorchReader, Tensor};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use crate::HubError;

/// Whole files in the order in which they are looked for, each with the index of its sharded form.
const FILES: [(&str, &str); 2] = [
    ("model.safetensors", "model.safetensors.index.json"),
    ("pytorch_model.bin", "pytorch_model.bin.index.json"),
];
/// A larger index is none.
const LARGEST_INDEX: u64 = 64 << 20;

/// A tensor as it lies in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    /// Its file's place in the list of files.
    file: usize,
    pub(super) shape: Vec<usize>,
    /// The number format in the file's own words.
    pub(super) format: String,
}

/// The weight files of a folder.
pub(super) struct WeightFiles {
    files: Vec<(PathBuf, Content)>,
    /// Every tensor by the name it has in its file.
    pub(super) tensors: BTreeMap<String, Stored>,
}

enum Content {
    SafeTensors(Vec<u8>),
    Pickled(BTreeMap<String, Tensor>),
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl WeightFiles {
    /// Opens the weights of a folder.
    ///
    /// # Errors
    /// [`HubError::NoWeights`], or what is wrong with the files.
    pub(super) fn open(folder: &Path) -> Result<Self, HubError> {
        for (whole, index) in FILES {
            if folder.join(whole).is_file() {
                return Self::of(vec![folder.join(whole)]);
            }
            if folder.join(index).is_file() {
                return Self::of(shards(folder, &folder.join(index))?);
            }
        }
        Err(HubError::NoWeights {
            folder: folder.to_path_buf(),
        })
    }

    fn of(paths: Vec<PathBuf>) -> Result<Self, HubError> {
        let mut opened = Self {
            files: Vec::with_capacity(paths.len()),
            tensors: BTreeMap::new(),
        };
        for path in paths {
            let (content, tensors) = if path.extension().is_some_and(|ending| ending == "bin") {
                pickled(&path)?
            } else {
                safe_tensors(&path)?
            };
            let file = opened.files.len();
            for (name, shape, format) in tensors {
                let stored = Stored {
                    file,
                    shape,
                    format,
                };
                if opened.tensors.insert(name.clone(), stored).is_some() {
                    return Err(HubError::weights(&path, format!("{name} is in two files")));
                }
            }
            opened.files.push((path, content));
        }
        Ok(opened)
    }

    /// The paths of the files.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }

    /// The values of a tensor, as f32.
    ///
    /// # Errors
    /// The file is damaged, or the number format is none of f32, f16, bf16 and f64.
    pub(super) fn read(&self, name: &str) -> Result<Vec<f32>, HubError> {
        let Some(stored) = self.tensors.get(name) else {
            return Ok(Vec::new());
        };
        let (path, content) = &self.files[stored.file];
        let refuse = |reason: String| HubError::weights(path, format!("{name}: {reason}"));
        let count: usize = stored.shape.iter().product();
        let values = match content {
            Content::SafeTensors(bytes) => {
                let file =
                    SafeTensors::deserialize(bytes).map_err(|error| refuse(error.to_string()))?;
                let view = file
                    .tensor(name)
                    .map_err(|error| refuse(error.to_string()))?;
                decode(&stored.format, view.data())
            }
            Content::Pickled(tensors) => match tensors.get(name) {
                Some(tensor) => {
                    let bytes = tensor.read().map_err(|error| refuse(error.to_string()))?;
                    decode(&stored.format, &bytes)
                }
                None => None,
            },
        }
        .ok_or_else(|| {
            refuse(format!(
                "{} numbers cannot be read; F32, F16, BF16 and F64 can",
                stored.format
            ))
        })?;
        if values.len() == count {
            Ok(values)
        } else {
            Err(refuse(format!(
                "{} numbers where the shape {:?} needs {count}",
                values.len(),
                stored.shape
            )))
        }
    }
}

/// The shards that an index names, all of them beside it.
fn shards(folder: &Path, index: &Path) -> Result<Vec<PathBuf>, HubError> {
    let refuse = |reason: String| HubError::weights(index, reason);
    let size = fs::metadata(index)
        .map_err(|source| HubError::io("read", index, source))?
        .len();
    if size > LARGEST_INDEX {
        return Err(refuse(format!("it has {size} bytes")));
    }
    let text = fs::read(index).map_err(|source| HubError::io("read", index, source))?;
    let map: Index = serde_json::from_slice(&text).map_err(|error| refuse(error.to_string()))?;
    let mut names: Vec<String> = map.weight_map.into_values().collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            let mut parts = Path::new(&name).components();
            if !matches!(
                (parts.next(), parts.next()),
                (Some(Component::Normal(_)), None)
            ) {
                return Err(refuse(format!("the shard {name:?} is not beside it")));
            }
            let path = folder.join(&name);
            if path.is_file() {
                Ok(path)
            } else {
                Err(refuse(format!("the shard {name} is missing")))
            }
        })
        .collect()
}

/// A file's content, and name, shape and format of each of its tensors.
type Opened = (Content, Vec<(String, Vec<usize>, String)>);

fn safe_tensors(path: &Path) -> Result<Opened, HubError> {
    let bytes = fs::read(path).map_err(|source| HubError::io("read", path, source))?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| HubError::weights(path, error.to_string()))?;
    let tensors = file
        .iter()
        .map(|(name, view)| {
            (
                name.to_owned(),
                view.shape().to_vec(),
                format!("{:?}", view.dtype()),
            )
        })
        .collect();
    Ok((Content::SafeTensors(bytes), tensors))
}

fn pickled(path: &Path) -> Result<Opened, HubError> {
    let reader =
        PytorchReader::new(path).map_err(|error| HubError::weights(path, error.to_string()))?;
    let tensors: BTreeMap<String, Tensor> = reader.into_tensors().into_iter().collect();
    let size = fs::metadata(path)
        .map_err(|source| HubError::io("read", path, source))?
        .len();
    // A view that repeats one value could claim any shape, and memory is asked for by shapes.
    let claims = |tensor: &&Tensor| {
        let bytes = tensor
            .shape()
            .iter()
            .try_fold(tensor.dtype().size() as u64, |bytes, extent| {
                bytes.checked_mul(*extent as u64)
            });
        bytes.is_none_or(|bytes| bytes > size)
    };
    if let Some(tensor) = tensors.values().find(claims) {
        return Err(HubError::weights(
            path,
            format!(
                "{} has the shape {:?}, more than the file holds",
                tensor.name,
                tensor.shape()
            ),
        ));
    }
    let listed = tensors
        .iter()
        .map(|(name, tensor)| {
            (
                name.clone(),
                tensor.shape().to_vec(),
                format!("{:?}", tensor.dtype()),
            )
        })
        .collect();
    Ok((Content::Pickled(tensors), listed))
}

/// Little-endian numbers of a format as f32; none for another format.
fn decode(format: &str, bytes: &[u8]) -> Option<Vec<f32>> {
    let is = |safe: Dtype, pickled: DType| {
        format == format!("{safe:?}") || format == format!("{pickled:?}")
    };
    if is(Dtype::F32, DType::F32) {
        let words = bytes.as_chunks::<4>().0;
        Some(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
    } else if is(Dtype::F16, DType::F16) {
        let words = bytes.as_chunks::<2>().0;
        Some(
            words
                .iter()
                .map(|word| f16::from_le_bytes(*word).to_f32())
                .collect(),
        )
    } else if is(Dtype::BF16, DType::BF16) {
        let words = bytes.as_chunks::<2>().0;
        Some(
            words
                .iter()
                .map(|word| bf16::from_le_bytes(*word).to_f32())
                .collect(),
        )
    } else if is(Dtype::F64, DType::F64) {
        let words = bytes.as_chunks::<8>().0;
        Some(
            words
                .iter()
                .map(|word| f64::from_le_bytes(*word) as f32)
                .collect(),
        )
    } else {
        None
    }
}
