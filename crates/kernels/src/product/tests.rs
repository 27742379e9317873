use super::rounded::round;
use super::*;
use crate::testing::{narrow, random};

/// The product of two row-major matrices in f64.
fn exact(left: &[f32], right: &[f32], rows: usize, depth: usize, columns: usize) -> Vec<f64> {
    let mut result = vec![0.0; rows * columns];
    for row in 0..rows {
        for step in 0..depth {
            let value = f64::from(left[row * depth + step]);
            for column in 0..columns {
                result[row * columns + column] += value * f64::from(right[step * columns + column]);
            }
        }
    }
    result
}

/// `|left| |right|`.
fn magnitude(left: &[f32], right: &[f32], rows: usize, depth: usize, columns: usize) -> Vec<f64> {
    let absolute = |values: &[f32]| values.iter().map(|value| value.abs()).collect::<Vec<_>>();
    exact(&absolute(left), &absolute(right), rows, depth, columns)
}

/// The largest error of an element, in units of `|left| |right|` at that element.
fn error(
    result: &[f32],
    left: &[f32],
    right: &[f32],
    rows: usize,
    depth: usize,
    columns: usize,
) -> f64 {
    let scale = magnitude(left, right, rows, depth, columns);
    exact(left, right, rows, depth, columns)
        .iter()
        .zip(&scale)
        .zip(result)
        .map(|((exact, scale), value)| {
            (f64::from(*value) - exact).abs() / scale.max(f64::MIN_POSITIVE)
        })
        .fold(0.0, |largest, error| {
            if error.is_nan() {
                f64::NAN
            } else {
                f64::max(largest, error)
            }
        })
}

fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..rows * columns)
        .map(|at| values[(at % rows) * columns + at / rows])
        .collect()
}

/// The product with each operand lying row by row or column by column.
fn in_every_layout(
    precision: Precision,
    left: &[f32],
    right: &[f32],
    (rows, depth, columns): (usize, usize, usize),
) -> Vec<f32> {
    let (left_turned, right_turned) = (
        transpose(left, rows, depth),
        transpose(right, depth, columns),
    );
    let lefts = [
        View::new(left, rows, depth),
        View::new(&left_turned, depth, rows).transposed(),
    ];
    let rights = [
        View::new(right, depth, columns),
        View::new(&right_turned, columns, depth).transposed(),
    ];
    let scale = magnitude(left, right, rows, depth, columns);
    let mut first: Option<Vec<f32>> = None;
    for left in lefts {
        for right in rights {
            for threads in [Threads::One, Threads::All] {
                let mut result = vec![f32::NAN; rows * columns];
                multiply(
                    precision,
                    left,
                    right,
                    1.0,
                    Mode::Overwrite,
                    threads,
                    &mut result,
                );
                let first = first.get_or_insert_with(|| result.clone());
                // Engines of our own add in one order; the `gemm` crate may choose another for another layout.
                let same = first
                    .iter()
                    .zip(&result)
                    .zip(&scale)
                    .all(|((a, b), scale)| {
                        a.to_bits() == b.to_bits() || f64::from((a - b).abs()) <= 1e-6 * scale
                    });
                assert!(same, "layouts differ at {rows} x {depth} x {columns}");
            }
        }
    }
    first.unwrap_or_default()
}

const SIZES: [(usize, usize, usize); 12] = [
    (1, 1, 1),
    (1, 64, 32),
    (3, 16, 16),
    (31, 33, 17),
    (32, 32, 32),
    (33, 31, 65),
    (129, 70, 40),
    (64, 513, 64),
    (7, 1025, 96),
    (200, 1100, 31),
    (300, 15, 300),
    (5, 2100, 16),
];

#[test]
fn f32_products_are_as_exact_as_f32_arithmetic() {
    for (index, size) in SIZES.into_iter().enumerate() {
        let (rows, depth, columns) = size;
        let left = narrow(&random(2 * index as u64, rows * depth, 1.0));
        let right = narrow(&random(2 * index as u64 + 1, depth * columns, 1.0));
        let result = in_every_layout(Precision::F32, &left, &right, size);
        let own = error(&result, &left, &right, rows, depth, columns);
        // Plain f32 arithmetic, term by term.
        let mut plain = vec![0.0_f32; rows * columns];
        for row in 0..rows {
            for step in 0..depth {
                for column in 0..columns {
                    plain[row * columns + column] +=
                        left[row * depth + step] * right[step * columns + column];
                }
            }
        }
        let plain = error(&plain, &left, &right, rows, depth, columns);
        assert!(
            own <= 1.5 * plain + 6e-8,
            "{size:?}: error {own:e}, of plain f32 arithmetic {plain:e}"
        );
    }
}

