use super::*;
use crate::parallel::tests::same_at_any_thread_count;
use crate::testing::{assert_close, assert_gradient, bits, narrow, random};

struct Case {
    hidden_size: usize,
    vocabulary: usize,
    hidden: Vec<f64>,
    table: Vec<f64>,
    bias: Vec<f64>,
    labels: Vec<u32>,
}

fn case(rows: usize, hidden_size: usize, vocabulary: usize, deviation: f64) -> Case {
    let hidden = random(1, rows * hidden_size, deviation);
    let table = random(2, vocabulary * hidden_size, 1.0);
    let bias = random(3, vocabulary, deviation);
    // Half of the labels are the prediction, so that both outcomes occur.
    let labels = (0..rows)
        .map(|row| {
            let own = &hidden[row * hidden_size..(row + 1) * hidden_size];
            let predicted = |word: &u32| reference::score(own, &table, &bias, &[*word]).1 == 1;
            if row % 2 == 0 && vocabulary < 100 {
                (0..vocabulary as u32).find(predicted).unwrap_or(0)
            } else {
                (row * 7919 % vocabulary) as u32
            }
        })
        .collect();
    Case {
        hidden_size,
        vocabulary,
        hidden,
        table,
        bias,
        labels,
    }
}

fn run(case: &Case, scale: f32) -> (Score, [Vec<f32>; 3]) {
    let (hidden, table, bias) = (
        narrow(&case.hidden),
        narrow(&case.table),
        narrow(&case.bias),
    );
    let mut gradients = [&hidden, &table, &bias].map(|values| vec![f32::NAN; values.len()]);
    let [dhidden, dtable, dbias] = &mut gradients;
    let result = score_and_gradients(
        crate::Precision::F32,
        &hidden,
        &table,
        &bias,
        &case.labels,
        case.hidden_size,
        case.vocabulary,
        scale,
        dhidden,
        dtable,
        dbias,
    );
    let only = score(
        crate::Precision::F32,
        &hidden,
        &table,
        &bias,
        &case.labels,
        case.hidden_size,
        case.vocabulary,
    );
    assert_eq!(result.loss_sum.to_bits(), only.loss_sum.to_bits());
    assert_eq!((result.correct, result.rows), (only.correct, only.rows));
    (result, gradients)
}

#[test]
fn agrees_with_the_reference() {
    for (rows, hidden_size, vocabulary, deviation) in [
        (1, 1, 1, 1.0),
        (5, 3, 7, 1.0),
        (131, 17, 33, 1.0),
        (260, 8, 50, 1e-3),
        (20, 16, 40, 100.0),
        (9, 5, 2100, 1.0),
        // More than one slab of words, and more than one block of rows.
        (300, 16, 9000, 1.0),
        (4100, 2, 3, 1.0),
    ] {
        let case = case(rows, hidden_size, vocabulary, deviation);
        let (score, [dhidden, dtable, dbias]) = run(&case, 0.25);
        let (loss, correct) = reference::score(&case.hidden, &case.table, &case.bias, &case.labels);
        assert!(
            (score.loss_sum - loss).abs() <= 1e-6 * loss.abs().max(rows as f64),
            "{} {loss}",
            score.loss_sum
        );
        assert_eq!((score.correct, score.rows), (correct, rows));
        let exact = reference::gradients(&case.hidden, &case.table, &case.bias, &case.labels);
        let scaled = |values: &[f64]| values.iter().map(|value| 0.25 * value).collect::<Vec<_>>();
        if vocabulary > 1 {
            // A logit of some hundreds is rounded by 1e-5, and so is its probability.
            let tolerance = 2e-6 * deviation.max(1.0);
            assert_close("dhidden", &dhidden, &scaled(&exact.0), tolerance);
            assert_close("dtable", &dtable, &scaled(&exact.1), tolerance);
            assert_close("dbias", &dbias, &scaled(&exact.2), tolerance);
        } else {
            assert!(
                [dhidden, dtable, dbias]
                    .iter()
                    .flatten()
                    .all(|gradient| *gradient == 0.0)
            );
        }
    }
}

#[test]
fn gradients_are_the_derivatives() {
    let case = case(3, 4, 6, 1.0);
    let exact = reference::gradients(&case.hidden, &case.table, &case.bias, &case.labels);
    let loss = |hidden: &[f64], table: &[f64], bias: &[f64]| {
        reference::score(hidden, table, bias, &case.labels).0
    };
    assert_gradient("hidden", &case.hidden, &exact.0, |hidden| {
        loss(hidden, &case.table, &case.bias)
    });
    assert_gradient("table", &case.table, &exact.1, |table| {
        loss(&case.hidden, table, &case.bias)
    });
    assert_gradient("bias", &case.bias, &exact.2, |bias| {
        loss(&case.hidden, &case.table, bias)
    });
}

#[test]
fn no_rows_give_zero_gradients() {
    let (score, [dhidden, dtable, dbias]) = run(&case(0, 3, 5, 1.0), 1.0);
    assert_eq!(score, Score::default());
    assert!(dhidden.is_empty());
    assert!(dtable.iter().chain(&dbias).all(|gradient| *gradient == 0.0));
}

#[test]
fn equal_logits_predict_the_first_and_bad_ones_show() {
    let result = score(
        crate::Precision::F32,
        &[0.0; 2],
        &[0.0; 4],
        &[1.0; 4],
        &[0, 1],
        1,
        4,
    );
    assert_eq!(result.correct, 1);
    assert!((result.loss_sum - 2.0 * 4.0_f64.ln()).abs() < 1e-6);
    let nan = score(
        crate::Precision::F32,
        &[f32::NAN],
        &[1.0; 4],
        &[0.0; 4],
        &[0],
        1,
        4,
    );
    assert!(nan.loss_sum.is_nan());
    assert_eq!(nan.correct, 0);
}

#[test]
fn the_same_bytes_at_any_thread_count() {
    let case = case(300, 40, 3001, 1.0);
    same_at_any_thread_count(|| {
        let (score, gradients) = run(&case, 1.0);
        (
            score.loss_sum.to_bits(),
            score.correct,
            gradients.map(|values| bits(&values)),
        )
    });
}

#[test]
fn kept_logits_give_the_same_bits_as_those_that_are_made_again() {
    // Two blocks of rows of which one fits into the limit, and slabs of unequal width.
    let case = case(ROWS + 40, 8, 700, 1.0);
    let (hidden, table, bias) = (
        narrow(&case.hidden),
        narrow(&case.table),
        narrow(&case.bias),
    );
    for precision in crate::Precision::ALL {
        let head = Head::new(
            precision,
            &hidden,
            &table,
            &bias,
            &case.labels,
            case.hidden_size,
            case.vocabulary,
        );
        let [again, kept, partly] = [0, usize::MAX, 40 * case.vocabulary].map(|limit| {
            let mut gradients = [&hidden, &table, &bias].map(|of| vec![f32::NAN; of.len()]);
            let [dhidden, dtable, dbias] = &mut gradients;
            let score = differentiate(head, 0.5, limit, dhidden, dtable, dbias);
            (
                score.loss_sum.to_bits(),
                score.correct,
                gradients.map(|of| bits(&of)),
            )
        });
        assert!(kept == again, "{precision}: all kept");
        assert!(partly == again, "{precision}: the second block kept");
    }
}
