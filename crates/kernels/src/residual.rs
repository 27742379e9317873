//! Bias, dropout and residual connection in one pass: `out = residual * factor + dropout(y + bias)`.
//!
//! The factor is 1, or `(2N)^¼` in an N-layer encoder of `DeepNorm` (Wang et al. 2022, section 3).

use crate::dispatch::Arithmetic;
use crate::dropout::{Mask, SEGMENT};
use crate::linear::add_rows;
use crate::parallel;
use crate::random::Stream;
use crate::scratch::Scratch;

/// Dropout on `[sequences, elements_per_sequence]`. Element `e` of sequence `s` has index
/// `(first_sequence + s) * elements_per_sequence + e` in the stream, whatever the micro-batch.
///
/// Where padding is left out, the functions take a `row_index`: for each row that is there, its number among all rows
/// `[sequences * length]`, so that what is dropped does not depend on what is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Probability of an element to become 0, in `[0, 1)`.
    pub probability: f32,
    /// Random numbers of this step and place in the model.
    pub stream: Stream,
    /// Index of the first sequence of the slice inside the step's whole batch.
    pub first_sequence: u64,
    /// `sequence length * columns`.
    pub elements_per_sequence: usize,
}

impl Dropout {
    fn mask(&self) -> Mask {
        let first = self
            .first_sequence
            .wrapping_mul(self.elements_per_sequence as u64);
        Mask::new(self.probability, self.stream, first)
    }
}

/// What is dropped in the rows of a slice.
#[derive(Clone, Copy)]
pub(crate) struct RowMasks<'a> {
    mask: Option<Mask>,
    index: Option<&'a [u32]>,
    first: usize,
    columns: usize,
}

impl<'a> RowMasks<'a> {
    /// # Panics
    /// If the probability does not lie in `[0, 1)` or there are not as many indices as rows.
    pub(crate) fn new(
        dropout: Option<&Dropout>,
        index: Option<&'a [u32]>,
        rows: usize,
        columns: usize,
    ) -> Self {
        assert!(
            index.is_none_or(|index| index.len() == rows),
            "an index for each of {rows} rows"
        );
        Self {
            mask: dropout.map(Dropout::mask),
            index,
            first: 0,
            columns,
        }
    }

    /// The rows from `row` on.
    pub(crate) fn starting_at(self, row: usize) -> Self {
        Self { first: row, ..self }
    }

    /// The mask of one row, if anything is dropped.
    #[inline(always)]
    pub(crate) fn row(&self, row: usize) -> Option<Mask> {
        let row = self.first + row;
        let place = self.index.map_or(row as u64, |index| u64::from(index[row]));
        self.mask
            .map(|mask| mask.starting_at(place * self.columns as u64))
    }
}

/// Rows of a chunk, for which bias gradients are added in f32.
const ROWS: usize = 64;

/// `out = residual * factor + dropout(y + bias)`; y, residual and out `[rows, columns]`, bias `[columns]`, row index
/// `[rows]`.
///
/// # Panics
/// If a slice does not have the length of its shape, or the probability does not lie in `[0, 1)`.
pub fn forward(
    y: &[f32],
    bias: Option<&[f32]>,
    residual: &[f32],
    factor: f32,
    columns: usize,
    dropout: Option<&Dropout>,
    row_index: Option<&[u32]>,
    out: &mut [f32],
) {
    let rows = rows(columns, y.len());
    assert_eq!(residual.len(), y.len(), "residual is as y");
    assert_eq!(out.len(), y.len(), "out is as y");
    assert!(
        bias.is_none_or(|bias| bias.len() == columns),
        "bias is [{columns}]"
    );
    let masks = RowMasks::new(dropout, row_index, rows, columns);
    parallel::for_each_chunk(out, ROWS * columns, |chunk, out| {
        let start = chunk * ROWS * columns;
        let range = start..start + out.len();
        let masks = masks.starting_at(chunk * ROWS);
        add(
            &y[range.clone()],
            bias,
            &residual[range],
            factor,
            masks,
            out,
        );
    });
}

