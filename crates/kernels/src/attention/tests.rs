use super::*;
use crate::parallel::tests::same_at_any_thread_count;
use crate::random::Purpose;
use crate::testing::{
    assert_close, assert_close_to, assert_gradient, bits, largest, narrow, random,
};

const fn shape(batch: usize, sequence: usize, heads: usize, head_size: usize) -> Shape {
    Shape {
        batch,
        sequence,
        heads,
        head_size,
    }
}

fn with(probability: f32, first_sequence: u64) -> Dropout {
    Dropout {
        probability,
        stream: Stream::new(9, Purpose::Dropout, 4),
        first_sequence,
    }
}

/// Everything real, a padded end, holes, padding alone, one token alone; by sequence.
fn padded(shape: &Shape) -> Vec<u8> {
    let length = shape.sequence;
    (0..shape.batch)
        .flat_map(|sequence| {
            (0..length).map(move |position| match sequence % 5 {
                0 => 1,
                1 => u8::from(position < length.div_ceil(2)),
                2 => u8::from(position % 3 != 1),
                3 => 0,
                _ => u8::from(position == length / 2),
            })
        })
        .collect()
}

struct Results {
    output: Vec<f32>,
    log_sum_exp: Vec<f32>,
    dqkv: Vec<f32>,
}

fn run(
    shape: &Shape,
    qkv: &[f32],
    mask: &[u8],
    rotary: Option<&Rotary>,
    dropout: Option<&Dropout>,
    doutput: &[f32],
) -> Results {
    let mut output = vec![f32::NAN; qkv.len() / 3];
    let mut log_sum_exp = vec![f32::NAN; shape.batch * shape.heads * shape.sequence];
    let mut dqkv = vec![f32::NAN; qkv.len()];
    forward(
        crate::Precision::F32,
        shape,
        qkv,
        mask,
        rotary,
        dropout,
        &mut output,
        &mut log_sum_exp,
    );
    backward(
        crate::Precision::F32,
        shape,
        qkv,
        mask,
        rotary,
        dropout,
        &output,
        &log_sum_exp,
        doutput,
        &mut dqkv,
    );
    Results {
        output,
        log_sum_exp,
        dqkv,
    }
}

#[test]
fn agrees_with_the_reference() {
    for shape in [
        shape(1, 1, 1, 1),
        shape(5, 7, 2, 5),
        shape(5, 33, 3, 32),
        shape(2, 150, 1, 64),
        shape(5, 16, 2, 16),
        shape(1, 300, 1, 6),
    ] {
        let count = shape.batch * shape.sequence * shape.hidden();
        let doutput = random(2, count, 1.0);
        let rotary = Rotary::new(shape.sequence + 3, shape.head_size, 10_000.0);
        // Queries and keys of deviation 30 make scores of some thousands: one key takes all.
        for (deviation, tolerance) in [(1.0, 3e-6), (1e-4, 3e-6), (30.0, 2e-3)] {
            let qkv = random(1, 3 * count, deviation);
            for (mask, rotary, dropout) in [
                (vec![1; shape.batch * shape.sequence], None, None),
                (padded(&shape), Some(&rotary), None),
                (padded(&shape), Some(&rotary), Some(with(0.3, 3))),
                (padded(&shape), None, Some(with(0.1, 0))),
            ] {
                let fast = run(
                    &shape,
                    &narrow(&qkv),
                    &mask,
                    rotary,
                    dropout.as_ref(),
                    &narrow(&doutput),
                );
                let (output, log_sum_exp) =
                    reference::forward(&shape, &qkv, &mask, rotary, dropout.as_ref());
                assert_close("output", &fast.output, &output, tolerance);
                assert_close_to(
                    "log_sum_exp",
                    &fast.log_sum_exp,
                    &log_sum_exp,
                    largest(&log_sum_exp).max(1.0),
                    1e-6,
                );
                let dqkv =
                    reference::backward(&shape, &qkv, &mask, rotary, dropout.as_ref(), &doutput);
                // Gradients by scores are differences of numbers as large as the values times the gradient.
                let scale = largest(&dqkv).max(largest(&qkv).powi(2));
                assert_close_to("dqkv", &fast.dqkv, &dqkv, scale, tolerance);
            }
        }
    }
}

