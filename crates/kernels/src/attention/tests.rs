use super::*;
use crate::parallel::tests::same_at_any_thread_count;
use crate::random::Purpose;
use crate::testing::{
    assert_close, assert_close_to, assert_gradient, bits, largest, narrow, random,
};

/// Sizes of a padded batch.
#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    length: usize,
    shape: Shape,
}

const fn sizes(batch: usize, length: usize, heads: usize, head_size: usize) -> Sizes {
    Sizes {
        batch,
        length,
        shape: Shape { heads, head_size },
    }
}

impl Sizes {
    /// Elements of an output, padding included.
    fn count(&self) -> usize {
        self.batch * self.length * self.shape.hidden()
    }
}

fn with(probability: f32, first_sequence: u64) -> Dropout {
    Dropout {
        probability,
        stream: Stream::new(9, Purpose::Dropout, 4),
        first_sequence,
    }
}

/// Everything real, a padded end, holes, padding alone, one token alone, a padded start; by sequence.
fn padded(sizes: &Sizes) -> Vec<u8> {
    let length = sizes.length;
    (0..sizes.batch)
        .flat_map(|sequence| {
            (0..length).map(move |position| match sequence % 6 {
                0 => 1,
                1 => u8::from(position < length.div_ceil(2)),
                2 => u8::from(position % 3 != 1),
                3 => 0,
                4 => u8::from(position == length / 2),
                _ => u8::from(position >= length / 3),
            })
        })
        .collect()
}

/// The rows of real tokens.
fn pack<T: Copy>(layout: &TokenLayout, columns: usize, values: &[T]) -> Vec<T> {
    (0..layout.tokens())
        .flat_map(|row| &values[layout.place(row) * columns..][..columns])
        .copied()
        .collect()
}

/// Rows of zeros for padding.
fn unpack(layout: &TokenLayout, columns: usize, values: &[f32]) -> Vec<f32> {
    let mut padded = vec![0.0; layout.sequences() * layout.length() * columns];
    for (row, values) in values.chunks_exact(columns).enumerate() {
        padded[layout.place(row) * columns..][..columns].copy_from_slice(values);
    }
    padded
}

struct Results {
    output: Vec<f32>,
    statistics: Vec<f32>,
    dqkv: Vec<f32>,
}

/// Both passes over packed rows.
fn run(
    shape: &Shape,
    layout: &TokenLayout,
    qkv: &[f32],
    rotary: Option<&Rotary>,
    dropout: Option<&Dropout>,
    doutput: &[f32],
) -> Results {
    let precision = crate::Precision::F32;
    let mut output = vec![f32::NAN; qkv.len() / 3];
    let mut statistics = vec![f32::NAN; layout.tokens() * shape.heads * 2];
    let mut dqkv = vec![f32::NAN; qkv.len()];
    forward(
        precision,
        shape,
        layout,
        qkv,
        rotary,
        dropout,
        &mut output,
        &mut statistics,
    );
    backward(
        precision,
        shape,
        layout,
        qkv,
        rotary,
        dropout,
        &output,
        &statistics,
        doutput,
        &mut dqkv,
    );
    Results {
        output,
        statistics,
        dqkv,
    }
}

/// Logarithms of the softmax denominators, `[heads, tokens]`.
fn log_sum_exp(statistics: &[f32]) -> Vec<f32> {
    let rows = statistics.as_chunks::<2>().0.iter();
    rows.map(|[highest, reciprocal]| (f64::from(*highest) - f64::from(*reciprocal).ln()) as f32)
        .collect()
}