#[inline(always)]
fn add_body<A: Arithmetic>(
    y: &[f32],
    bias: Option<&[f32]>,
    residual: &[f32],
    factor: f32,
    masks: RowMasks<'_>,
    out: &mut [f32],
) {
    let columns = masks.columns;
    for number in 0..y.len() / columns {
        let row = number * columns..(number + 1) * columns;
        let (y, residual, out) = (&y[row.clone()], &residual[row.clone()], &mut out[row]);
        let mask = masks.row(number);
        for at in (0..columns).step_by(SEGMENT) {
            let segment = at..columns.min(at + SEGMENT);
            let (y, residual) = (&y[segment.clone()], &residual[segment.clone()]);
            let out = &mut out[segment.clone()];
            out.copy_from_slice(y);
            if let Some(bias) = bias {
                for (out, bias) in out.iter_mut().zip(&bias[segment.clone()]) {
                    *out += bias;
                }
            }
            if let Some(mask) = mask {
                let factors = mask.factors(at, segment.len());
                for (out, keep) in out.iter_mut().zip(&factors[..segment.len()]) {
                    *out *= keep;
                }
            }
            for (out, residual) in out.iter_mut().zip(residual) {
                *out = A::mul_add(*residual, factor, *out);
            }
        }
    }
}
crate::simd! {
    fn add(
        y: &[f32], bias: Option<&[f32]>, residual: &[f32], factor: f32, masks: RowMasks<'_>, out: &mut [f32],
    ) = add_body;
}

/// Gradients of [`forward`] by y, bias (when asked for) and residual, all overwritten.
///
/// # Panics
/// If a slice does not have the length of its shape, or the probability does not lie in `[0, 1)`.
pub fn backward(
    dout: &[f32],
    factor: f32,
    columns: usize,
    dropout: Option<&Dropout>,
    row_index: Option<&[u32]>,
    dy: &mut [f32],
    dbias: Option<&mut [f32]>,
    dresidual: &mut [f32],
) {
    let rows = rows(columns, dout.len());
    assert_eq!(dy.len(), dout.len(), "dy is as dout");
    assert_eq!(dresidual.len(), dout.len(), "dresidual is as dout");
    let masks = RowMasks::new(dropout, row_index, rows, columns);
    let chunk = ROWS * columns;
    let split = |index: usize, dy: &mut [f32], dresidual: &mut [f32]| {
        let start = index * chunk;
        let masks = masks.starting_at(index * ROWS);
        scatter(&dout[start..start + dy.len()], factor, masks, dy, dresidual);
    };
    match dbias {
        None => parallel::for_each_chunk2((dy, chunk), (dresidual, chunk), split),
        Some(dbias) => {
            assert_eq!(dbias.len(), columns, "dbias is [{columns}]");
            let mut partials = Scratch::new(dout.len().div_ceil(chunk) * columns);
            parallel::for_each_chunk3(
                (dy, chunk),
                (dresidual, chunk),
                (&mut partials, columns),
                |index, dy, dresidual, partial| {
                    split(index, dy, dresidual);
                    partial.fill(0.0);
                    add_rows(dy, partial);
                },
            );
            parallel::fold_partials(&partials, dbias);
        }
    }
}

