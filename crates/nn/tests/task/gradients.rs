//! Gradients of task models against central differences with dropout, and over micro-batches.

use pliant_nn::{DropoutKey, TaskHead, TaskModel};

use crate::support::task::{ADAPTERS, TaskRows, adapted, heads, task_config, three_labels};
use crate::support::{distance, global_norm, index_of, norm};

const DROPOUT: DropoutKey = DropoutKey { seed: 11, step: 5 };

fn variants() -> Vec<(String, TaskModel)> {
    let plain = heads().into_iter().map(|head| {
        let model = TaskModel::new(&task_config(), head.clone(), 3).unwrap();
        (head.kind().to_owned(), model)
    });
    let with_adapter = ADAPTERS
        .iter()
        .map(|adapter| (adapter.to_string(), adapted(&three_labels(), adapter)));
    plain.chain(with_adapter).collect()
}

/// Along the gradient of each parameter the loss changes as fast as the gradient is long.
#[test]
fn central_differences_with_dropout() {
    for (name, mut model) in variants() {
        let head = model.head().clone();
        // |b| has a kink at 0, and a small coefficient would be moved across it.
        let sites: Vec<String> = model
            .sites()
            .iter()
            .map(|site| site.parameter_names[1].clone())
            .collect();
        for site in sites {
            let denominator = index_of(&model, &site);
            model
                .write(denominator, &[-0.07, 0.18, 0.04, 0.01])
                .unwrap();
        }
        let batch = TaskRows::new(1, 6, 16, model.config());
        let input = batch.input(&head);
        let (_, gradients) = model.forward_backward(&input, Some(DROPOUT), 1.0).unwrap();
        let whole = global_norm(&model, &gradients);
        let mut checked = 0;
        for index in 0..model.parameters().len() {
            let gradient = gradients.get(index).unwrap().to_vec();
            let length = norm(&gradient);
            if length < 1e-4 * whole {
                continue;
            }
            checked += 1;
            let start = model.read(index);
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
                let (score, _) = model.forward_backward(&input, Some(DROPOUT), 1.0).unwrap();
                score.loss_sum
            };
            // Two step lengths, extrapolated: the error falls with the fourth power of the step.
            let coarse = (loss_at(step) - loss_at(-step)) / (2.0 * step);
            let fine = (loss_at(step / 2.0) - loss_at(-step / 2.0)) / step;
            let slope = (4.0 * fine - coarse) / 3.0;
            model.write(index, &start).unwrap();
            let parameter = &model.parameters()[index].name;
            assert!(
                (slope - length).abs() <= 5e-3 * length + 2e-4 * whole,
                "{name}: {parameter}: difference quotient {slope}, gradient {length}"
            );
        }
        assert!(checked > model.parameters().len() / 2, "{name}: {checked}");
    }
}

/// 3 micro-batches of 4 padded sequences are one batch of 12, dropout included.
#[test]
fn accumulation_equals_the_whole_batch() {
    for (name, model) in variants() {
        let head = model.head().clone();
        let batch = TaskRows::new(2, 12, 16, model.config());
        let scale = 1.0 / 12.0;
        let (score, whole) = model
            .forward_backward(&batch.input(&head), Some(DROPOUT), scale)
            .unwrap();
        let mut parts = (0..3).map(|part| {
            model
                .forward_backward(&batch.rows(4 * part, 4).input(&head), Some(DROPOUT), scale)
                .unwrap()
        });
        let (mut sum, mut accumulated) = parts.next().unwrap();
        for (part, gradients) in parts {
            sum += part;
            accumulated.accumulate(gradients);
        }
        assert_eq!(
            (sum.sequences, sum.correct),
            (score.sequences, score.correct),
            "{name}"
        );
        assert!((sum.loss_sum - score.loss_sum).abs() <= 1e-5, "{name}");
        let all = global_norm(&model, &whole);
        for (index, parameter) in model.parameters().iter().enumerate() {
            let (one, three) = (whole.get(index).unwrap(), accumulated.get(index).unwrap());
            let difference = distance(one, three);
            assert!(
                difference <= 1e-5 * norm(one) + 1e-7 * all,
                "{name}: {}: {difference:e} of {:e}",
                parameter.name,
                norm(one)
            );
        }
    }
}

