//! Gradients of the whole model: against central differences with dropout on, accumulated, present for every parameter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use pliant_nn::{
    Additions, DropoutKey, MaskedLanguageModel, ModelConfig, NormPlacement, Positions,
};
use support::{OwnedBatch, distance, global_norm, norm, small_config};

const DROPOUT: DropoutKey = DropoutKey { seed: 11, step: 5 };

fn variants() -> Vec<(&'static str, ModelConfig)> {
    let mut post = small_config("rational");
    post.norm = NormPlacement::Post;
    post.positions = Positions::Learned;
    post.embedding_norm = true;
    let mut deep = small_config("rational");
    deep.norm = NormPlacement::DeepNorm;
    let mut added = small_config("rational");
    added.additions = Additions {
        feed_forward_input: Some("rational(start=identity)".parse().unwrap()),
        attention_output: Some("rational(start=identity)".parse().unwrap()),
        inner_norm: true,
    };
    vec![
        ("pre, rotary", small_config("rational")),
        ("post, learned", post),
        ("deepnorm, rotary", deep),
        ("with a gate", small_config("glu(rational)")),
        ("with additions", added),
    ]
}

/// Along the gradient of each parameter the loss changes as fast as the gradient is long.
#[test]
fn central_differences_with_dropout() {
    for (name, config) in variants() {
        let mut model = MaskedLanguageModel::new(&config, 3).unwrap();
        // |b| has a kink at 0, and a small coefficient would be moved across it.
        for index in 0..model.parameters().len() {
            if model.parameters()[index].name.ends_with(".denominator") {
                model.write(index, &[-0.07, 0.18, 0.04, 0.01]).unwrap();
            }
        }
        let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
        let (_, gradients) = model
            .forward_backward(&batch.input(), Some(DROPOUT), 1.0)
            .unwrap();
        let whole = global_norm(&model, &gradients);
        for index in 0..model.parameters().len() {
            let gradient = gradients.get(index).unwrap().to_vec();
            let length = norm(&gradient);
            if length < 1e-4 * whole {
                continue;
            }
            let start = model.read(index);
            // Large enough that the rounding of the loss does not show, also where a bias starts at 0.
            let step = 2e-3 * norm(&start).max(1.0);
            let mut loss_at = |along: f64| {
                let moved: Vec<f32> = start
                    .iter()
                    .zip(&gradient)
                    .map(|(value, slope)| {
                        (f64::from(*value) + along * f64::from(*slope) / length) as f32
                    })
                    .collect();
                model.write(index, &moved).unwrap();
                model
                    .forward_backward(&batch.input(), Some(DROPOUT), 1.0)
                    .unwrap()
                    .0
                    .loss_sum
            };
            // Two step lengths, extrapolated: the error falls with the fourth power of the step.
            let coarse = (loss_at(step) - loss_at(-step)) / (2.0 * step);
            let fine = (loss_at(step / 2.0) - loss_at(-step / 2.0)) / step;
            let slope = (4.0 * fine - coarse) / 3.0;
            model.write(index, &start).unwrap();
            let parameter = &model.parameters()[index].name;
            assert!(
                (slope - length).abs() <= 5e-3 * length + 1e-4 * whole,
                "{name}: {parameter}: difference quotient {slope}, gradient {length}"
            );
        }
    }
}

/// 4 micro-batches of 8 padded sequences are one batch of 32, dropout included.
#[test]
fn accumulation_equals_the_whole_batch() {
    for (name, config) in variants() {
        let model = MaskedLanguageModel::new(&config, 3).unwrap();
        let batch = OwnedBatch::padded(2, 32, 16, config.vocabulary_size);
        let scale = 1.0 / batch.labels.len() as f32;
        let (score, whole) = model
            .forward_backward(&batch.input(), Some(DROPOUT), scale)
            .unwrap();
        let mut parts = (0..4).map(|part| {
            model
                .forward_backward(&batch.rows(8 * part, 8).input(), Some(DROPOUT), scale)
                .unwrap()
        });
        let (mut sum, mut accumulated) = parts.next().unwrap();
        for (part, gradients) in parts {
            sum.loss_sum += part.loss_sum;
            sum.correct += part.correct;
            sum.rows += part.rows;
            accumulated.accumulate(gradients);
        }
        assert_eq!(
            (sum.rows, sum.correct),
            (score.rows, score.correct),
            "{name}"
        );
        let (one, four) = (
            score.loss_sum * f64::from(scale),
            sum.loss_sum * f64::from(scale),
        );
        assert!(
            (one - four).abs() <= 1e-6,
            "{name}: loss {one} against {four}"
        );
        let all = global_norm(&model, &whole);
        for (index, parameter) in model.parameters().iter().enumerate() {
            let (one, four) = (whole.get(index).unwrap(), accumulated.get(index).unwrap());
            let difference = distance(one, four);
            assert!(
                difference <= 1e-5 * norm(one) + 1e-8 * all,
                "{name}: {}: {difference:e} of {:e}",
                parameter.name,
                norm(one)
            );
        }
    }
}