#[inline(always)]
fn scatter_body<A: Arithmetic>(
    dout: &[f32],
    factor: f32,
    masks: RowMasks<'_>,
    dy: &mut [f32],
    dresidual: &mut [f32],
) {
    keep_body::<A>(dout, masks, dy);
    for (dresidual, dout) in dresidual.iter_mut().zip(dout) {
        *dresidual = factor * dout;
    }
}
crate::simd! {
    fn scatter(dout: &[f32], factor: f32, masks: RowMasks<'_>, dy: &mut [f32], dresidual: &mut [f32]) = scatter_body;
}

/// `out = dropout(x)`, for the embeddings; x and out `[rows, columns]`. Applied to the gradient by `out` it gives the
/// gradient by `x`.
///
/// # Panics
/// If a slice does not have the length of its shape, or the probability does not lie in `[0, 1)`.
pub fn dropout(
    x: &[f32],
    columns: usize,
    dropout: &Dropout,
    row_index: Option<&[u32]>,
    out: &mut [f32],
) {
    assert_eq!(out.len(), x.len(), "out is as x");
    let masks = RowMasks::new(Some(dropout), row_index, rows(columns, x.len()), columns);
    parallel::for_each_chunk(out, ROWS * columns, |chunk, out| {
        let start = chunk * ROWS * columns;
        let masks = masks.starting_at(chunk * ROWS);
        keep(&x[start..start + out.len()], masks, out);
    });
}

#[inline(always)]
fn keep_body<A: Arithmetic>(x: &[f32], masks: RowMasks<'_>, out: &mut [f32]) {
    let rows = x
        .chunks_exact(masks.columns)
        .zip(out.chunks_exact_mut(masks.columns));
    for (row, (x, out)) in rows.enumerate() {
        let Some(mask) = masks.row(row) else {
            out.copy_from_slice(x);
            continue;
        };
        let segments = x.chunks(SEGMENT).zip(out.chunks_mut(SEGMENT));
        for (index, (x, out)) in segments.enumerate() {
            let factors = mask.factors(index * SEGMENT, x.len());
            for ((out, x), keep) in out.iter_mut().zip(x).zip(&factors[..x.len()]) {
                *out = x * keep;
            }
        }
    }
}
crate::simd! { fn keep(x: &[f32], masks: RowMasks<'_>, out: &mut [f32]) = keep_body; }

/// `sum += addend`.
///
/// # Panics
/// If the lengths differ.
pub fn add_assign(sum: &mut [f32], addend: &[f32]) {
    assert_eq!(addend.len(), sum.len(), "the addend is as the sum");
    parallel::for_each_chunk(sum, parallel::ELEMENTS, |chunk, sum| {
        let start = chunk * parallel::ELEMENTS;
        accumulate(sum, &addend[start..start + sum.len()]);
    });
}

#[inline(always)]
fn accumulate_body<A: Arithmetic>(sum: &mut [f32], addend: &[f32]) {
    for (sum, addend) in sum.iter_mut().zip(addend) {
        *sum += addend;
    }
}
crate::simd! { fn accumulate(sum: &mut [f32], addend: &[f32]) = accumulate_body; }

fn rows(columns: usize, length: usize) -> usize {
    assert!(
        columns > 0 && length.is_multiple_of(columns),
        "{length} values are no rows of {columns}"
    );
    length / columns
}

/// The same in f64, element by element.
#[doc(hidden)]
pub mod reference {
    use super::Dropout;

    /// The factor of every element: 0 or `1 / (1 - p)`, 1 without dropout.
    pub fn keep(dropout: Option<&Dropout>, length: usize) -> Vec<f64> {
        (0..length as u64)
            .map(|index| dropout.map_or(1.0, |dropout| dropout.mask().factor(index)))
            .collect()
    }

    /// See [`super::forward`].
    pub fn forward(
        y: &[f64],
        bias: Option<&[f64]>,
        residual: &[f64],
        factor: f64,
        columns: usize,
        dropout: Option<&Dropout>,
    ) -> Vec<f64> {
        let keep = keep(dropout, y.len());
        (0..y.len())
            .map(|i| {
                residual[i] * factor + (y[i] + bias.map_or(0.0, |bias| bias[i % columns])) * keep[i]
            })
            .collect()
    }

    /// Gradients by (y, bias, residual).
    pub fn backward(
        dout: &[f64],
        factor: f64,
        columns: usize,
        dropout: Option<&Dropout>,
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let keep = keep(dropout, dout.len());
        let dy: Vec<f64> = dout.iter().zip(keep).map(|(d, keep)| d * keep).collect();
        let mut dbias = vec![0.0; columns];
        for (i, dy) in dy.iter().enumerate() {
            dbias[i % columns] += dy;
        }
        (dy, dbias, dout.iter().map(|d| d * factor).collect())
    }
}

#[cfg(test)]
mod tests;
