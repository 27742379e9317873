//! Functions without coefficients: the definition itself, read in vector lanes.

use super::lanes::{BLOCK, Block, Fast, LANES, Lane, VECTORS, stage};
use super::sums::with_column_sums;
use crate::family::Fixed;
use pliant_kernels::dispatch::Arithmetic;
use pliant_kernels::{parallel, simd};

/// `y[i] = f(x[i] + bias[i % channels])`
pub(crate) fn forward<F: Fixed>(
    function: F,
    x: &[f32],
    bias: Option<&[f32]>,
    _channels: usize,
    y: &mut [f32],
) {
    parallel::for_each_chunk(y, parallel::ELEMENTS, |chunk, y| {
        let mut z: Block = [[0.0; LANES]; VECTORS];
        let mut out = z;
        for (block, y) in y.chunks_mut(BLOCK).enumerate() {
            let first = chunk * parallel::ELEMENTS + block * BLOCK;
            let vectors = stage(&x[first..first + y.len()], bias, first, &mut z);
            value(function, &z[..vectors], &mut out[..vectors]);
            y.copy_from_slice(&out.as_flattened()[..y.len()]);
        }
    });
}

/// `dx[i] = dy[i] f'(x[i] + bias[i % channels])`, and its sum over the rows; without `dy`, `dx` holds it.
pub(crate) fn backward<F: Fixed>(
    function: F,
    x: &[f32],
    bias: Option<&[f32]>,
    dy: Option<&[f32]>,
    channels: usize,
    dx: &mut [f32],
    dbias: Option<&mut [f32]>,
) {
    let length = parallel::rows_per_chunk(channels) * channels;
    with_column_sums(dx, length, dbias, |chunk, dx| {
        let mut z: Block = [[0.0; LANES]; VECTORS];
        let (mut gradient, mut out) = (z, z);
        for (block, dx) in dx.chunks_mut(BLOCK).enumerate() {
            let first = chunk * length + block * BLOCK;
            let vectors = stage(&x[first..first + dx.len()], bias, first, &mut z);
            let dy = dy.map_or(&*dx, |dy| &dy[first..first + dx.len()]);
            stage(dy, None, 0, &mut gradient);
            slope(
                function,
                &z[..vectors],
                &gradient[..vectors],
                &mut out[..vectors],
            );
            dx.copy_from_slice(&out.as_flattened()[..dx.len()]);
        }
    });
}

#[inline(always)]
fn value_body<A: Arithmetic, F: Fixed>(function: F, x: &[Lane], y: &mut [Lane]) {
    for (x, y) in x.iter().zip(y) {
        for lane in 0..LANES {
            y[lane] = function.value(&Fast::<A>::new(x[lane])).0;
        }
    }
}
simd! { fn value<F: Fixed>(function: F, x: &[Lane], y: &mut [Lane]) = value_body; }

#[inline(always)]
fn slope_body<A: Arithmetic, F: Fixed>(function: F, x: &[Lane], dy: &[Lane], dx: &mut [Lane]) {
    for ((x, dy), dx) in x.iter().zip(dy).zip(dx) {
        for lane in 0..LANES {
            dx[lane] = dy[lane] * function.derivative(&Fast::<A>::new(x[lane])).0;
        }
    }
}
simd! { fn slope<F: Fixed>(function: F, x: &[Lane], dy: &[Lane], dx: &mut [Lane]) = slope_body; }