fn compare(sizes: &Sizes, seed: u64, deviations: &[(f64, f64)]) {
    let (shape, hidden) = (&sizes.shape, sizes.shape.hidden());
    let rotary = Rotary::new(sizes.length + 3, shape.head_size, 10_000.0);
    for &(deviation, tolerance) in deviations {
        let qkv = random(seed, 3 * sizes.count(), deviation);
        for (mask, rotary, dropout) in [
            (vec![1; sizes.batch * sizes.length], None, None),
            (padded(sizes), Some(&rotary), None),
            (padded(sizes), Some(&rotary), Some(with(0.3, 3))),
            (padded(sizes), None, Some(with(0.1, 0))),
        ] {
            let layout = TokenLayout::new(sizes.length, &mask);
            // Padding has no output, so it has no gradient either.
            let doutput = narrow(&random(seed + 1, sizes.count(), 1.0));
            let doutput = pack(&layout, hidden, &doutput);
            let packed = pack(&layout, 3 * hidden, &narrow(&qkv));
            let dropout = dropout.as_ref();
            let fast = run(shape, &layout, &packed, rotary, dropout, &doutput);

            let (output, sums) =
                reference::forward(shape, sizes.length, &qkv, &mask, rotary, dropout);
            let output = pack(&layout, hidden, &output);
            assert_close("output", &fast.output, &output, tolerance);
            let sums: Vec<f64> = (0..shape.heads)
                .flat_map(|head| {
                    let place = |row: usize| layout.place(row);
                    (0..layout.tokens()).map(move |row| {
                        (place(row) / sizes.length, place(row) % sizes.length, head)
                    })
                })
                .map(|(sequence, position, head)| {
                    sums[(sequence * shape.heads + head) * sizes.length + position]
                })
                .collect();
            assert_close_to(
                "log_sum_exp",
                &log_sum_exp(&fast.statistics),
                &sums,
                largest(&sums).max(1.0),
                1e-6,
            );
            let doutput: Vec<f64> = unpack(&layout, hidden, &doutput)
                .into_iter()
                .map(f64::from)
                .collect();
            let dqkv =
                reference::backward(shape, sizes.length, &qkv, &mask, rotary, dropout, &doutput);
            // Gradients by scores are differences of numbers as large as the values times the gradient.
            let scale = largest(&dqkv).max(largest(&qkv).powi(2));
            let dqkv = pack(&layout, 3 * hidden, &dqkv);
            assert_close_to("dqkv", &fast.dqkv, &dqkv, scale, tolerance);
        }
    }
}

#[test]
fn agrees_with_the_reference() {
    // Queries and keys of deviation 30 make scores of some thousands: one key takes all.
    let deviations = [(1.0, 3e-6), (1e-4, 3e-6), (30.0, 2e-3)];
    for sizes in [
        sizes(1, 1, 1, 1),
        sizes(6, 7, 2, 5),
        sizes(6, 33, 3, 32),
        sizes(2, 150, 1, 64),
        sizes(6, 64, 2, 16),
        sizes(6, 90, 1, 40),
        sizes(1, 300, 1, 6),
    ] {
        compare(&sizes, 1, &deviations);
    }
}

#[test]
fn long_sequences_agree_with_the_reference() {
    compare(&sizes(3, 512, 1, 8), 5, &[(1.0, 3e-6)]);
    compare(&sizes(1, 600, 2, 4), 7, &[(1.0, 3e-6)]);
}

#[test]
fn gradients_are_the_derivatives() {
    let sizes = sizes(6, 5, 2, 5);
    let (shape, length) = (&sizes.shape, sizes.length);
    let qkv = random(1, 3 * sizes.count(), 1.0);
    let rotary = Rotary::new(5, 5, 100.0);
    let mask = padded(&sizes);
    let mut doutput = random(2, sizes.count(), 1.0);
    for (doutput, real) in doutput.chunks_exact_mut(shape.hidden()).zip(&mask) {
        for d in doutput {
            *d *= f64::from(*real);
        }
    }
    let dropout = with(0.2, 1);
    let (rotary, dropout) = (Some(&rotary), Some(&dropout));
    let exact = reference::backward(shape, length, &qkv, &mask, rotary, dropout, &doutput);
    assert_gradient("qkv", &qkv, &exact, |qkv| {
        let (output, _) = reference::forward(shape, length, qkv, &mask, rotary, dropout);
        output
            .iter()
            .zip(&doutput)
            .map(|(output, d)| output * d)
            .sum()
    });
}

#[test]
fn huge_scores_stay_finite() {
    let shape = Shape {
        heads: 1,
        head_size: 16,
    };
    let layout = TokenLayout::dense(1, 9);
    let qkv: Vec<f32> = narrow(&random(1, 3 * 9 * 16, 1e6));
    let doutput = narrow(&random(2, 9 * 16, 1.0));
    let results = run(&shape, &layout, &qkv, None, Some(&with(0.1, 0)), &doutput);
    assert!(
        results
            .output
            .iter()
            .chain(&results.dqkv)
            .all(|value| value.is_finite())
    );
}

