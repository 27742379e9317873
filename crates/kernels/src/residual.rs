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

/// Rows of a chunk, for which bias gradients are added in f32.
const ROWS: usize = 64;

/// `out = residual * factor + dropout(y + bias)`; y, residual and out `[rows, columns]`, bias `[columns]`.
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
    out: &mut [f32],
) {
    check(columns, y.len());
    assert_eq!(residual.len(), y.len(), "residual is as y");
    assert_eq!(out.len(), y.len(), "out is as y");
    assert!(
        bias.is_none_or(|bias| bias.len() == columns),
        "bias is [{columns}]"
    );
    let mask = dropout.map(Dropout::mask);
    parallel::for_each_chunk(out, ROWS * columns, |chunk, out| {
        let start = chunk * ROWS * columns;
        let range = start..start + out.len();
        let mask = mask.map(|mask| mask.starting_at(start as u64));
        add(
            &y[range.clone()],
            bias,
            &residual[range],
            factor,
            columns,
            mask,
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
    columns: usize,
    mask: Option<Mask>,
    out: &mut [f32],
) {
    for start in (0..y.len()).step_by(columns) {
        let row = start..start + columns;
        let (y, residual, out) = (&y[row.clone()], &residual[row.clone()], &mut out[row]);
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
                let factors = mask.factors(start + at, segment.len());
                for (out, keep) in out.iter_mut().zip(factors) {
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
        y: &[f32], bias: Option<&[f32]>, residual: &[f32], factor: f32, columns: usize, mask: Option<Mask>,
        out: &mut [f32],
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
    dy: &mut [f32],
    dbias: Option<&mut [f32]>,
    dresidual: &mut [f32],
) {
    check(columns, dout.len());
    assert_eq!(dy.len(), dout.len(), "dy is as dout");
    assert_eq!(dresidual.len(), dout.len(), "dresidual is as dout");
    let mask = dropout.map(Dropout::mask);
    let chunk = ROWS * columns;
    let split = |index: usize, dy: &mut [f32], dresidual: &mut [f32]| {
        let start = index * chunk;
        let mask = mask.map(|mask| mask.starting_at(start as u64));
        scatter(&dout[start..start + dy.len()], factor, mask, dy, dresidual);
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
    mask: Option<Mask>,
    dy: &mut [f32],
    dresidual: &mut [f32],
) {
    keep_body::<A>(dout, mask, dy);
    for (dresidual, dout) in dresidual.iter_mut().zip(dout) {
        *dresidual = factor * dout;
    }
}
crate::simd! {
    fn scatter(dout: &[f32], factor: f32, mask: Option<Mask>, dy: &mut [f32], dresidual: &mut [f32]) = scatter_body;
}

/// `out = dropout(x)`, for the embeddings. Applied to the gradient by `out` it gives the gradient by `x`.
///
/// # Panics
/// If the lengths differ, or the probability does not lie in `[0, 1)`.
pub fn dropout(x: &[f32], dropout: &Dropout, out: &mut [f32]) {
    assert_eq!(out.len(), x.len(), "out is as x");
    let mask = dropout.mask();
    parallel::for_each_chunk(out, parallel::ELEMENTS, |chunk, out| {
        let start = chunk * parallel::ELEMENTS;
        keep(
            &x[start..start + out.len()],
            Some(mask.starting_at(start as u64)),
            out,
        );
    });
}

#[inline(always)]
fn keep_body<A: Arithmetic>(x: &[f32], mask: Option<Mask>, out: &mut [f32]) {
    let Some(mask) = mask else {
        out.copy_from_slice(x);
        return;
    };
    let segments = x.chunks(SEGMENT).zip(out.chunks_mut(SEGMENT));
    for (index, (x, out)) in segments.enumerate() {
        let factors = mask.factors(index * SEGMENT, x.len());
        for ((out, x), keep) in out.iter_mut().zip(x).zip(factors) {
            *out = x * keep;
        }
    }
}
crate::simd! { fn keep(x: &[f32], mask: Option<Mask>, out: &mut [f32]) = keep_body; }

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

fn check(columns: usize, length: usize) {
    assert!(
        columns > 0 && length.is_multiple_of(columns),
        "{length} values are no rows of {columns}"
    );
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
