//! Every family of activations in a small model: gradients of its coefficients, a step downhill, and the way through a folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use pliant_activation::list::{gated, list};
use pliant_nn::{MaskedLanguageModel, ParameterInfo, Role};
use support::{OwnedBatch, norm, small_config};

/// Every family with its examples, one also per channel and in groups.
fn texts() -> Vec<String> {
    let listed = list().unwrap().into_iter();
    let mut texts: Vec<String> = listed
        .flat_map(|entry| {
            let examples = entry.examples.iter().map(ToString::to_string);
            [entry.name].into_iter().chain(examples)
        })
        .collect();
    texts.push("xielu(share=channel)".into());
    texts.push("series(2, share=group(8))".into());
    for entry in gated() {
        texts.extend(entry.examples.iter().map(ToString::to_string));
    }
    texts.push("glu(rational(form=b, share=group(8)))".into());
    texts
}

fn coefficients(model: &MaskedLanguageModel) -> Vec<(usize, ParameterInfo)> {
    let all = model.parameters().iter().cloned().enumerate();
    all.filter(|(_, parameter)| parameter.role == Role::Activation)
        .collect()
}

#[test]
fn coefficients_are_parameters_with_gradients_that_lead_downhill() {
    for text in texts() {
        let mut config = small_config(&text);
        (config.dropout, config.attention_dropout) = (0.0, 0.0);
        let mut model = MaskedLanguageModel::new(&config, 3).unwrap();
        // Off the start: that of the composed series stands on kinks of its own terms.
        for (index, _) in coefficients(&model) {
            let moved: Vec<f32> = model.read(index).iter().map(|c| c * 1.125 + 0.03).collect();
            model.write(index, &moved).unwrap();
        }
        let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
        let (before, gradients) = model.forward_backward(&batch.input(), None, 1.0).unwrap();
        assert!(before.loss_sum.is_finite(), "{text}");
        let found = coefficients(&model);
        assert_eq!(
            found.is_empty(),
            !config.activation.is_learnable(),
            "{text}"
        );
        if found.is_empty() {
            continue;
        }
        let mut length = 0.0_f64;
        for (index, parameter) in &found {
            let gradient = gradients.get(*index).unwrap();
            assert_eq!(gradient.len(), parameter.count(), "{text}");
            assert!(
                gradient.iter().all(|g| g.is_finite()),
                "{text}: {}",
                parameter.name
            );
            length += norm(gradient).powi(2);
        }
        let length = length.sqrt();
        assert!(length > 0.0, "{text}: no coefficient has a gradient");
        let starts: Vec<Vec<f32>> = found.iter().map(|(index, _)| model.read(*index)).collect();
        let mut loss_at = |along: f64| {
            for ((index, _), start) in found.iter().zip(&starts) {
                let moved: Vec<f32> = start
                    .iter()
                    .zip(gradients.get(*index).unwrap())
                    .map(|(c, g)| (f64::from(*c) + along * f64::from(*g) / length) as f32)
                    .collect();
                model.write(*index, &moved).unwrap();
            }
            let scored = model.forward_backward(&batch.input(), None, 1.0);
            scored.unwrap().0.loss_sum
        };
        // All coefficients together: the slope along the gradient is its length. The summed loss is near 100 and f32.
        let step = 5e-3;
        let slope = (loss_at(step) - loss_at(-step)) / (2.0 * step);
        assert!(
            (slope - length).abs() <= 0.03 * length + 0.02,
            "{text}: difference quotient {slope}, gradient {length}"
        );
    }
}

#[test]
fn a_saved_model_is_the_same() {
    for text in texts() {
        let folder = tempfile::tempdir().unwrap();
        let config = small_config(&text);
        let mut model = MaskedLanguageModel::new(&config, 4).unwrap();
        for (index, _) in coefficients(&model) {
            let moved: Vec<f32> = model.read(index).iter().map(|c| c * 1.125 + 0.03).collect();
            model.write(index, &moved).unwrap();
        }
        model.save(folder.path()).unwrap();
        let loaded = MaskedLanguageModel::load(folder.path()).unwrap();
        assert_eq!(loaded.config(), model.config(), "{text}");
        for (index, parameter) in model.parameters().iter().enumerate() {
            assert_eq!(
                loaded.read(index),
                model.read(index),
                "{text}: {}",
                parameter.name
            );
        }
        let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
        let scores = [&model, &loaded].map(|model| model.score(&batch.input()).unwrap());
        assert_eq!(scores[0], scores[1], "{text}");
    }
}
