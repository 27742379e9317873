//! The fast kernels against the f64 reference, at every instruction set and number of threads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pliant_activation::check::{CheckOptions, run};
use pliant_activation::{Activation, ActivationSpec};
use pliant_kernels::dispatch::{Level, force};
use pliant_kernels::random::{Purpose, Stream};

/// The level is one for the process, so this file has a single test.
#[test]
fn kernels_are_the_reference_and_repeat_their_bytes() {
    for level in Level::ALL {
        if force(level) != level {
            continue;
        }
        let only = [
            "gelu",
            "relu",
            "leaky_relu",
            "gelu_tanh",
            "silu",
            "tanh",
            "sigmoid",
            "rational",
            "rational(9/8, form=b)",
            "rational(1/1, form=c)",
            "rational(7/5, form=n, share=channel)",
            "prelu(share=group(4))",
            "polynomial(5, start=gelu)",
            "swish",
            "arelu(share=channel)",
            "crrelu",
            "snake",
            "xielu",
            "series",
            "spline",
            "corrected",
            "corrected(silu, 0.3, table=[0.25, -0.5, 0, 1, 0.125], range=-2..3)",
            "series(2, base=gelu)",
            "series(form=composed)",
            "poly_norm(2)",
            "poly_norm",
            "poly_norm(4)",
        ];
        let only: Vec<ActivationSpec> = only.iter().map(|text| text.parse().unwrap()).collect();
        let report = run(&CheckOptions {
            points: 64,
            only,
            ..CheckOptions::default()
        })
        .unwrap();
        for row in &report.rows {
            assert!(row.passed, "{level}: {row:?}");
        }
        for (text, rows, channels) in [
            ("gelu", 301, 48),
            ("rational", 700, 48),
            ("rational", 77_777, 1),
            ("rational", 300, 100),
            ("rational(form=c, share=group(4))", 301, 100),
            ("rational(share=group(25), numerator=shared)", 301, 100),
            ("rational(9/8, form=b, share=channel)", 1000, 37),
            ("rational(share=group(600))", 77, 1200),
            ("polynomial(5, start=gelu, share=group(4))", 301, 100),
            ("xielu(share=group(4))", 301, 100),
            ("crrelu", 301, 48),
            ("prelu", 301, 48),
            ("prelu", 300, 700),
            ("prelu(share=group(25))", 301, 100),
            ("prelu(share=channel)", 301, 700),
            ("spline", 301, 100),
            ("corrected(share=group(4))", 301, 100),
            ("poly_norm", 301, 100),
            ("poly_norm(2)", 7, 20_000),
            ("poly_norm(4)", 777, 37),
            ("spline(33, range=-3..3, share=group(4))", 301, 100),
        ] {
            same_bytes_at_any_thread_count(text, rows, channels);
        }
    }
}

fn same_bytes_at_any_thread_count(text: &str, rows: usize, channels: usize) {
    let activation = Activation::new(&text.parse().unwrap()).unwrap();
    let stream = Stream::new(5, Purpose::Probe, 1);
    let draw = |offset: u64, count: usize| -> Vec<f32> {
        (0..count as u64)
            .map(|i| stream.normal(offset + i) as f32)
            .collect()
    };
    let mut coefficients = activation.start_coefficients(channels).unwrap();
    for (i, c) in coefficients.iter_mut().enumerate() {
        *c *= 1.0 + (i % 13) as f32 * 0.02;
    }
    let (mut x, dy, bias) = (
        draw(0, rows * channels),
        draw(1 << 40, rows * channels),
        draw(1 << 50, channels),
    );
    x[rows * channels / 2] = 2e4;
    x[rows * channels / 3] = -1e30;
    let results: Vec<(Vec<u32>, Vec<u32>, Vec<u32>)> = [1, 2, 7]
        .into_iter()
        .map(|threads| {
            let pool = pool_of(threads);
            let (mut y, mut dx, mut gradient) = (
                vec![0.0; x.len()],
                vec![0.0; x.len()],
                vec![f32::NAN; coefficients.len()],
            );
            pool.install(|| {
                activation.forward(&coefficients, &x, Some(&bias), channels, &mut y);
                activation.backward(
                    &coefficients,
                    &x,
                    Some(&bias),
                    &dy,
                    channels,
                    &mut dx,
                    &mut gradient,
                );
            });
            let bits =
                |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<u32>>();
            (bits(y), bits(dx), bits(gradient))
        })
        .collect();
    assert!(
        results[0] == results[1] && results[0] == results[2],
        "{text}: threads change the result"
    );

    in_place(&activation, &coefficients, &x, &bias, &dy, &results[0]);

    if activation.is_over_rows() {
        rows_against_reference(&activation, &coefficients, &x, &bias, &dy, &results[0]);
        return;
    }
    // The same against the reference, with rows and channels that leave a rest.
    let mut expected = vec![0.0_f64; coefficients.len()];
    let mut size = vec![1e-3_f64; coefficients.len()];
    for (i, x) in x.iter().enumerate() {
        let positions = activation.positions(channels, i % channels).unwrap();
        let c: Vec<f64> = positions
            .iter()
            .map(|p| f64::from(coefficients[*p]))
            .collect();
        let z = f64::from(*x + bias[i % channels]);
        let value = activation.value(&c, z);
        let got = f64::from(f32::from_bits(results[0].0[i]));
        assert!(
            got.is_finite() && (got - value).abs() <= 1e-5 * (1.0 + value.abs()),
            "{text}: f({z}) = {value}, got {got}"
        );
        let slope = f64::from(dy[i]) * activation.derivative(&c, z);
        let got = f64::from(f32::from_bits(results[0].1[i]));
        assert!(
            (got - slope).abs() <= 2e-5 * (1.0 + slope.abs()),
            "{text}: dx at {z} = {slope}, got {got}"
        );
        let mut gradient = vec![0.0; c.len()];
        activation.coefficient_gradient(&c, z, &mut gradient);
        for (position, g) in positions.into_iter().zip(gradient) {
            expected[position] += f64::from(dy[i]) * g;
            size[position] += (f64::from(dy[i]) * g).abs();
        }
    }
    for ((got, expected), size) in results[0].2.iter().zip(&expected).zip(&size) {
        let got = f64::from(f32::from_bits(*got));
        assert!(
            (got - expected).abs() <= 2e-5 * size,
            "{text}: {got} against {expected}, terms {size}"
        );
    }
}