#[test]
fn every_parameter_receives_a_finite_gradient() {
    for (name, model) in variants() {
        let batch = TaskRows::new(3, 8, 16, model.config());
        let (_, gradients) = model
            .forward_backward(&batch.input(model.head()), None, 1.0)
            .unwrap();
        assert_eq!(gradients.len(), model.parameters().len());
        for (index, parameter) in model.parameters().iter().enumerate() {
            let gradient = gradients.get(index).unwrap();
            assert_eq!(gradient.len(), parameter.count());
            assert!(
                gradient.iter().all(|value| value.is_finite())
                    && gradient.iter().any(|value| *value != 0.0),
                "{name}: {}",
                parameter.name
            );
        }
    }
}

/// The pooled output is dropped by (seed, step, sequence), also where nothing else is dropped.
#[test]
fn pooled_dropout_is_keyed_by_seed_step_and_sequence() {
    // Only the head can tell these losses apart: without pooler nothing changes.
    let losses = |head: &TaskHead| {
        let mut config = task_config();
        config.layers = 1;
        let mut model = TaskModel::new(&config, head.clone(), 3).unwrap();
        model.set_dropout(0.5, 0.0).unwrap();
        let batch = TaskRows::new(5, 2, 16, model.config());
        let loss = |key: Option<DropoutKey>, first_sequence: u64| {
            let mut moved = batch.clone();
            moved.tokens.first_sequence = first_sequence;
            let (score, _) = model
                .forward_backward(&moved.input(head), key, 1.0)
                .unwrap();
            score.loss_sum
        };
        assert_eq!(loss(Some(DROPOUT), 0), loss(Some(DROPOUT), 0));
        assert_ne!(loss(Some(DROPOUT), 0), loss(Some(DROPOUT), 1));
        assert_ne!(
            loss(Some(DROPOUT), 0),
            loss(Some(DropoutKey { step: 6, ..DROPOUT }), 0)
        );
        assert_eq!(loss(None, 0), loss(None, 7));
    };
    heads().iter().for_each(losses);
}

/// With one-hot classifier rows the logits show which pooled values were dropped.
#[test]
fn dropped_pooled_values_are_zero_and_the_others_grow() {
    let mut config = task_config();
    config.sites = "none".parse().unwrap();
    config.norm = pliant_nn::NormPlacement::Pre;
    let labels = (0..config.hidden_size).map(|label| label.to_string());
    let head = TaskHead::Classification {
        labels: labels.collect(),
    };
    let mut model = TaskModel::new(&config, head.clone(), 3).unwrap();
    let weight = index_of(&model, "classifier.weight");
    let size = config.hidden_size;
    let identity: Vec<f32> = (0..size * size)
        .map(|at| f32::from(u8::from(at / size == at % size)))
        .collect();
    model.write(weight, &identity).unwrap();
    model.set_dropout(0.25, 0.0).unwrap();
    // A head of its own: the gradient by the classifier's weight is (softmax - one-hot) times the pooled row.
    let batch = TaskRows::new(5, 1, 16, &config);
    let (_, dropped) = model
        .forward_backward(&batch.input(&head), Some(DROPOUT), 1.0)
        .unwrap();
    let row = |gradients: &pliant_nn::Gradients| {
        gradients.get(weight).unwrap()[..size]
            .iter()
            .map(|value| *value != 0.0)
            .collect::<Vec<_>>()
    };
    let kept = row(&dropped);
    let count = kept.iter().filter(|kept| **kept).count();
    assert!((size / 2..size).contains(&count), "{count} of {size}");
    let (_, whole) = model
        .forward_backward(&batch.input(&head), None, 1.0)
        .unwrap();
    assert!(row(&whole).iter().all(|kept| *kept));
}