/// A number that is not finite reaches the outputs of its sequence and no other's.
#[test]
fn what_is_not_a_number_stays_so() {
    let shape = Shape {
        heads: 1,
        head_size: 4,
    };
    let layout = TokenLayout::dense(2, 5);
    let mut qkv = narrow(&random(1, 3 * 10 * 4, 1.0));
    qkv[4] = f32::NAN;
    let doutput = narrow(&random(2, 10 * 4, 1.0));
    let results = run(&shape, &layout, &qkv, None, None, &doutput);
    assert!(results.output[..20].iter().all(|value| value.is_nan()));
    assert!(results.output[20..].iter().all(|value| value.is_finite()));
}

/// A padded batch and its sequences one by one, cut to their real lengths, give the same bytes but for dropout.
#[test]
fn padding_at_the_end_changes_nothing() {
    let sizes = sizes(2, 20, 2, 8);
    let hidden = sizes.shape.hidden();
    let mask = padded(&sizes);
    let layout = TokenLayout::new(sizes.length, &mask);
    let qkv = pack(
        &layout,
        3 * hidden,
        &narrow(&random(1, 3 * sizes.count(), 1.0)),
    );
    let doutput = pack(&layout, hidden, &narrow(&random(2, sizes.count(), 1.0)));
    let rotary = Rotary::new(20, 8, 10_000.0);
    let whole = run(&sizes.shape, &layout, &qkv, Some(&rotary), None, &doutput);
    for sequence in 0..2 {
        let rows = layout.rows(sequence);
        let alone = run(
            &sizes.shape,
            &TokenLayout::dense(1, rows.len()),
            &qkv[3 * hidden * rows.start..3 * hidden * rows.end],
            Some(&rotary),
            None,
            &doutput[hidden * rows.start..hidden * rows.end],
        );
        assert_eq!(
            bits(&whole.output[hidden * rows.start..hidden * rows.end]),
            bits(&alone.output)
        );
        assert_eq!(
            bits(&whole.dqkv[3 * hidden * rows.start..3 * hidden * rows.end]),
            bits(&alone.dqkv)
        );
    }
}

#[test]
fn a_batch_of_padding_alone_has_no_rows() {
    let layout = TokenLayout::new(3, &[0; 6]);
    let shape = Shape {
        heads: 2,
        head_size: 4,
    };
    let results = run(&shape, &layout, &[], None, Some(&with(0.1, 0)), &[]);
    assert!(results.output.is_empty() && results.dqkv.is_empty());
}

#[test]
fn dropout_belongs_to_the_sequence() {
    let shape = Shape {
        heads: 3,
        head_size: 4,
    };
    let count = 4 * 13 * shape.hidden();
    let qkv = narrow(&random(1, 3 * count, 1.0));
    let doutput = narrow(&random(2, count, 1.0));
    let all = run(
        &shape,
        &TokenLayout::dense(4, 13),
        &qkv,
        None,
        Some(&with(0.5, 10)),
        &doutput,
    );
    let half = count / 2;
    let second = run(
        &shape,
        &TokenLayout::dense(2, 13),
        &qkv[3 * half..],
        None,
        Some(&with(0.5, 12)),
        &doutput[half..],
    );
    assert_eq!(bits(&all.output[half..]), bits(&second.output));
    assert_eq!(bits(&all.dqkv[3 * half..]), bits(&second.dqkv));
}

#[test]
fn the_same_bytes_at_any_thread_count() {
    let sizes = sizes(6, 140, 3, 32);
    let hidden = sizes.shape.hidden();
    let layout = TokenLayout::new(sizes.length, &padded(&sizes));
    let qkv = pack(
        &layout,
        3 * hidden,
        &narrow(&random(1, 3 * sizes.count(), 1.0)),
    );
    let doutput = pack(&layout, hidden, &narrow(&random(2, sizes.count(), 1.0)));
    let rotary = Rotary::new(140, 32, 10_000.0);
    same_at_any_thread_count(|| {
        let results = run(
            &sizes.shape,
            &layout,
            &qkv,
            Some(&rotary),
            Some(&with(0.1, 0)),
            &doutput,
        );
        [
            bits(&results.output),
            bits(&results.statistics),
            bits(&results.dqkv),
        ]
    });
}
