//! Functions of few coefficients: the definition itself, read in vector lanes, where the values lie.
//!
//! Each channel has its coefficients beside the others' in tiles of [`WIDTH`] channels (one tile for all where the layer
//! shares them), and its own sums of coefficient gradients there. The sums of a chunk are f32, those over the chunks, in
//! their order, f64: the same bytes at any number of threads.

use super::bias_or_none;
use super::lanes::Fast;
use super::sums::{rows_per_chunk, with_column_and_other_sums};
use crate::family::Parametric;
use pliant_kernels::dispatch::Arithmetic;
use pliant_kernels::{parallel, simd};
use rayon::prelude::*;

/// Channels of a tile: with the sums of six coefficients it stays in the first cache.
const WIDTH: usize = 256;

/// One number of each coefficient for each channel of a tile.
type Tile<const C: usize> = [[f32; WIDTH]; C];

/// Which channels share what, and where their coefficients lie in the flat buffer.
pub(crate) struct Columns {
    pub(crate) channels: usize,
    /// `None`: all.
    pub(crate) channels_per_group: Option<usize>,
    /// Columns of each tensor, in the order of the buffer.
    pub(crate) tensors: Vec<usize>,
}

impl Columns {
    fn groups(&self) -> usize {
        self.channels_per_group
            .map_or(1, |size| self.channels / size)
    }

    fn tiles(&self) -> usize {
        match self.channels_per_group {
            None => 1,
            Some(_) => self.channels.div_ceil(WIDTH),
        }
    }

    /// The place of each coefficient of a group.
    fn positions(&self, group: usize) -> impl Iterator<Item = usize> {
        let mut offset = 0;
        self.tensors.iter().flat_map(move |columns| {
            let first = offset + group * columns;
            offset += self.groups() * columns;
            first..first + columns
        })
    }

    /// The group of a channel of a tile; channels beyond the last one belong to the last group.
    fn group(&self, tile: usize, channel: usize) -> usize {
        self.channels_per_group.map_or(0, |size| {
            ((tile * WIDTH + channel) / size).min(self.groups() - 1)
        })
    }

    fn coefficients<F: Parametric<C>, const C: usize>(
        &self,
        function: F,
        flat: &[f32],
    ) -> Vec<Tile<C>> {
        let length = self.groups() * self.tensors.iter().sum::<usize>();
        assert_eq!(
            flat.len(),
            length,
            "coefficients of {} channels",
            self.channels
        );
        (0..self.tiles())
            .map(|tile| {
                let mut coefficients = [[0.0; WIDTH]; C];
                let mut last = None;
                for channel in 0..WIDTH {
                    let group = self.group(tile, channel);
                    if last == Some(group) {
                        for row in &mut coefficients {
                            row[channel] = row[channel - 1];
                        }
                        continue;
                    }
                    last = Some(group);
                    let places = coefficients.iter_mut().zip(self.positions(group));
                    for (index, (row, position)) in places.enumerate() {
                        let exact = f64::from(flat[position]);
                        row[channel] = function.effective(index, &exact) as f32;
                    }
                }
                coefficients
            })
            .collect()
    }
}

/// `y[i] = f(x[i] + bias[i % channels])`
pub(crate) fn forward<F: Parametric<C>, const C: usize>(
    function: F,
    columns: &Columns,
    coefficients: &[f32],
    x: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
) {
    let channels = columns.channels;
    let tiles = columns.coefficients(function, coefficients);
    let bias = bias_or_none(bias, channels);
    let pieces = function.pieces();
    let length = parallel::rows_per_chunk(channels) * channels;
    parallel::for_each_chunk(y, length, |chunk, y| {
        let x = &x[chunk * length..][..y.len()];
        for (x, y) in x.chunks(channels).zip(y.chunks_mut(channels)) {
            let parts = x
                .chunks(WIDTH)
                .zip(bias.chunks(WIDTH))
                .zip(y.chunks_mut(WIDTH));
            for (tile, ((x, bias), y)) in parts.enumerate() {
                let tile = &tiles[tile.min(tiles.len() - 1)];
                match &pieces {
                    Some(pieces) => pieces.value(tile, x, bias, y),
                    None => value(function, tile, x, bias, y),
                }
            }
        }
    });
}

