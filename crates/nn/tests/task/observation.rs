//! Looks into a forward pass of a task model.

use pliant_nn::{TaskHead, TaskModel};

use crate::support::index_of;
use crate::support::task::{TaskRows, task_config, three_labels};

#[test]
fn the_pooler_is_a_site_with_one_row_for_each_sequence() {
    let model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    let names: Vec<&str> = model
        .sites()
        .iter()
        .map(|site| site.name.as_str())
        .collect();
    assert_eq!(names, ["layer.0", "layer.1", "pooler"]);
    let pooler = &model.sites()[2];
    assert_eq!((pooler.layer(), pooler.channels), (None, 32));
    for name in &pooler.parameter_names {
        index_of(&model, name);
    }
    let rows = TaskRows::new(1, 4, 16, model.config());
    let mask = rows.tokens.attention_mask.iter();
    let tokens: usize = mask.map(|real| usize::from(*real)).sum();
    let mut seen = Vec::new();
    model
        .observe(&rows.input(model.head()), &mut |site, values| {
            seen.push((site, values.len()));
            assert!(values.iter().all(|value| value.is_finite()));
        })
        .unwrap();
    assert_eq!(seen, [(0, tokens * 64), (1, tokens * 64), (2, 4 * 32)]);

    let span = TaskModel::new(&task_config(), TaskHead::Span, 3).unwrap();
    assert_eq!(span.sites().len(), 2);
}

#[test]
fn the_first_output_that_is_not_finite_is_named() {
    let mut model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    let weight = index_of(&model, "classifier.weight");
    model.write(weight, &[1e10; 96]).unwrap();
    let rows = TaskRows::new(1, 4, 16, model.config());
    let head = three_labels();
    assert_eq!(model.first_non_finite(&rows.input(&head)).unwrap(), None);
    let mut after = |name: &str, value: f32| {
        let index = index_of(&model, name);
        let before = model.read(index);
        model.write(index, &vec![value; before.len()]).unwrap();
        let first = model.first_non_finite(&rows.input(&head)).unwrap();
        model.write(index, &before).unwrap();
        first.unwrap()
    };
    let numerator = "bert.pooler.activation.numerator";
    assert_eq!(after(numerator, 3e38), "bert.pooler");
    assert_eq!(after(numerator, f32::NAN), numerator);
    assert_eq!(after("bert.pooler.dense.bias", 1e30), "classifier");
}
