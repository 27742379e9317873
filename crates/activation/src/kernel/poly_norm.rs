//! A polynomial of normalised powers: `y = Σ a_i·x^i / √(mean(x^2i) + ε) + b`, the mean over the channels of a row.
//!
//! Each row is scaled by a power of two that brings its largest input between 1 and 2, so that no power overflows or is lost:
//! with `u = x / 2^k`, `x^i / √(mean(x^2i) + ε) = u^i·s_i` where `s_i = 1 / √(mean(u^2i) + ε / 2^2ik)`. The sums of a row are
//! f32 in lanes, the numbers of a row f64, as are the sums over rows and chunks, in their order: the same bytes at any number
//! of threads.

use super::bias_or_none;
use super::lanes::{LANES, Lane};
use super::sums::{rows_per_chunk, with_column_and_other_sums};
use pliant_kernels::dispatch::Arithmetic;
use pliant_kernels::scratch::Scratch;
use pliant_kernels::{parallel, simd};

/// `coefficients`: a_1 … a_D, then b.
pub(crate) fn forward<const D: usize>(
    coefficients: &[f32],
    epsilon: f64,
    x: &[f32],
    bias: Option<&[f32]>,
    channels: usize,
    y: &mut [f32],
) {
    let (weights, offset) = split::<D>(coefficients);
    let bias = bias_or_none(bias, channels);
    let length = parallel::rows_per_chunk(channels) * channels;
    parallel::for_each_chunk(y, length, |chunk, y| {
        let mut u = Scratch::new(channels);
        let x = &x[chunk * length..][..y.len()];
        for (x, y) in x.chunks(channels).zip(y.chunks_mut(channels)) {
            forward_row::<D>(&weights, offset, epsilon, x, &bias, &mut u, y);
        }
    });
}

/// `dx`, its sum over the rows and the gradient by every coefficient in one pass; without `dy`, `dx` holds it.
pub(crate) fn backward<const D: usize>(
    coefficients: &[f32],
    epsilon: f64,
    x: &[f32],
    bias: Option<&[f32]>,
    dy: Option<&[f32]>,
    channels: usize,
    dx: &mut [f32],
    dbias: Option<&mut [f32]>,
    dcoefficients: &mut [f32],
) {
    let (weights, _) = split::<D>(coefficients);
    let bias = bias_or_none(bias, channels);
    let length = rows_per_chunk(channels) * channels;
    let count = D + 1;
    let mut partials = vec![0.0_f64; dx.len().div_ceil(length) * count];
    with_column_and_other_sums(
        dx,
        length,
        channels,
        dbias,
        (&mut partials, count),
        |chunk, dx, column_sums, partial| {
            let range = chunk * length..chunk * length + dx.len();
            if let Some(dy) = dy {
                dx.copy_from_slice(&dy[range.clone()]);
            }
            let mut u = Scratch::new(channels);
            for (x, dx) in x[range].chunks(channels).zip(dx.chunks_mut(channels)) {
                backward_row::<D>(
                    &weights,
                    epsilon,
                    x,
                    &bias,
                    &mut u,
                    dx,
                    column_sums,
                    partial,
                );
            }
        },
    );
    for (index, total) in dcoefficients.iter_mut().enumerate() {
        let sum: f64 = partials.iter().skip(index).step_by(count).sum();
        *total = sum as f32;
    }
}

/// The factors of the powers, and the addend.
fn split<const D: usize>(coefficients: &[f32]) -> ([f64; D], f32) {
    assert_eq!(coefficients.len(), D + 1, "a factor for each power, and b");
    let weights = std::array::from_fn(|index| f64::from(coefficients[index]));
    (weights, coefficients[D])
}

/// `2^exponent` within the normal numbers.
#[inline(always)]
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

/// What is left of a slice behind its whole lanes, filled up with zeros.
#[inline(always)]
fn filled(rest: &[f32]) -> Lane {
    let mut lane = [0.0; LANES];
    lane[..rest.len()].copy_from_slice(rest);
    lane
}

// Functions and no closures: only what is inlined for certain has the instructions of its caller.

#[inline(always)]
fn keep_largest(u: &Lane, largest: &mut Lane) {
    for i in 0..LANES {
        let magnitude = u[i].abs();
        largest[i] = if magnitude > largest[i] {
            magnitude
        } else {
            largest[i]
        };
    }
}

#[inline(always)]
fn add_squares<A: Arithmetic, const D: usize>(u: &Lane, squares: &mut [Lane; D]) {
    let mut power = *u;
    for k in 0..D {
        for i in 0..LANES {
            squares[k][i] = A::mul_add(power[i], power[i], squares[k][i]);
            power[i] *= u[i];
        }
    }
}

#[inline(always)]
fn add_products<A: Arithmetic, const D: usize>(
    u: &Lane,
    dy: &Lane,
    products: &mut [Lane; D],
    sum: &mut Lane,
) {
    let mut power = *u;
    for i in 0..LANES {
        sum[i] += dy[i];
    }
    for k in 0..D {
        for i in 0..LANES {
            products[k][i] = A::mul_add(dy[i], power[i], products[k][i]);
            power[i] *= u[i];
        }
    }
}

/// The sums of the squares of the powers.
#[inline(always)]
fn squares<A: Arithmetic, const D: usize>(u: &[f32]) -> [Lane; D] {
    let mut squares = [[0.0; LANES]; D];
    let (whole, rest) = u.as_chunks();
    for u in whole {
        add_squares::<A, D>(u, &mut squares);
    }
    add_squares::<A, D>(&filled(rest), &mut squares);
    squares
}