#[test]
fn every_parameter_receives_a_finite_gradient() {
    for (name, config) in variants() {
        let model = MaskedLanguageModel::new(&config, 3).unwrap();
        let batch = OwnedBatch::padded(3, 8, 24, config.vocabulary_size);
        let (_, gradients) = model.forward_backward(&batch.input(), None, 1.0).unwrap();
        assert_eq!(gradients.len(), model.parameters().len());
        for (index, parameter) in model.parameters().iter().enumerate() {
            let gradient = gradients
                .get(index)
                .unwrap_or_else(|| panic!("{name}: none for {}", parameter.name));
            assert_eq!(gradient.len(), parameter.count());
            assert!(
                gradient.iter().all(|value| value.is_finite()),
                "{name}: {}",
                parameter.name
            );
            assert!(
                gradient.iter().any(|value| *value != 0.0),
                "{name}: {} is all zero",
                parameter.name
            );
        }
    }
}

#[test]
fn without_masked_positions_nothing_arrives() {
    let config = small_config("rational");
    let model = MaskedLanguageModel::new(&config, 3).unwrap();
    let mut batch = OwnedBatch::padded(3, 4, 16, config.vocabulary_size);
    batch.masked_positions.clear();
    batch.labels.clear();
    let (score, mut gradients) = model
        .forward_backward(&batch.input(), Some(DROPOUT), 1.0)
        .unwrap();
    assert_eq!((score.rows, score.correct, score.loss_sum), (0, 0, 0.0));
    assert!((0..model.parameters().len()).all(|index| gradients.get(index).is_none()));
    assert_eq!(model.score(&batch.input()).unwrap().rows, 0);

    let full = OwnedBatch::padded(3, 4, 16, config.vocabulary_size);
    let (_, others) = model
        .forward_backward(&full.input(), Some(DROPOUT), 1.0)
        .unwrap();
    let first = others.get(0).unwrap().to_vec();
    gradients.accumulate(others);
    assert_eq!(gradients.get(0).unwrap(), first);
}

/// The loss scale multiplies the gradients and leaves the score alone.
#[test]
fn scale_multiplies_the_gradients() {
    let config = small_config("gelu");
    let model = MaskedLanguageModel::new(&config, 3).unwrap();
    let batch = OwnedBatch::padded(4, 4, 16, config.vocabulary_size);
    let (one, once) = model.forward_backward(&batch.input(), None, 1.0).unwrap();
    let (two, twice) = model.forward_backward(&batch.input(), None, 0.25).unwrap();
    assert_eq!(one, two);
    let quarter: Vec<f32> = once
        .get(0)
        .unwrap()
        .iter()
        .map(|value| value * 0.25)
        .collect();
    assert!(distance(&quarter, twice.get(0).unwrap()) <= 1e-6 * norm(&quarter));
}

/// Dropout follows the step and the sequence, and nothing else.
#[test]
fn dropout_is_keyed_by_seed_step_and_sequence() {
    let config = small_config("gelu");
    let model = MaskedLanguageModel::new(&config, 3).unwrap();
    let batch = OwnedBatch::padded(5, 4, 16, config.vocabulary_size);
    let loss = |key: Option<DropoutKey>, first_sequence: u64| {
        let mut moved = batch.clone();
        moved.first_sequence = first_sequence;
        model
            .forward_backward(&moved.input(), key, 1.0)
            .unwrap()
            .0
            .loss_sum
    };
    let base = loss(Some(DROPOUT), 0);
    assert_eq!(base, loss(Some(DROPOUT), 0));
    assert_ne!(base, loss(Some(DropoutKey { step: 6, ..DROPOUT }), 0));
    assert_ne!(
        base,
        loss(
            Some(DropoutKey {
                seed: 12,
                ..DROPOUT
            }),
            0
        )
    );
    assert_ne!(base, loss(Some(DROPOUT), 1));
    assert_eq!(loss(None, 0), loss(None, 7));
    assert!((loss(None, 0) - model.score(&batch.input()).unwrap().loss_sum).abs() < 1e-6);
}

/// Two identical sequences in one step lose different values.
#[test]
fn sequences_of_a_step_have_their_own_dropout() {
    let config = small_config("gelu");
    let model = MaskedLanguageModel::new(&config, 3).unwrap();
    let batch = OwnedBatch::padded(6, 1, 16, config.vocabulary_size);
    let loss = |first_sequence: u64| {
        let mut moved = batch.clone();
        moved.first_sequence = first_sequence;
        model
            .forward_backward(&moved.input(), Some(DROPOUT), 1.0)
            .unwrap()
            .0
            .loss_sum
    };
    assert_ne!(loss(0), loss(1));
}
