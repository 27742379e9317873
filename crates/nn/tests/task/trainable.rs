//! What does not train costs nothing and has no gradient; what does has that of the whole model.

use pliant_nn::{DropoutKey, Gradients, Role, TaskModel, time_operations};

use crate::support::index_of;
use crate::support::task::{ADAPTERS, TaskRows, adapted, heads, task_config, three_labels};

const DROPOUT: DropoutKey = DropoutKey { seed: 4, step: 9 };

type Selection = (&'static str, fn(&str, Role) -> bool);

fn is_head(name: &str) -> bool {
    ["bert.pooler.dense", "classifier", "qa_outputs"]
        .iter()
        .any(|beginning| name.starts_with(beginning))
}

const SELECTIONS: [Selection; 7] = [
    ("head", |name, _| is_head(name)),
    ("biases", |name, role| role == Role::Bias || is_head(name)),
    ("activations", |name, role| {
        role == Role::Activation || is_head(name)
    }),
    ("frozen activations", |_, role| role != Role::Activation),
    ("adapter", |name, role| {
        role == Role::Adapter || is_head(name)
    }),
    ("one query", |name, _| {
        name == "bert.encoder.layer.1.attention.self.query.weight"
    }),
    ("words", |name, _| {
        name == "bert.embeddings.word_embeddings.weight"
    }),
];

fn models() -> Vec<TaskModel> {
    let plain = heads()
        .into_iter()
        .map(|head| TaskModel::new(&task_config(), head, 3).unwrap());
    let with_adapter = ADAPTERS
        .iter()
        .map(|adapter| adapted(&three_labels(), adapter));
    plain.chain(with_adapter).collect()
}

fn mask(model: &TaskModel, selected: fn(&str, Role) -> bool) -> Vec<bool> {
    model
        .parameters()
        .iter()
        .map(|parameter| selected(&parameter.name, parameter.role))
        .collect()
}

fn gradients(model: &TaskModel) -> (f64, Gradients) {
    let batch = TaskRows::new(7, 6, 16, model.config());
    let (score, gradients) = model
        .forward_backward(&batch.input(model.head()), Some(DROPOUT), 0.5)
        .unwrap();
    (score.loss_sum, gradients)
}

#[test]
fn gradients_are_absent_or_those_of_the_whole_model() {
    for mut model in models() {
        let (loss, whole) = gradients(&model);
        for (name, selected) in SELECTIONS {
            let mask = mask(&model, selected);
            model.set_trainable(&mask);
            let (own_loss, own) = gradients(&model);
            assert_eq!(loss, own_loss, "{name}");
            for (index, parameter) in model.parameters().iter().enumerate() {
                let expected = whole.get(index).filter(|_| mask[index]);
                assert!(
                    own.get(index) == expected,
                    "{name}: {} ({})",
                    parameter.name,
                    mask[index]
                );
            }
        }
        model.set_trainable(&vec![true; model.parameters().len()]);
        let (_, again) = gradients(&model);
        assert!((0..again.len()).all(|index| again.get(index) == whole.get(index)));
    }
}

/// Names of the operations that ran backward.
fn backward_operations(model: &TaskModel) -> Vec<String> {
    let (_, times) = time_operations(|| gradients(model));
    times.backward.into_keys().collect()
}

#[test]
fn nothing_runs_backward_below_the_lowest_parameter_that_trains() {
    let mut model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    assert!(backward_operations(&model).contains(&"embedding".to_owned()));

    let head = mask(&model, |name, _| is_head(name));
    model.set_trainable(&head);
    assert_eq!(
        backward_operations(&model),
        ["bias_activation", "dropout_alone", "linear", "task_loss"]
    );

    let classifier = mask(&model, |name, _| name.starts_with("classifier"));
    model.set_trainable(&classifier);
    assert_eq!(backward_operations(&model), ["linear", "task_loss"]);

    let last_output = mask(&model, |name, _| {
        name == "bert.encoder.layer.1.output.dense.weight"
    });
    model.set_trainable(&last_output);
    let operations = backward_operations(&model);
    assert!(operations.contains(&"linear".to_owned()));
    for absent in ["embedding", "attention"] {
        assert!(!operations.contains(&absent.to_owned()), "{operations:?}");
    }

    model.set_trainable(&vec![false; model.parameters().len()]);
    assert!(backward_operations(&model).is_empty());
    let (loss, none) = gradients(&model);
    assert!(loss > 0.0);
    assert!((0..none.len()).all(|index| none.get(index).is_none()));
}

/// Updates keep what trains, move nothing else, and copy no buffer.
#[test]
fn a_selection_outlives_updates() {
    let mut model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    let selected = mask(&model, |name, role| role == Role::Bias || is_head(name));
    model.set_trainable(&selected);
    let before: Vec<Vec<f32>> = (0..selected.len()).map(|index| model.read(index)).collect();
    for _ in 0..3 {
        let (_, gradients) = gradients(&model);
        model
            .update_all(&mut |parameters, values| {
                assert_eq!(parameters.len(), values.len());
                for (index, values) in values.into_iter().enumerate() {
                    if let Some(gradient) = gradients.get(index) {
                        for (value, slope) in values.iter_mut().zip(gradient) {
                            *value -= 0.1 * slope;
                        }
                    }
                }
            })
            .unwrap();
    }
    let (_, after) = gradients(&model);
    for (index, selected) in selected.iter().enumerate() {
        let name = &model.parameters()[index].name;
        assert_eq!(after.get(index).is_some(), *selected, "{name}");
        assert_eq!(model.read(index) != before[index], *selected, "{name}");
    }
}

#[test]
fn a_new_adapter_trains_beside_what_did() {
    let mut model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    let head = mask(&model, |name, _| is_head(name));
    model.set_trainable(&head);
    model.add_adapter(&ADAPTERS[0], 5).unwrap();
    let (_, own) = gradients(&model);
    for (index, parameter) in model.parameters().iter().enumerate() {
        let trains = parameter.role == Role::Adapter || is_head(&parameter.name);
        assert_eq!(own.get(index).is_some(), trains, "{}", parameter.name);
    }
    model.merge_adapter().unwrap();
    let (_, own) = gradients(&model);
    for (index, parameter) in model.parameters().iter().enumerate() {
        assert_eq!(own.get(index).is_some(), is_head(&parameter.name));
    }
}

#[test]
fn bytes_are_equal_at_one_and_three_threads() {
    let at = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| {
                let mut bits = Vec::new();
                for mut model in models() {
                    for (_, selected) in SELECTIONS {
                        let mask = mask(&model, selected);
                        model.set_trainable(&mask);
                        let (loss, gradients) = gradients(&model);
                        bits.push(loss.to_bits());
                        let values = (0..gradients.len()).filter_map(|index| gradients.get(index));
                        bits.extend(values.flatten().map(|value| u64::from(value.to_bits())));
                    }
                }
                bits
            })
    };
    let one = at(1);
    assert!(one.len() > 1000);
    assert!(one == at(3));
}

/// The weights of queries, keys and values are one buffer: the gradient of one is not handed out with the others'.
#[test]
fn a_part_of_a_fused_buffer_is_selected_alone() {
    let mut model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    let key = "bert.encoder.layer.0.attention.self.key.bias";
    let mut mask = vec![false; model.parameters().len()];
    mask[index_of(&model, key)] = true;
    model.set_trainable(&mask);
    let (_, own) = gradients(&model);
    let with: Vec<&str> = (0..own.len())
        .filter(|index| own.get(*index).is_some())
        .map(|index| model.parameters()[index].name.as_str())
        .collect();
    assert_eq!(with, [key]);
}