/// Writes `(x + bias) / 2^k` to `u` and returns k.
#[inline(always)]
fn stage(x: &[f32], bias: &[f32], u: &mut [f32]) -> i32 {
    for ((u, x), bias) in u.iter_mut().zip(x).zip(bias) {
        *u = x + bias;
    }
    let mut largest = [0.0_f32; LANES];
    let (whole, rest) = u.as_chunks();
    for u in whole {
        keep_largest(u, &mut largest);
    }
    keep_largest(&filled(rest), &mut largest);
    let largest = largest.into_iter().fold(0.0, f32::max);
    // Bounds within which the scale and its reciprocal are normal numbers.
    let exponent = ((largest.to_bits() >> 23) as i32 - 127).clamp(-126, 126);
    let scale = power_of_two(-exponent) as f32;
    for u in u {
        *u *= scale;
    }
    exponent
}

/// `s_i` by the sums of the squares of the powers.
#[inline(always)]
fn scales<const D: usize>(
    squares: &[Lane; D],
    channels: usize,
    epsilon: f64,
    exponent: i32,
) -> [f64; D] {
    std::array::from_fn(|power| {
        let mean = total(&squares[power]) / channels as f64;
        let epsilon = epsilon * power_of_two(-2 * (power as i32 + 1) * exponent);
        1.0 / (mean + epsilon).sqrt()
    })
}

#[inline(always)]
fn total(lane: &Lane) -> f64 {
    lane.iter().map(|value| f64::from(*value)).sum()
}

#[inline(always)]
fn forward_row_body<A: Arithmetic, const D: usize>(
    weights: &[f64; D],
    offset: f32,
    epsilon: f64,
    x: &[f32],
    bias: &[f32],
    u: &mut [f32],
    y: &mut [f32],
) {
    let exponent = stage(x, bias, u);
    let squares = squares::<A, D>(u);
    let scales = scales(&squares, u.len(), epsilon, exponent);
    let factors: [f32; D] = std::array::from_fn(|k| (weights[k] * scales[k]) as f32);
    for (y, u) in y.iter_mut().zip(&*u) {
        *y = A::mul_add(horner::<A, D>(&factors, *u), *u, offset);
    }
}
simd! {
    /// A row; `u` is its work memory.
    fn forward_row<; const D: usize>(weights: &[f64; D], offset: f32, epsilon: f64, x: &[f32], bias: &[f32], u: &mut [f32], y: &mut [f32]) = forward_row_body;
}

/// `Σ c_k t^k`
#[inline(always)]
fn horner<A: Arithmetic, const D: usize>(c: &[f32; D], t: f32) -> f32 {
    let mut sum = c[D - 1];
    for k in (0..D - 1).rev() {
        sum = A::mul_add(sum, t, c[k]);
    }
    sum
}

#[inline(always)]
fn backward_row_body<A: Arithmetic, const D: usize>(
    weights: &[f64; D],
    epsilon: f64,
    x: &[f32],
    bias: &[f32],
    u: &mut [f32],
    dy_to_dx: &mut [f32],
    column_sums: &mut [f32],
    gradient: &mut [f64],
) {
    let exponent = stage(x, bias, u);
    let squares = squares::<A, D>(u);
    let (mut products, mut sum) = ([[0.0; LANES]; D], [0.0; LANES]);
    let ((whole, rest), (dy, dy_rest)) = (u.as_chunks(), dy_to_dx.as_chunks());
    for (u, dy) in whole.iter().zip(dy) {
        add_products::<A, D>(u, dy, &mut products, &mut sum);
    }
    add_products::<A, D>(&filled(rest), &filled(dy_rest), &mut products, &mut sum);
    let scales = scales(&squares, u.len(), epsilon, exponent);
    // With d_i = Σ dy·u^i: dx = (dy·Σ i a_i s_i u^(i−1) − u·Σ i a_i s_i³ d_i / channels·u^(2i−2)) / 2^k.
    let (mut direct, mut through_norm) = ([0.0_f32; D], [0.0_f32; D]);
    let unscale = power_of_two(-exponent);
    for k in 0..D {
        let product = total(&products[k]);
        gradient[k] += scales[k] * product;
        let slope = (k + 1) as f64 * weights[k] * scales[k] * unscale;
        direct[k] = slope as f32;
        let part = scales[k] * scales[k] * product / u.len() as f64;
        through_norm[k] = (slope * part) as f32;
    }
    gradient[D] += total(&sum);
    let values = u.iter().zip(dy_to_dx).zip(column_sums);
    for ((u, dy_to_dx), column_sum) in values {
        let by_norm = *u * horner::<A, D>(&through_norm, *u * *u);
        let dx = A::mul_add(*dy_to_dx, horner::<A, D>(&direct, *u), -by_norm);
        *dy_to_dx = dx;
        *column_sum += dx;
    }
}
simd! {
    /// A row: `dy_to_dx` from dy to dx, which is added to `column_sums`, and the coefficient gradients added to `gradient`; `u` is its
    /// work memory.
    fn backward_row<; const D: usize>(weights: &[f64; D], epsilon: f64, x: &[f32], bias: &[f32], u: &mut [f32], dy_to_dx: &mut [f32], column_sums: &mut [f32], gradient: &mut [f64]) = backward_row_body;
}
