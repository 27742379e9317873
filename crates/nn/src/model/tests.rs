//! Updates happen in place.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use pliant_activation::ActivationSpec;

use super::{DropoutKey, MaskedLanguageModel, ModelInput};
use crate::config::Preset;

fn model() -> MaskedLanguageModel {
    let activation: ActivationSpec = "rational".parse().unwrap();
    let mut config = Preset::Tiny.config(50, activation).unwrap();
    config.hidden_size = 16;
    config.intermediate_size = 32;
    MaskedLanguageModel::new(&config, 1).unwrap()
}

fn input() -> ModelInput<'static> {
    ModelInput {
        sequences: 2,
        length: 4,
        ids: &[1, 2, 3, 4, 5, 6, 7, 0],
        type_ids: &[0; 8],
        attention_mask: &[1, 1, 1, 1, 1, 1, 1, 0],
        masked_positions: &[1, 5],
        labels: &[9, 8],
        first_sequence: 0,
    }
}

/// Training steps, evaluations and looks into the model leave nobody holding its buffers.
#[test]
fn updates_copy_nothing() {
    let mut model = model();
    for step in 0..3 {
        let key = DropoutKey { seed: 1, step };
        let (_, mut gradients) = model.forward_backward(&input(), Some(key), 0.5).unwrap();
        gradients.accumulate(model.forward_backward(&input(), Some(key), 0.5).unwrap().1);
        model
            .update(&mut |index, _, values| {
                for (value, gradient) in values.iter_mut().zip(gradients.get(index).unwrap()) {
                    *value -= 0.01 * gradient;
                }
            })
            .unwrap();
        model.score(&input()).unwrap();
        model.observe(&input(), &mut |_, _| {}).unwrap();
        model.first_non_finite(&input()).unwrap();
    }
    let values = model.read(0);
    model.write(0, &values).unwrap();
    assert_eq!(model.copied_buffers, 0);
}

#[test]
fn updates_see_every_parameter_once_and_in_order() {
    let mut model = model();
    let expected: Vec<String> = model
        .parameters()
        .iter()
        .map(|parameter| parameter.name.clone())
        .collect();
    let mut seen = Vec::new();
    model
        .update(&mut |index, info, values| {
            assert_eq!(values.len(), info.count());
            assert_eq!(seen.len(), index);
            seen.push(info.name.clone());
            values.fill(index as f32);
        })
        .unwrap();
    assert_eq!(seen, expected);
    for (index, name) in expected.iter().enumerate() {
        let values = model.read(index);
        assert!(values.iter().all(|value| *value == index as f32), "{name}");
    }
}

#[test]
fn a_gradient_step_lowers_the_loss() {
    let mut model = model();
    let before = model.score(&input()).unwrap().loss_sum;
    let (_, gradients) = model.forward_backward(&input(), None, 0.5).unwrap();
    model
        .update(&mut |index, _, values| {
            for (value, gradient) in values.iter_mut().zip(gradients.get(index).unwrap()) {
                *value -= 0.05 * gradient;
            }
        })
        .unwrap();
    assert!(model.score(&input()).unwrap().loss_sum < before);
}

#[test]
fn writing_refuses_the_wrong_length() {
    let mut model = model();
    let error = model.write(0, &[1.0]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("bert.embeddings.word_embeddings.weight"),
        "{error}"
    );
}

#[test]
fn hidden_states_are_those_of_real_tokens() {
    let model = model();
    let both = model.hidden_states(&input()).unwrap();
    assert_eq!(both.len(), 7 * 16);
    let second = ModelInput {
        sequences: 1,
        length: 3,
        ids: &[5, 6, 7],
        type_ids: &[0; 3],
        attention_mask: &[1; 3],
        ..input()
    };
    let alone = model.hidden_states(&second).unwrap();
    assert_eq!(alone.len(), 3 * 16);
    for (own, other) in alone.iter().zip(&both[4 * 16..]) {
        assert!((own - other).abs() < 1e-5, "{own} and {other}");
    }
}
