//! What `PyTorch` computed, from a safetensors file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pliant_nn::{Gradients, ParameterInfo};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use super::{distance, norm};

/// Relative L2 distance allowed for a tensor.
pub const RELATIVE: f64 = 1e-4;
/// Rounding that a tensor whose gradient is zero by symmetry may show, relative to the norm of the whole gradient.
const ABSOLUTE: f64 = 1e-7;

/// Every gradient is the expected one, and there are no others.
pub fn assert_gradients(
    case: &str,
    parameters: &[ParameterInfo],
    gradients: &Gradients,
    expected: &Fixture,
) {
    let expected = expected.gradients();
    assert_eq!(
        parameters.len(),
        expected.len(),
        "{case}: as many parameters as gradients"
    );
    let whole = expected
        .values()
        .map(|gradient| norm(gradient).powi(2))
        .sum::<f64>()
        .sqrt();
    for (index, parameter) in parameters.iter().enumerate() {
        let wanted = expected[parameter.name.as_str()];
        let found = gradients
            .get(index)
            .unwrap_or_else(|| panic!("{case}: no gradient for {}", parameter.name));
        let difference = distance(found, wanted);
        let allowed = RELATIVE * norm(wanted) + ABSOLUTE * whole;
        assert!(
            difference <= allowed,
            "{case}: gradient of {} is off by {difference:e} (allowed {allowed:e}, norm {:e})",
            parameter.name,
            norm(wanted)
        );
    }
}

/// The folder of a case.
pub fn golden_folder(case: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(case)
}

/// The tensors of a case by type, flat.
pub struct Fixture {
    pub integers: BTreeMap<String, Vec<u32>>,
    pub floats: BTreeMap<String, Vec<f32>>,
    /// Of one value each.
    pub doubles: BTreeMap<String, f64>,
}

impl Fixture {
    pub fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let mut fixture = Self {
            integers: BTreeMap::new(),
            floats: BTreeMap::new(),
            doubles: BTreeMap::new(),
        };
        for (name, view) in file.tensors() {
            let words = view.data().as_chunks::<4>().0.iter();
            match view.dtype() {
                Dtype::I32 => {
                    let values = words.map(|word| u32::from_le_bytes(*word)).collect();
                    fixture.integers.insert(name, values);
                }
                Dtype::F32 => {
                    let values = words.map(|word| f32::from_le_bytes(*word)).collect();
                    fixture.floats.insert(name, values);
                }
                Dtype::F64 => {
                    let value = f64::from_le_bytes(view.data().try_into().unwrap());
                    fixture.doubles.insert(name, value);
                }
                other => panic!("{name} is {other:?}"),
            }
        }
        fixture
    }

    /// A tensor of the batch.
    pub fn batch(&self, name: &str) -> &[u32] {
        &self.integers[&format!("batch.{name}")]
    }

    pub fn attention_mask(&self) -> Vec<u8> {
        self.batch("attention_mask")
            .iter()
            .map(|value| *value as u8)
            .collect()
    }

    /// The gradient of each parameter.
    pub fn gradients(&self) -> BTreeMap<&str, &[f32]> {
        self.floats
            .iter()
            .filter_map(|(name, values)| Some((name.strip_prefix("gradient.")?, values.as_slice())))
            .collect()
    }
}
