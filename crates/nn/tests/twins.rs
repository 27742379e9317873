//! Arms of a comparison differ in their activation functions only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use pliant_nn::{Initialisation, MaskedLanguageModel, Positions, Preset, Role};
use support::{OwnedBatch, index_of, norm, small_config};

#[test]
fn tensors_that_are_no_activation_are_equal() {
    for initialisation in [
        Initialisation::FanIn,
        Initialisation::Normal { deviation: 0.02 },
    ] {
        let build = |activation: &str| {
            let mut config = small_config(activation);
            config.initialisation = initialisation;
            MaskedLanguageModel::new(&config, 17).unwrap()
        };
        let (fixed, learnable) = (build("gelu"), build("rational"));
        assert!(
            fixed
                .parameters()
                .iter()
                .all(|parameter| parameter.role != Role::Activation)
        );
        let mut shared = 0;
        for (index, parameter) in learnable.parameters().iter().enumerate() {
            if parameter.role != Role::Activation {
                assert_eq!(
                    learnable.read(index),
                    fixed.read(index_of(&fixed, &parameter.name)),
                    "{}",
                    parameter.name
                );
                shared += 1;
            }
        }
        assert_eq!(shared, fixed.parameters().len());
    }
}

#[test]
fn another_configuration_keeps_the_tensors_that_both_have() {
    let rotary = MaskedLanguageModel::new(&small_config("gelu"), 17).unwrap();
    let mut config = small_config("gelu");
    config.positions = Positions::Learned;
    config.layers = 3;
    let learned = MaskedLanguageModel::new(&config, 17).unwrap();
    for (index, parameter) in rotary.parameters().iter().enumerate() {
        assert_eq!(
            rotary.read(index),
            learned.read(index_of(&learned, &parameter.name)),
            "{}",
            parameter.name
        );
    }
    let other_seed = MaskedLanguageModel::new(&small_config("gelu"), 18).unwrap();
    assert_ne!(rotary.read(0), other_seed.read(0));
}

#[test]
fn losses_at_step_0_are_close() {
    let loss = |activation: &str| {
        let config = Preset::Tiny
            .config(2000, activation.parse().unwrap())
            .unwrap();
        let model = MaskedLanguageModel::new(&config, 1).unwrap();
        let batch = OwnedBatch::padded(8, 8, 64, config.vocabulary_size);
        let score = model.score(&batch.input()).unwrap();
        score.loss_sum / score.rows as f64
    };
    let (gelu, rational) = (loss("gelu"), loss("rational"));
    assert!(
        (gelu - rational).abs() < 1e-2,
        "gelu {gelu}, rational {rational}"
    );
}

/// The released code draws the up-projection by activation and everything else alike.
#[test]
fn released_initialisation_differs_between_the_arms() {
    let model_of = |activation: &str| {
        let mut config = small_config(activation);
        config.hidden_size = 96;
        config.intermediate_size = 384;
        config.initialisation = Initialisation::ReleasedRaft;
        MaskedLanguageModel::new(&config, 5).unwrap()
    };
    let deviation = |model: &MaskedLanguageModel, name: &str| {
        let values = model.read(index_of(model, name));
        norm(&values) / (values.len() as f64).sqrt()
    };
    let (learnable, fixed) = (model_of("rational"), model_of("gelu"));
    let up = "bert.encoder.layer.0.intermediate.dense.weight";
    let xavier = (2.0 / (96.0 + 384.0_f64)).sqrt() * (8.0 * 2.0_f64).powf(-0.25);
    let kaiming = 1.0 / (3.0 * 96.0_f64).sqrt();
    assert!((deviation(&learnable, up) / xavier - 1.0).abs() < 0.02);
    assert!((deviation(&fixed, up) / kaiming - 1.0).abs() < 0.02);
    let bound = fixed
        .read(index_of(&fixed, up))
        .into_iter()
        .map(f32::abs)
        .fold(0.0, f32::max);
    assert!(f64::from(bound) <= 1.0 / 96.0_f64.sqrt());
    let down = "bert.encoder.layer.0.output.dense.weight";
    assert!((deviation(&learnable, down) / 0.02 - 1.0).abs() < 0.02);
    assert_eq!(
        learnable.read(index_of(&learnable, down)),
        fixed.read(index_of(&fixed, down))
    );
}
