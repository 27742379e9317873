//! Weight files: safetensors or `PyTorch`'s, in one piece or in shards, read one tensor at a time.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
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
pub(super) struct Stored {
    /// Its file's place in the list of files.
    file: usize,
    pub(super) shape: Vec<usize>,
    format: Format,
    source: Source,
}

/// How numbers are stored, little-endian.
enum Format {
    F32,
    F16,
    Bf16,
    F64,
    /// None that is read, in the file's own words.
    Other(String),
}

/// Where a tensor's bytes are.
enum Source {
    /// There in the file's content.
    Content(Range<usize>),
    /// Wherever the pickle says.
    Pickle(Tensor),
}

/// The weight files of a folder.
pub(super) struct WeightFiles {
    /// Paths, and the content of those that are read as a whole.
    files: Vec<(PathBuf, Vec<u8>)>,
    /// Every tensor by the name it has in its file.
    pub(super) tensors: BTreeMap<String, Stored>,
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
            for (name, shape, format, source) in tensors {
                let stored = Stored {
                    file,
                    shape,
                    format,
                    source,
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
        let bytes = match &stored.source {
            Source::Content(range) => Cow::Borrowed(&content[range.clone()]),
            Source::Pickle(tensor) => {
                Cow::Owned(tensor.read().map_err(|error| refuse(error.to_string()))?)
            }
        };
        let values = stored.format.decode(&bytes).map_err(refuse)?;
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

/// A file's content, and name, shape, format and place of each of its tensors.
type Opened = (Vec<u8>, Vec<(String, Vec<usize>, Format, Source)>);

fn safe_tensors(path: &Path) -> Result<Opened, HubError> {
    let bytes = fs::read(path).map_err(|source| HubError::io("read", path, source))?;
    let (header, metadata) = SafeTensors::read_metadata(&bytes)
        .map_err(|error| HubError::weights(path, error.to_string()))?;
    // Behind the header's length and the header.
    let start = size_of::<u64>() + header;
    let mut tensors = Vec::new();
    for name in metadata.offset_keys() {
        if let Some(info) = metadata.info(&name) {
            let (from, to) = info.data_offsets;
            let source = Source::Content(start + from..start + to);
            tensors.push((name, info.shape.clone(), Format::of(info.dtype), source));
        }
    }
    Ok((bytes, tensors))
}

fn pickled(path: &Path) -> Result<Opened, HubError> {
    let reader =
        PytorchReader::new(path).map_err(|error| HubError::weights(path, error.to_string()))?;
    let size = fs::metadata(path)
        .map_err(|source| HubError::io("read", path, source))?
        .len();
    let tensors: BTreeMap<String, Tensor> = reader.into_tensors().into_iter().collect();
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
        .into_iter()
        .map(|(name, tensor)| {
            let (shape, format) = (tensor.shape().to_vec(), Format::of_pickle(tensor.dtype()));
            (name, shape, format, Source::Pickle(tensor))
        })
        .collect();
    Ok((Vec::new(), listed))
}

impl Format {
    fn of(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 => Self::F32,
            Dtype::F16 => Self::F16,
            Dtype::BF16 => Self::Bf16,
            Dtype::F64 => Self::F64,
            other => Self::Other(format!("{other:?}")),
        }
    }

    fn of_pickle(dtype: DType) -> Self {
        match dtype {
            DType::F32 => Self::F32,
            DType::F16 => Self::F16,
            DType::BF16 => Self::Bf16,
            DType::F64 => Self::F64,
            other => Self::Other(format!("{other:?}")),
        }
    }

    /// The numbers as f32, or why they are not read.
    fn decode(&self, bytes: &[u8]) -> Result<Vec<f32>, String> {
        Ok(match self {
            Self::F32 => numbers(bytes, f32::from_le_bytes),
            Self::F16 => numbers(bytes, |word| f16::from_le_bytes(word).to_f32()),
            Self::Bf16 => numbers(bytes, |word| bf16::from_le_bytes(word).to_f32()),
            Self::F64 => numbers(bytes, |word| f64::from_le_bytes(word) as f32),
            Self::Other(name) => {
                return Err(format!(
                    "{name} numbers cannot be read; F32, F16, BF16 and F64 can"
                ));
            }
        })
    }
}

/// Each word of `N` bytes as a number.
fn numbers<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    let words = bytes.as_chunks::<N>().0;
    words.iter().map(|word| number(*word)).collect()
}