/// `dx`, its sum over the rows and the gradient by every coefficient in one pass; without `dy`, `dx` holds it.
pub(crate) fn backward<F: Parametric<C>, const C: usize>(
    function: F,
    columns: &Columns,
    coefficients: &[f32],
    x: &[f32],
    bias: Option<&[f32]>,
    dy: Option<&[f32]>,
    dx: &mut [f32],
    dbias: Option<&mut [f32]>,
    dcoefficients: &mut [f32],
) {
    let channels = columns.channels;
    let tiles = columns.coefficients(function, coefficients);
    let bias = bias_or_none(bias, channels);
    let pieces = function.pieces();
    let length = rows_per_chunk(channels) * channels;
    let count = dcoefficients.len();
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
            let mut sums = vec![[[0.0_f32; WIDTH]; C]; tiles.len()];
            for (x, dx) in x[range].chunks(channels).zip(dx.chunks_mut(channels)) {
                let parts = x
                    .chunks(WIDTH)
                    .zip(bias.chunks(WIDTH))
                    .zip(dx.chunks_mut(WIDTH))
                    .zip(column_sums.chunks_mut(WIDTH));
                for (tile, (((x, bias), dx), column_sums)) in parts.enumerate() {
                    let tile = tile.min(tiles.len() - 1);
                    let (c, sums) = (&tiles[tile], &mut sums[tile]);
                    match &pieces {
                        Some(pieces) => pieces.slope(c, x, bias, dx, column_sums, sums),
                        None => slope(function, c, x, bias, dx, column_sums, sums),
                    }
                }
            }
            for (tile, sums) in sums.iter().enumerate() {
                for channel in 0..WIDTH {
                    let positions = columns.positions(columns.group(tile, channel));
                    for (row, position) in sums.iter().zip(positions) {
                        partial[position] += f64::from(row[channel]);
                    }
                }
            }
        },
    );
    let mut slopes = vec![1.0_f64; count];
    for group in 0..columns.groups() {
        for (index, position) in columns.positions(group).enumerate() {
            let exact = f64::from(coefficients[position]);
            slopes[position] = function.effective_slope(index, &exact);
        }
    }
    // One coefficient after the other, each over the chunks in order.
    dcoefficients
        .par_iter_mut()
        .with_min_len(64)
        .enumerate()
        .for_each(|(position, total)| {
            let sum: f64 = partials.iter().skip(position).step_by(count).sum();
            *total = (sum * slopes[position]) as f32;
        });
}

#[inline(always)]
fn value_body<A: Arithmetic, F: Parametric<C>, const C: usize>(
    function: F,
    c: &Tile<C>,
    x: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    let length = y.len().min(WIDTH);
    let (x, bias, y) = (&x[..length], &bias[..length], &mut y[..length]);
    for i in 0..length {
        let mut own = [Fast::<A>::new(0.0); C];
        for k in 0..C {
            own[k] = Fast::new(c[k][i]);
        }
        y[i] = function.value(&own, &Fast::<A>::new(x[i] + bias[i])).0;
    }
}
simd! {
    /// `y = f(x + bias)`, part of a row.
    fn value<F: Parametric<C>; const C: usize>(function: F, c: &Tile<C>, x: &[f32], bias: &[f32], y: &mut [f32]) = value_body;
}

#[inline(always)]
fn slope_body<A: Arithmetic, F: Parametric<C>, const C: usize>(
    function: F,
    c: &Tile<C>,
    x: &[f32],
    bias: &[f32],
    dy_to_dx: &mut [f32],
    column_sums: &mut [f32],
    sums: &mut Tile<C>,
) {
    let length = dy_to_dx.len().min(WIDTH);
    let (x, bias) = (&x[..length], &bias[..length]);
    let (dy_to_dx, column_sums) = (&mut dy_to_dx[..length], &mut column_sums[..length]);
    for i in 0..length {
        let mut own = [Fast::<A>::new(0.0); C];
        for k in 0..C {
            own[k] = Fast::new(c[k][i]);
        }
        let x = Fast::<A>::new(x[i] + bias[i]);
        let dy = dy_to_dx[i];
        let dx = dy * function.derivative(&own, &x).0;
        let gradient = function.gradient(&own, &x);
        dy_to_dx[i] = dx;
        column_sums[i] += dx;
        for k in 0..C {
            sums[k][i] = A::mul_add(dy, gradient[k].0, sums[k][i]);
        }
    }
}
simd! {
    /// `dy_to_dx` from dy to dx, which is added to `column_sums`, and the coefficient gradients added to `sums`.
    fn slope<F: Parametric<C>; const C: usize>(function: F, c: &Tile<C>, x: &[f32], bias: &[f32], dy_to_dx: &mut [f32], column_sums: &mut [f32], sums: &mut Tile<C>) = slope_body;
}
