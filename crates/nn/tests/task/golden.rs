//! Loss, logits and every gradient against `PyTorch` in double precision (fixtures: `python/golden/task.py`).

use pliant_nn::{TaskHead, TaskInput, TaskModel, TaskTarget};

use crate::support::fixture::{Fixture, RELATIVE, assert_gradients, golden_folder};

fn check(case: &str) {
    let folder = golden_folder(case);
    let model = TaskModel::load(&folder).unwrap();
    let expected = Fixture::read(&folder.join("expected.safetensors"));
    let attention_mask = expected.attention_mask();
    let sequences = 4;
    let target = match model.head() {
        TaskHead::Classification { .. } => TaskTarget::Classes(expected.batch("classes")),
        TaskHead::Regression => TaskTarget::Scores(&expected.floats["batch.scores"]),
        TaskHead::Span => TaskTarget::Spans {
            starts: expected.batch("starts"),
            ends: expected.batch("ends"),
        },
    };
    let input = TaskInput {
        sequences,
        length: attention_mask.len() / sequences,
        ids: expected.batch("ids"),
        type_ids: expected.batch("type_ids"),
        attention_mask: &attention_mask,
        target,
        first_sequence: 0,
    };
    let scale = 1.0 / sequences as f32;
    let (score, gradients) = model.forward_backward(&input, None, scale).unwrap();
    let wanted = expected.doubles["loss"];
    let (evaluated, logits) = model.evaluate(&input).unwrap();
    for (how, score) in [("trained", score), ("evaluated", evaluated)] {
        let loss = score.loss_sum * f64::from(scale);
        assert!(
            (loss - wanted).abs() <= RELATIVE * wanted,
            "{case}, {how}: loss {loss}, PyTorch {wanted}"
        );
        assert_eq!(score.sequences, sequences);
    }
    let wanted = &expected.floats["logits"];
    assert_eq!(logits.len(), wanted.len());
    for (found, wanted) in logits.iter().zip(wanted) {
        assert!(
            found == wanted || (found - wanted).abs() <= 1e-5 * wanted.abs().max(1.0),
            "{case}: logit {found}, PyTorch {wanted}"
        );
    }
    assert_eq!(logits, model.logits(&input).unwrap());
    assert_gradients(case, model.parameters(), &gradients, &expected);
}

#[test]
fn classification_with_a_pooler_that_learns() {
    check("task-classification");
}

#[test]
fn regression_with_tanh() {
    check("task-regression");
}

#[test]
fn spans_one_of_them_ignored() {
    check("task-span");
}

#[test]
fn factors_of_keys_values_and_inner_values() {
    check("task-ia3");
}

#[test]
fn products_of_low_rank_on_queries_and_values() {
    check("task-lora");
}