#[test]
fn f32_products_hold_over_the_whole_range() {
    let size @ (rows, depth, columns) = (33, 40, 32);
    for exponents in [(-40, -40), (-80, 30), (90, -80), (45, 45), (0, -80)] {
        let spread = |seed, exponent: i32, length| {
            let values = narrow(&random(seed, length, 1.0));
            let factors = [1.0, 1e-3, 3e4, 1e-6];
            values
                .into_iter()
                .enumerate()
                .map(|(at, value)| value * factors[at % 4] * (f64::from(exponent).exp2() as f32))
                .collect::<Vec<_>>()
        };
        let left = spread(1, exponents.0, rows * depth);
        let right = spread(2, exponents.1, depth * columns);
        let result = in_every_layout(Precision::F32, &left, &right, size);
        let error = error(&result, &left, &right, rows, depth, columns);
        assert!(error <= 2e-6, "2^{exponents:?}: error {error:e}");
    }
    // Integers of 24 bits times 1 come through as they are, and so do the largest values.
    let values: Vec<f32> = (0..32 * 32)
        .map(|at| match at % 4 {
            0 => f32::MAX,
            1 => -16_777_215.0,
            2 => 12_345_677.0,
            _ => -f32::from_bits(0x7f7f_ffff),
        })
        .collect();
    let mut unit = vec![0.0; 32 * 32];
    for at in 0..32 {
        unit[at * 33] = 1.0;
    }
    let result = in_every_layout(Precision::F32, &values, &unit, (32, 32, 32));
    assert_eq!(result, values);
}

#[test]
fn what_is_not_finite_shows() {
    for precision in Precision::ALL {
        for bad in [
            f32::NAN,
            f32::INFINITY,
            -f32::INFINITY,
            f32::from_bits(0x7fff_ffff),
        ] {
            let mut left = vec![1.0; 40 * 64];
            left[5 * 64 + 7] = bad;
            let right = vec![1.0; 64 * 40];
            let mut result = vec![0.0; 40 * 40];
            let (a, b) = (View::new(&left, 40, 64), View::new(&right, 64, 40));
            multiply(
                precision,
                a,
                b,
                1.0,
                Mode::Overwrite,
                Threads::One,
                &mut result,
            );
            for (row, values) in result.chunks_exact(40).enumerate() {
                assert!(
                    values.iter().all(|value| value.is_finite() == (row != 5)),
                    "{precision} {bad}"
                );
            }
        }
    }
}

#[test]
fn bf16_products_round_to_nearest_even_and_add_in_f32() {
    for (index, size) in SIZES.into_iter().enumerate() {
        let (rows, depth, columns) = size;
        let left = narrow(&random(40 + 2 * index as u64, rows * depth, 1.0));
        let right = narrow(&random(41 + 2 * index as u64, depth * columns, 1.0));
        let result = in_every_layout(Precision::Bf16, &left, &right, size);
        let rounded = |values: &[f32]| values.iter().copied().map(round).collect::<Vec<_>>();
        let (left, right) = (rounded(&left), rounded(&right));
        let error = error(&result, &left, &right, rows, depth, columns);
        assert!(error <= 2e-6, "{size:?}: error {error:e}");
    }
}

#[test]
fn rounding_to_bf16_is_to_nearest_even() {
    let cases = [
        (0x3f80_0000, 0x3f80_0000),
        (0x3f80_8000, 0x3f80_0000),
        (0x3f81_8000, 0x3f82_0000),
        (0x3f80_8001, 0x3f81_0000),
        (0xbf80_7fff, 0xbf80_0000),
        (0x7f7f_ffff, 0x7f80_0000),
        (0x8000_0001, 0x8000_0000),
        (0xff80_0000, 0xff80_0000),
    ];
    for (value, expected) in cases {
        assert_eq!(
            round(f32::from_bits(value)).to_bits(),
            expected,
            "{value:08x}"
        );
        // And so do the instructions, if there are any: the value times one.
        let mut left = vec![0.0; 32];
        left[0] = f32::from_bits(value);
        let right = vec![1.0; 32 * 32];
        let mut result = vec![0.0; 32];
        let (a, b) = (View::new(&left, 1, 32), View::new(&right, 32, 32));
        multiply(
            Precision::Bf16,
            a,
            b,
            1.0,
            Mode::Overwrite,
            Threads::One,
            &mut result,
        );
        assert_eq!(result[0], f32::from_bits(expected), "{value:08x}");
    }
    assert!(round(f32::NAN).is_nan());
}

#[test]
fn a_row_has_the_same_bits_in_any_batch() {
    let (depth, columns) = (600, 70);
    let left = narrow(&random(7, 200 * depth, 1.0));
    let right = narrow(&random(8, depth * columns, 1.0));
    for precision in Precision::ALL {
        if !matches!(
            Engine::of(precision),
            Engine::SplitTiles | Engine::Bf16Tiles | Engine::Bf16Vectors
        ) {
            continue;
        }
        let product = |rows: usize, threads| {
            let mut result = vec![0.0; rows * columns];
            let (a, b) = (
                View::new(&left[..rows * depth], rows, depth),
                View::new(&right, depth, columns),
            );
            multiply(precision, a, b, 1.0, Mode::Overwrite, threads, &mut result);
            result
        };
        let all = product(200, Threads::All);
        for rows in [1, 32, 33, 130] {
            assert_eq!(
                product(rows, Threads::One),
                all[..rows * columns],
                "{rows} rows"
            );
        }
    }
}

