//! What is expected of an input, what padding does, and precision.

use pliant_nn::{ModelError, Precision, TaskHead, TaskInput, TaskModel, TaskTarget};

use crate::support::task::{TaskRows, heads, task_config, three_labels};

fn refused(head: &TaskHead, change: impl FnOnce(&mut TaskRows)) -> ModelError {
    let model = TaskModel::new(&task_config(), head.clone(), 3).unwrap();
    let mut rows = TaskRows::new(1, 4, 16, model.config());
    change(&mut rows);
    let error = model
        .forward_backward(&rows.input(head), None, 1.0)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        model.evaluate(&rows.input(head)).unwrap_err().to_string()
    );
    error
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let cases = [
        (
            refused(&three_labels(), |rows| rows.classes[1] = 3),
            "`classes` holds 3 at position 1; it must be below 3",
        ),
        (
            refused(&three_labels(), |rows| rows.classes.truncate(3)),
            "`classes` has 3 elements, expected 4 (one for each sequence)",
        ),
        (
            refused(&TaskHead::Regression, |rows| rows.scores[2] = f32::NAN),
            "score of sequence 2",
        ),
        (
            refused(&TaskHead::Span, |rows| rows.ends.truncate(3)),
            "`ends` has 3 elements",
        ),
        (
            refused(&TaskHead::Span, |rows| {
                rows.tokens.attention_mask[17..32].fill(0);
                rows.starts[1] = 1;
            }),
            "`starts` holds 17, which is padding",
        ),
        (
            refused(&three_labels(), |rows| {
                rows.tokens.attention_mask[16..32].fill(0);
            }),
            "sequence 1 of the model input is padding alone",
        ),
        (
            refused(&three_labels(), |rows| rows.tokens.ids[5] = 60),
            "`ids` holds 60",
        ),
    ];
    for (error, text) in cases {
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn targets_of_another_kind_are_refused() {
    let model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    let rows = TaskRows::new(1, 4, 16, model.config());
    let error = model
        .evaluate(&rows.input(&TaskHead::Regression))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "a classification model was given scores as targets"
    );
    let without = TaskInput {
        target: TaskTarget::None,
        ..rows.input(&three_labels())
    };
    let error = model.forward_backward(&without, None, 1.0).unwrap_err();
    assert!(error.to_string().contains("no targets"), "{error}");
    assert!(error.hint().is_some());
    assert_eq!(model.logits(&without).unwrap().len(), 4 * 3);
}

#[test]
fn dropout_outside_its_range_is_refused() {
    let mut model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    assert!(model.set_dropout(1.0, 0.1).is_err());
    assert!(model.set_dropout(0.2, -0.1).is_err());
    assert_eq!(model.config().dropout, task_config().dropout);
    model.set_dropout(0.2, 0.3).unwrap();
    assert_eq!(
        (model.config().dropout, model.config().attention_dropout),
        (0.2, 0.3)
    );
}

/// More padding changes no bit of the logits, and is minus infinity in those of spans.
#[test]
fn padding_changes_nothing() {
    for head in heads() {
        let model = TaskModel::new(&task_config(), head.clone(), 3).unwrap();
        let rows = TaskRows::new(1, 4, 16, model.config());
        let mut wide = rows.clone();
        wide.tokens.length = 20;
        let widen = |values: &[u32]| -> Vec<u32> {
            values
                .chunks_exact(16)
                .flat_map(|row| row.iter().copied().chain([0; 4]))
                .collect()
        };
        wide.tokens.ids = widen(&rows.tokens.ids);
        wide.tokens.type_ids = widen(&rows.tokens.type_ids);
        wide.tokens.attention_mask = rows
            .tokens
            .attention_mask
            .chunks_exact(16)
            .flat_map(|row| row.iter().copied().chain([0; 4]))
            .collect();
        // Ignored where the positions end, which is further now.
        wide.ends
            .iter_mut()
            .filter(|end| **end == 16)
            .for_each(|end| *end = 20);
        let (score, logits) = model.evaluate(&rows.input(&head)).unwrap();
        let (wide_score, wide_logits) = model.evaluate(&wide.input(&head)).unwrap();
        assert_eq!(score, wide_score);
        if head == TaskHead::Span {
            assert_eq!(wide_logits.len(), 4 * 20 * 2);
            for (row, (narrow, wide)) in logits
                .chunks_exact(32)
                .zip(wide_logits.chunks_exact(40))
                .enumerate()
            {
                assert_eq!(narrow, &wide[..32]);
                assert!(wide[32..].iter().all(|logit| *logit == f32::NEG_INFINITY));
                for (place, logits) in narrow.chunks_exact(2).enumerate() {
                    let real = rows.tokens.attention_mask[row * 16 + place] == 1;
                    assert!(logits.iter().all(|logit| logit.is_finite() == real));
                }
            }
        } else {
            assert_eq!(logits, wide_logits);
        }
    }
}

#[test]
fn correct_counts_the_largest_logits() {
    let model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    let mut rows = TaskRows::new(1, 8, 16, model.config());
    let (_, logits) = model.evaluate(&rows.input(model.head())).unwrap();
    rows.classes = logits
        .chunks_exact(3)
        .map(|row| {
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            row.iter().position(|logit| *logit == largest).unwrap() as u32
        })
        .collect();
    assert_eq!(
        model.evaluate(&rows.input(model.head())).unwrap().0.correct,
        8
    );
    rows.classes[3] = (rows.classes[3] + 1) % 3;
    assert_eq!(
        model.evaluate(&rows.input(model.head())).unwrap().0.correct,
        7
    );
}

/// bf16 rounds the operands, so that losses differ a little and not at all from one call to the next.
#[test]
fn precision_reaches_the_head() {
    for head in heads() {
        let mut model = TaskModel::new(&task_config(), head.clone(), 3).unwrap();
        let rows = TaskRows::new(1, 4, 16, model.config());
        let f32_loss = model.evaluate(&rows.input(&head)).unwrap().0.loss_sum;
        model.set_precision(Precision::Bf16);
        let bf16_loss = model.evaluate(&rows.input(&head)).unwrap().0.loss_sum;
        assert_ne!(f32_loss, bf16_loss);
        assert!(
            (f32_loss - bf16_loss).abs() < 0.05 * f32_loss,
            "{f32_loss} {bf16_loss}"
        );
    }
}