#[test]
fn gradients_are_the_derivatives() {
    let shape = shape(5, 5, 2, 5);
    let count = shape.batch * shape.sequence * shape.hidden();
    let qkv = random(1, 3 * count, 1.0);
    let doutput = random(2, count, 1.0);
    let rotary = Rotary::new(5, 5, 100.0);
    let mask = padded(&shape);
    let dropout = with(0.2, 1);
    let exact = reference::backward(&shape, &qkv, &mask, Some(&rotary), Some(&dropout), &doutput);
    assert_gradient("qkv", &qkv, &exact, |qkv| {
        let (output, _) = reference::forward(&shape, qkv, &mask, Some(&rotary), Some(&dropout));
        output
            .iter()
            .zip(&doutput)
            .map(|(output, d)| output * d)
            .sum()
    });
}

#[test]
fn padding_changes_nothing_and_gets_nothing() {
    let shape = shape(5, 20, 2, 8);
    let count = shape.batch * shape.sequence * shape.hidden();
    let mut qkv = narrow(&random(1, 3 * count, 1.0));
    let doutput = narrow(&random(2, count, 1.0));
    let mask = padded(&shape);
    let before = run(&shape, &qkv, &mask, None, None, &doutput);
    let token = 3 * shape.hidden();
    // Keys and values of padding become other, large numbers.
    for (row, real) in qkv.chunks_exact_mut(token).zip(&mask) {
        if *real == 0 {
            row[shape.hidden()..].fill(1e4);
        }
    }
    let after = run(&shape, &qkv, &mask, None, None, &doutput);
    assert_eq!(bits(&before.output), bits(&after.output));
    for (position, (dqkv, real)) in after.dqkv.chunks_exact(token).zip(&mask).enumerate() {
        if *real == 0 {
            assert!(
                dqkv[shape.hidden()..].iter().all(|d| *d == 0.0),
                "at {position}"
            );
        }
    }
    // The fourth sequence is padding alone.
    let alone = 3 * shape.sequence * shape.hidden();
    assert!(
        after.output[alone..alone + shape.sequence * shape.hidden()]
            .iter()
            .all(|value| *value == 0.0)
    );
    assert!(
        after
            .dqkv
            .iter()
            .chain(&after.log_sum_exp)
            .all(|value| value.is_finite())
    );
}

#[test]
fn huge_scores_stay_finite() {
    let shape = shape(1, 9, 1, 16);
    let qkv: Vec<f32> = narrow(&random(1, 3 * 9 * 16, 1e6));
    let doutput = narrow(&random(2, 9 * 16, 1.0));
    let results = run(&shape, &qkv, &[1; 9], None, Some(&with(0.1, 0)), &doutput);
    assert!(
        results
            .output
            .iter()
            .chain(&results.dqkv)
            .all(|value| value.is_finite())
    );
}

#[test]
fn dropout_belongs_to_the_sequence() {
    let whole = shape(4, 13, 3, 4);
    let count = whole.batch * whole.sequence * whole.hidden();
    let qkv = narrow(&random(1, 3 * count, 1.0));
    let doutput = narrow(&random(2, count, 1.0));
    let mask = vec![1; 4 * 13];
    let all = run(&whole, &qkv, &mask, None, Some(&with(0.5, 10)), &doutput);
    let half = count / 2;
    let second = run(
        &shape(2, 13, 3, 4),
        &qkv[3 * half..],
        &mask[26..],
        None,
        Some(&with(0.5, 12)),
        &doutput[half..],
    );
    assert_eq!(bits(&all.output[half..]), bits(&second.output));
    assert_eq!(bits(&all.dqkv[3 * half..]), bits(&second.dqkv));
}

#[test]
fn the_same_bytes_at_any_thread_count() {
    let shape = shape(5, 140, 3, 32);
    let count = shape.batch * shape.sequence * shape.hidden();
    let qkv = narrow(&random(1, 3 * count, 1.0));
    let doutput = narrow(&random(2, count, 1.0));
    let rotary = Rotary::new(140, 32, 10_000.0);
    same_at_any_thread_count(|| {
        let results = run(
            &shape,
            &qkv,
            &padded(&shape),
            Some(&rotary),
            Some(&with(0.1, 0)),
            &doutput,
        );
        [
            bits(&results.output),
            bits(&results.log_sum_exp),
            bits(&results.dqkv),
        ]
    });
}
