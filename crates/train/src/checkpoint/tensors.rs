//! Named f32 tensors in a safetensors file.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use safetensors::{Dtype, SafeTensors};
use serde_json::{Map, Value, json};

use crate::TrainError;

/// Writes tensors in the given order, one at a time: equal tensors give equal bytes, and no second copy is held.
pub(crate) fn write<'t>(
    path: &Path,
    tensors: impl Iterator<Item = (String, &'t [usize], &'t [f32])> + Clone,
) -> Result<(), TrainError> {
    let mut header = Map::new();
    let mut offset = 0;
    for (name, shape, values) in tensors.clone() {
        let end = offset + values.len() * 4;
        header.insert(
            name,
            json!({ "dtype": "F32", "shape": shape, "data_offsets": [offset, end] }),
        );
        offset = end;
    }
    let mut header = Value::Object(header).to_string();
    // The format wants the data to begin at a multiple of eight.
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let write_all = || {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        file.write_all(&(header.len() as u64).to_le_bytes())?;
        file.write_all(header.as_bytes())?;
        for (_, _, values) in tensors {
            for value in values {
                file.write_all(&value.to_le_bytes())?;
            }
        }
        file.flush()
    };
    write_all().map_err(TrainError::io("write", path))
}

/// Hands every tensor of a file to `take(name, values)`, which says what does not fit.
pub(crate) fn read(
    path: &Path,
    names: &[(String, usize)],
    mut take: impl FnMut(usize, Vec<f32>) -> Result<(), TrainError>,
) -> Result<(), TrainError> {
    let damaged = |reason: String| TrainError::DamagedCheckpoint {
        path: path.to_path_buf(),
        reason,
    };
    let bytes = fs::read(path).map_err(TrainError::io("read", path))?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| damaged(error.to_string()))?;
    if tensors.len() != names.len() {
        return Err(damaged(format!(
            "it holds {} tensors, expected {}",
            tensors.len(),
            names.len()
        )));
    }
    for (index, (name, length)) in names.iter().enumerate() {
        let tensor = tensors
            .tensor(name)
            .map_err(|_| damaged(format!("it has no tensor `{name}`")))?;
        if tensor.dtype() != Dtype::F32 || tensor.data().len() != length * 4 {
            return Err(damaged(format!(
                "tensor `{name}` is not {length} numbers of 32 bits"
            )));
        }
        let values = tensor
            .data()
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        take(index, values)?;
    }
    Ok(())
}