/// What rows of these lengths give, chunks and lanes with a rest, against the f64 reference.
fn rows_against_reference(
    activation: &Activation,
    coefficients: &[f32],
    x: &[f32],
    bias: &[f32],
    dy: &[f32],
    (y, dx, gradient): &(Vec<u32>, Vec<u32>, Vec<u32>),
) {
    let exact =
        |bits: &[u32]| -> Vec<f64> { bits.iter().map(|b| f64::from(f32::from_bits(*b))).collect() };
    let c: Vec<f64> = coefficients.iter().map(|c| f64::from(*c)).collect();
    let channels = bias.len();
    let mut expected = vec![0.0; c.len()];
    let mut size = vec![1.0; c.len()];
    for (row, (x, dy)) in x.chunks(channels).zip(dy.chunks(channels)).enumerate() {
        let z: Vec<f64> = x.iter().zip(bias).map(|(x, b)| f64::from(x + b)).collect();
        let dy: Vec<f64> = dy.iter().map(|dy| f64::from(*dy)).collect();
        let mut own = vec![0.0; c.len()];
        let slopes = activation.row_backward(&c, &z, &dy, &mut own);
        let values = activation.row_value(&c, &z);
        let span = row * channels..(row + 1) * channels;
        let pairs = [(&y[span.clone()], values), (&dx[span], slopes)];
        for (got, wanted) in pairs {
            let largest = wanted.iter().fold(1.0, |most: f64, v| most.max(v.abs()));
            for (got, wanted) in exact(got).into_iter().zip(wanted) {
                assert!(
                    (got - wanted).abs() <= 1e-5 * largest,
                    "{}, row {row}: {got}, reference {wanted}",
                    activation.spec()
                );
            }
        }
        for ((sum, size), own) in expected.iter_mut().zip(&mut size).zip(own) {
            *sum += own;
            *size += f64::abs(own);
        }
    }
    for ((got, expected), size) in exact(gradient).into_iter().zip(expected).zip(size) {
        assert!((got - expected).abs() <= 1e-5 * size, "{got} {expected}");
    }
}

/// In place: the same bytes, and the sum of `dx` over the rows.
fn in_place(
    activation: &Activation,
    coefficients: &[f32],
    x: &[f32],
    bias: &[f32],
    dy: &[f32],
    (_, dx_bits, gradient_bits): &(Vec<u32>, Vec<u32>, Vec<u32>),
) {
    let channels = bias.len();
    let mut first_sums: Option<Vec<f32>> = None;
    for threads in [1, 2, 7] {
        let (mut dx, mut sums) = (dy.to_vec(), vec![f32::NAN; channels]);
        let mut gradient = vec![f32::NAN; coefficients.len()];
        pool_of(threads).install(|| {
            activation.backward_in_place(
                coefficients,
                x,
                Some(bias),
                channels,
                &mut dx,
                Some(&mut sums),
                &mut gradient,
            );
        });
        assert!(dx.iter().map(|dx| dx.to_bits()).eq(dx_bits.iter().copied()));
        assert!(
            gradient
                .iter()
                .map(|g| g.to_bits())
                .eq(gradient_bits.iter().copied())
        );
        for (channel, sum) in sums.iter().enumerate() {
            let column = || {
                dx.iter()
                    .skip(channel)
                    .step_by(channels)
                    .map(|dx| f64::from(*dx))
            };
            let (exact, size) = (column().sum::<f64>(), column().map(f64::abs).sum::<f64>());
            assert!((f64::from(*sum) - exact).abs() <= 1e-6 * size + 1e-12);
        }
        assert!(first_sums.get_or_insert_with(|| sums.clone()) == &sums);
    }
}

fn pool_of(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap()
}