/// The product with a weight's transpose, by every way that leads to it: with and without packing ahead, in any batch.
#[test]
fn products_with_a_weight_are_exact_and_have_the_same_bits_in_any_batch() {
    for (index, (rows, depth, columns)) in [
        (1, 128, 1),
        (33, 129, 65),
        (70, 600, 32),
        (300, 160, 31),
        (5, 1100, 50),
        (64, 127, 64),
    ]
    .into_iter()
    .enumerate()
    {
        let left = narrow(&random(3 * index as u64, rows * depth, 1.0));
        let weight = narrow(&random(3 * index as u64 + 1, columns * depth, 1.0));
        let start = narrow(&random(3 * index as u64 + 2, columns, 1.0));
        let right = View::new(&weight, columns, depth).transposed();
        for precision in Precision::ALL {
            let product = |rows: usize, start: Option<&[f32]>| {
                let mut result = vec![f32::NAN; rows * columns];
                let left = View::new(&left[..rows * depth], rows, depth);
                multiply_weight(precision, left, right, start, &mut result);
                let mut packed = vec![f32::NAN; rows * columns];
                if let Some(weight) = pack_weight(precision, right) {
                    multiply_packed(left, &weight, start, &mut packed);
                    assert_eq!(packed, result, "{precision}: packed ahead, {rows} rows");
                }
                result
            };
            let all = product(rows, Some(&start));
            if pack_weight(precision, right).is_some() {
                for fewer in [1, 12, 32, 64, 130] {
                    let fewer = fewer.min(rows);
                    assert_eq!(product(fewer, Some(&start)), all[..fewer * columns]);
                }
            }
            if precision == Precision::F32 {
                let plain = product(rows, None);
                let turned = transpose(&weight, columns, depth);
                let error = error(&plain, &left, &turned, rows, depth, columns);
                assert!(error < 3e-6, "{error} at {rows} x {depth} x {columns}");
                for (row, plain) in all.chunks(columns).zip(plain.chunks(columns)) {
                    for ((with, without), start) in row.iter().zip(plain).zip(&start) {
                        assert!((with - without - start).abs() < 1e-4);
                    }
                }
            }
        }
    }
}

#[test]
fn strides_factor_mode_and_start() {
    for precision in Precision::ALL {
        // [2, 3] inside rows of 4, times its transpose.
        let values = [1.0, 2.0, 3.0, 9.0, 4.0, 5.0, 6.0, 9.0];
        let left = View::strided(&values, 2, 3, 4);
        let right = left.transposed();
        let mut result = [1.0; 5];
        multiply_strided(
            precision,
            left,
            right,
            2.0,
            Mode::Overwrite,
            Threads::One,
            3,
            &mut result,
        );
        assert_eq!(result, [28.0, 64.0, 1.0, 64.0, 154.0]);
        multiply_strided(
            precision,
            left,
            right,
            1.0,
            Mode::Add,
            Threads::All,
            3,
            &mut result,
        );
        assert_eq!(result, [42.0, 96.0, 1.0, 96.0, 231.0]);
        let mut result = [f32::NAN; 4];
        multiply_from(
            precision,
            left,
            right,
            &[0.5, 100.0],
            Threads::All,
            &mut result,
        );
        assert_eq!(result, [14.5, 132.0, 32.5, 177.0]);
    }
    // Larger than a tile, with every way to begin.
    let (rows, depth, columns) = (70, 50, 75);
    let left = narrow(&random(1, rows * depth, 1.0));
    let right = narrow(&random(2, depth * columns, 1.0));
    let start = narrow(&random(3, columns, 1.0));
    let exact = exact(&left, &right, rows, depth, columns);
    let (a, b) = (
        View::new(&left, rows, depth),
        View::new(&right, depth, columns),
    );
    for threads in [Threads::One, Threads::All] {
        let mut result = vec![f32::NAN; rows * columns];
        multiply_from(Precision::F32, a, b, &start, threads, &mut result);
        multiply(Precision::F32, a, b, -0.5, Mode::Add, threads, &mut result);
        for (at, (value, exact)) in result.iter().zip(&exact).enumerate() {
            let expected = 0.5 * exact + f64::from(start[at % columns]);
            assert!((f64::from(*value) - expected).abs() < 2e-5, "{at}");
        }
    }
}

#[test]
fn an_empty_depth_gives_zero() {
    for precision in Precision::ALL {
        let mut result = [f32::NAN; 40];
        let (a, b) = (View::new(&[], 2, 0), View::new(&[], 0, 20));
        multiply(
            precision,
            a,
            b,
            1.0,
            Mode::Overwrite,
            Threads::One,
            &mut result,
        );
        assert_eq!(result, [0.0; 40]);
    }
}

#[test]
#[should_panic(expected = "does not fit")]
fn a_view_beyond_its_slice_is_refused() {
    View::new(&[0.0; 5], 2, 3);
}
