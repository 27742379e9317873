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
mod tests {
    use super::*;
    use crate::parallel::tests::same_at_any_thread_count;
    use crate::random::Purpose;
    use crate::testing::{assert_close, assert_gradient, bits, narrow, random};

    fn with(probability: f32, elements_per_sequence: usize, first_sequence: u64) -> Dropout {
        Dropout {
            probability,
            stream: Stream::new(3, Purpose::Dropout, 17),
            first_sequence,
            elements_per_sequence,
        }
    }

    #[test]
    fn agrees_with_the_reference() {
        for (sequences, length, columns) in
            [(1, 1, 1), (3, 5, 7), (2, 70, 33), (1, 3, 300), (2, 65, 64)]
        {
            let count = sequences * length * columns;
            let y = random(1, count, 1.0);
            let bias = random(2, columns, 1.0);
            let residual = random(3, count, 10.0);
            for dropout in [
                None,
                Some(with(0.0, length * columns, 0)),
                Some(with(0.3, length * columns, 5)),
            ] {
                for (bias, factor) in [(None, 1.0), (Some(&bias), 1.5)] {
                    let bias = bias.map(Vec::as_slice);
                    let narrow_bias = bias.map(narrow);
                    let mut out = vec![f32::NAN; count];
                    forward(
                        &narrow(&y),
                        narrow_bias.as_deref(),
                        &narrow(&residual),
                        factor,
                        columns,
                        dropout.as_ref(),
                        &mut out,
                    );
                    let exact = reference::forward(
                        &y,
                        bias,
                        &residual,
                        f64::from(factor),
                        columns,
                        dropout.as_ref(),
                    );
                    assert_close("out", &out, &exact, 1e-6);
                    let exact =
                        reference::backward(&y, f64::from(factor), columns, dropout.as_ref());
                    let mut dy = vec![f32::NAN; count];
                    let mut dbias = vec![f32::NAN; columns];
                    let mut dresidual = vec![f32::NAN; count];
                    backward(
                        &narrow(&y),
                        factor,
                        columns,
                        dropout.as_ref(),
                        &mut dy,
                        Some(&mut dbias),
                        &mut dresidual,
                    );
                    assert_close("dy", &dy, &exact.0, 1e-6);
                    assert_close("dbias", &dbias, &exact.1, 2e-6);
                    assert_close("dresidual", &dresidual, &exact.2, 1e-6);
                    let mut again = vec![f32::NAN; count];
                    backward(
                        &narrow(&y),
                        factor,
                        columns,
                        dropout.as_ref(),
                        &mut again,
                        None,
                        &mut dresidual,
                    );
                    assert_eq!(bits(&dy), bits(&again));
                }
            }
        }
    }

    #[test]
    fn gradients_are_the_derivatives() {
        let (columns, count) = (3, 12);
        let y = random(1, count, 1.0);
        let bias = random(2, columns, 1.0);
        let residual = random(3, count, 1.0);
        let dout = random(4, count, 1.0);
        let dropout = with(0.4, 6, 0);
        let exact = reference::backward(&dout, 1.25, columns, Some(&dropout));
        let loss = |y: &[f64], bias: &[f64], residual: &[f64]| {
            let out = reference::forward(y, Some(bias), residual, 1.25, columns, Some(&dropout));
            out.iter().zip(&dout).map(|(out, d)| out * d).sum::<f64>()
        };
        assert_gradient("y", &y, &exact.0, |y| loss(y, &bias, &residual));
        assert_gradient("bias", &bias, &exact.1, |bias| loss(&y, bias, &residual));
        assert_gradient("residual", &residual, &exact.2, |residual| {
            loss(&y, &bias, residual)
        });
    }

    #[test]
    fn the_mask_has_the_rate_and_belongs_to_the_sequence() {
        let per_sequence = 25 * 11;
        let sequences = 200;
        let x = vec![1.0; sequences * per_sequence];
        let mut whole = vec![0.0; x.len()];
        dropout(&x, &with(0.25, per_sequence, 0), &mut whole);
        let kept = whole.iter().filter(|value| **value != 0.0).count() as f64;
        let count = x.len() as f64;
        assert!((kept - 0.75 * count).abs() < 5.0 * (0.75 * 0.25 * count).sqrt());
        assert!(
            whole
                .iter()
                .all(|value| *value == 0.0 || *value == 4.0 / 3.0)
        );
        let mut part = vec![0.0; 3 * per_sequence];
        dropout(&x[..part.len()], &with(0.25, per_sequence, 7), &mut part);
        assert_eq!(part, whole[7 * per_sequence..10 * per_sequence]);
    }

    #[test]
    fn the_same_bytes_at_any_thread_count() {
        let columns = 129;
        let count = 700 * columns;
        let dout = narrow(&random(1, count, 1.0));
        let dropout = with(0.1, 70 * columns, 2);
        same_at_any_thread_count(|| {
            let mut out = vec![0.0; count];
            let mut dy = vec![0.0; count];
            let mut dresidual = vec![0.0; count];
            let mut dbias = vec![0.0; columns];
            forward(&dout, None, &dout, 1.5, columns, Some(&dropout), &mut out);
            backward(
                &dout,
                1.5,
                columns,
                Some(&dropout),
                &mut dy,
                Some(&mut dbias),
                &mut dresidual,
            );
            [bits(&out), bits(&dy), bits(&dresidual), bits(&dbias)]
        });
    }
}
