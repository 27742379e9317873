//! Loss and every gradient of a 2-layer encoder against `PyTorch` in double precision (fixtures: `python/golden/encoder.py`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pliant_nn::{MaskedLanguageModel, ModelInput};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use support::{distance, norm};

/// Relative L2 distance allowed for a tensor.
const RELATIVE: f64 = 1e-4;
/// Rounding that a tensor whose gradient is zero by symmetry may show, relative to the norm of the whole gradient.
const ABSOLUTE: f64 = 1e-7;

struct Expected {
    integers: BTreeMap<String, Vec<u32>>,
    doubles: BTreeMap<String, f64>,
    gradients: BTreeMap<String, Vec<f32>>,
}

fn read_expected(path: &Path) -> Expected {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut expected = Expected {
        integers: BTreeMap::new(),
        doubles: BTreeMap::new(),
        gradients: BTreeMap::new(),
    };
    for (name, view) in file.tensors() {
        let data = view.data();
        match view.dtype() {
            Dtype::I32 => {
                let values = data
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|value| u32::from_le_bytes(*value))
                    .collect();
                expected.integers.insert(name, values);
            }
            Dtype::F64 => {
                expected
                    .doubles
                    .insert(name, f64::from_le_bytes(data.try_into().unwrap()));
            }
            Dtype::F32 => {
                let values = data
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|value| f32::from_le_bytes(*value))
                    .collect();
                expected
                    .gradients
                    .insert(name.strip_prefix("gradient.").unwrap().to_owned(), values);
            }
            other => panic!("{name} is {other:?}"),
        }
    }
    expected
}

fn check(case: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(case);
    let model = MaskedLanguageModel::load(&folder).unwrap();
    let expected = read_expected(&folder.join("expected.safetensors"));
    let integers = |name: &str| expected.integers[&format!("batch.{name}")].as_slice();
    let attention_mask: Vec<u8> = integers("attention_mask")
        .iter()
        .map(|value| *value as u8)
        .collect();
    let sequences = 3;
    let input = ModelInput {
        sequences,
        length: attention_mask.len() / sequences,
        ids: integers("ids"),
        type_ids: integers("type_ids"),
        attention_mask: &attention_mask,
        masked_positions: integers("masked_positions"),
        labels: integers("labels"),
        first_sequence: 0,
    };
    let scale = expected.doubles["scale"];
    let (score, gradients) = model.forward_backward(&input, None, scale as f32).unwrap();

    let loss = score.loss_sum * scale;
    let wanted = expected.doubles["loss"];
    assert!(
        (loss - wanted).abs() <= RELATIVE * wanted,
        "{case}: loss {loss}, PyTorch {wanted}"
    );
    let evaluated = model.score(&input).unwrap().loss_sum * scale;
    assert!(
        (evaluated - wanted).abs() <= RELATIVE * wanted,
        "{case}: evaluated loss {evaluated}, PyTorch {wanted}"
    );

    assert_eq!(
        model.parameters().len(),
        expected.gradients.len(),
        "{case}: as many parameters as gradients"
    );
    let whole = expected
        .gradients
        .values()
        .map(|gradient| norm(gradient).powi(2))
        .sum::<f64>()
        .sqrt();
    for (index, parameter) in model.parameters().iter().enumerate() {
        let wanted = &expected.gradients[&parameter.name];
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

#[test]
fn post_norm_learned_positions() {
    check("post-learned");
}

#[test]
fn post_norm_rotary_positions() {
    check("post-rotary");
}

#[test]
fn pre_norm_learned_positions() {
    check("pre-learned");
}

#[test]
fn pre_norm_rotary_positions() {
    check("pre-rotary");
}

#[test]
fn deepnorm_learned_positions() {
    check("deepnorm-learned");
}

#[test]
fn deepnorm_rotary_positions() {
    check("deepnorm-rotary");
}

#[test]
fn one_site_with_coefficients_by_group() {
    check("pre-rotary-groups");
}
