//! Bias, dropout, residual connection and layer norm in one pass over memory: `out = norm(residual * factor + dropout(y + bias))`,
//! the end of a sub-layer whose norm stands behind it.
//!
//! Both passes work in place: forward leaves the normalised sum where y was, backward leaves the two gradients where the
//! normalised sum and the incoming gradient were. So a row is in the first cache when it is written, and no memory is
//! taken.

use crate::dispatch::Arithmetic;
use crate::dropout::SEGMENT;
use crate::math::{sum_by, sum_by2};
use crate::parallel;
use crate::residual::{Dropout, RowMasks};
use crate::scratch::Scratch;

/// Rows of a chunk, for which gradients of the vectors are added in f32.
const ROWS: usize = 64;

/// The vectors `[columns]` and numbers of the operation.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<'a> {
    /// Added to y.
    pub bias: &'a [f32],
    /// What the residual is multiplied by.
    pub factor: f32,
    /// Weight of the norm.
    pub weight: &'a [f32],
    /// Bias of the norm.
    pub norm_bias: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
    /// What is dropped, if anything is.
    pub dropout: Option<&'a Dropout>,
    /// For each row its number among all rows, padding included; see [`Dropout`].
    pub row_index: Option<&'a [u32]>,
}

impl<'a> Parameters<'a> {
    fn columns(&self) -> usize {
        self.weight.len()
    }

    /// The number of rows of a slice, and their masks.
    fn rows(&self, length: usize) -> (usize, RowMasks<'a>) {
        let columns = self.columns();
        assert!(
            columns > 0 && length.is_multiple_of(columns),
            "{length} values are no rows of {columns}"
        );
        assert!(
            self.bias.len() == columns && self.norm_bias.len() == columns,
            "both biases are [{columns}]"
        );
        let rows = length / columns;
        (
            rows,
            RowMasks::new(self.dropout, self.row_index, rows, columns),
        )
    }
}

/// Gradients of the vectors, each `[columns]`, overwritten.
#[derive(Debug)]
pub struct VectorGradients<'a> {
    /// By the bias of y.
    pub bias: &'a mut [f32],
    /// By the weight of the norm.
    pub weight: &'a mut [f32],
    /// By the bias of the norm.
    pub norm_bias: &'a mut [f32],
}

/// `out = norm(residual * factor + dropout(y + bias))` for every row; residual and out `[rows, columns]`.
///
/// `y_to_normal` `[rows, columns]` holds y before and the normalised sum, without weight and bias, afterwards. Writes
/// `1 / √(variance + epsilon)` of each row for the backward pass. Statistics in f64.
///
/// # Panics
/// If a slice does not have the length of its shape, or the probability does not lie in `[0, 1)`.
pub fn forward(
    parameters: &Parameters<'_>,
    y_to_normal: &mut [f32],
    residual: &[f32],
    out: &mut [f32],
    reciprocal_deviation: &mut [f32],
) {
    let (rows, masks) = parameters.rows(y_to_normal.len());
    let chunk = ROWS * parameters.columns();
    assert!(
        residual.len() == y_to_normal.len() && out.len() == y_to_normal.len(),
        "residual and out are as y"
    );
    assert_eq!(
        reciprocal_deviation.len(),
        rows,
        "deviations of {rows} rows"
    );
    parallel::for_each_chunk3(
        (y_to_normal, chunk),
        (out, chunk),
        (reciprocal_deviation, ROWS),
        |index, y, out, reciprocal_deviation| {
            let residual = &residual[index * chunk..index * chunk + y.len()];
            let masks = masks.starting_at(index * ROWS);
            normalise(parameters, masks, y, residual, out, reciprocal_deviation);
        },
    );
}

#[inline(always)]
fn normalise_body<A: Arithmetic>(
    parameters: &Parameters<'_>,
    masks: RowMasks<'_>,
    y: &mut [f32],
    residual: &[f32],
    out: &mut [f32],
    reciprocal_deviations: &mut [f32],
) {
    let columns = parameters.weight.len();
    let (bias, factor) = (&parameters.bias[..columns], parameters.factor);
    let norm_bias = &parameters.norm_bias[..columns];
    let rows = y
        .chunks_exact_mut(columns)
        .zip(residual.chunks_exact(columns))
        .zip(out.chunks_exact_mut(columns))
        .zip(reciprocal_deviations);
    for (row, (((y, residual), out), reciprocal_deviation)) in rows.enumerate() {
        match masks.row(row) {
            None => {
                for ((y, bias), residual) in y.iter_mut().zip(bias).zip(residual) {
                    *y = A::mul_add(*residual, factor, *y + bias);
                }
            }
            Some(mask) => {
                for at in (0..columns).step_by(SEGMENT) {
                    let segment = at..columns.min(at + SEGMENT);
                    let factors = mask.factors(at, segment.len());
                    let keep = &factors[..segment.len()];
                    let (y, bias) = (&mut y[segment.clone()], &bias[segment.clone()]);
                    let values = y.iter_mut().zip(bias).zip(&residual[segment]);
                    for (((y, bias), residual), keep) in values.zip(keep) {
                        *y = A::mul_add(*residual, factor, (*y + bias) * keep);
                    }
                }
            }
        }
        let mean = row_sum(y) / columns as f64;
        let square = row_square(y, mean);
        let exact = 1.0 / (square / columns as f64 + f64::from(parameters.epsilon)).sqrt();
        // The part of the mean that f32 does not hold is subtracted apart.
        let (reciprocal, high) = (exact as f32, mean as f32);
        let low = (mean - f64::from(high)) as f32;
        *reciprocal_deviation = reciprocal;
        let affine = parameters.weight.iter().zip(norm_bias);
        for ((y, out), (weight, bias)) in y.iter_mut().zip(out).zip(affine) {
            *y = ((*y - high) - low) * reciprocal;
            *out = A::mul_add(*y, *weight, *bias);
        }
    }
}
crate::simd! {
    fn normalise(
        parameters: &Parameters<'_>, masks: RowMasks<'_>, y: &mut [f32], residual: &[f32], out: &mut [f32],
        reciprocal_deviations: &mut [f32],
    ) = normalise_body;
}

// Functions of their own: inlined into the row loops, the sums would be compiled to scalar instructions.
#[inline(always)]
fn row_sum_body<A: Arithmetic>(values: &[f32]) -> f64 {
    sum_by(values, f64::from)
}
crate::simd! { #[inline(never)] fn row_sum(values: &[f32]) -> f64 = row_sum_body; }

#[inline(always)]
fn row_square_body<A: Arithmetic>(values: &[f32], mean: f64) -> f64 {
    sum_by(values, |value| {
        let d = f64::from(value) - mean;
        d * d
    })
}
crate::simd! { #[inline(never)] fn row_square(values: &[f32], mean: f64) -> f64 = row_square_body; }

#[inline(always)]
fn row_product_body<A: Arithmetic>(a: &[f32], b: &[f32]) -> f64 {
    sum_by2(a, b, |a, b| f64::from(a) * f64::from(b))
}
crate::simd! { #[inline(never)] fn row_product(a: &[f32], b: &[f32]) -> f64 = row_product_body; }

/// Gradients of [`forward`]. Both slices `[rows, columns]` change their meaning: `dout_to_dresidual` holds the gradient by
/// out before and the one by the residual afterwards, `normal_to_dy` the normalised sum before and the gradient by y
/// afterwards.
///
/// # Panics
/// If a slice does not have the length of its shape, or the probability does not lie in `[0, 1)`.
pub fn backward(
    parameters: &Parameters<'_>,
    dout_to_dresidual: &mut [f32],
    normal_to_dy: &mut [f32],
    reciprocal_deviation: &[f32],
    gradients: VectorGradients<'_>,
) {
    let (rows, masks) = parameters.rows(normal_to_dy.len());
    let columns = parameters.columns();
    let chunk = ROWS * columns;
    assert_eq!(
        dout_to_dresidual.len(),
        normal_to_dy.len(),
        "dout is as the normalised sum"
    );
    assert_eq!(
        reciprocal_deviation.len(),
        rows,
        "deviations of {rows} rows"
    );
    // Of each chunk: bias, weight and norm bias, one after the other.
    let mut partials = Scratch::new(rows.div_ceil(ROWS) * 3 * columns);
    parallel::for_each_chunk3(
        (dout_to_dresidual, chunk),
        (normal_to_dy, chunk),
        (&mut partials, 3 * columns),
        |index, dout, normal, partial| {
            let masks = masks.starting_at(index * ROWS);
            let deviations = &reciprocal_deviation[index * ROWS..rows.min((index + 1) * ROWS)];
            differentiate(parameters, masks, dout, normal, deviations, partial);
        },
    );
    let mut totals = Scratch::new(3 * columns);
    parallel::fold_partials(&partials, &mut totals);
    let VectorGradients {
        bias,
        weight,
        norm_bias,
    } = gradients;
    bias.copy_from_slice(&totals[..columns]);
    weight.copy_from_slice(&totals[columns..2 * columns]);
    norm_bias.copy_from_slice(&totals[2 * columns..]);
}

#[inline(always)]
fn differentiate_body<A: Arithmetic>(
    parameters: &Parameters<'_>,
    masks: RowMasks<'_>,
    dout: &mut [f32],
    normal: &mut [f32],
    reciprocal_deviations: &[f32],
    partial: &mut [f32],
) {
    let columns = parameters.weight.len();
    let (weight, factor) = (parameters.weight, parameters.factor);
    partial.fill(0.0);
    let (dbias, rest) = partial.split_at_mut(columns);
    let (dweight, dnorm_bias) = rest.split_at_mut(columns);
    let dnorm_bias = &mut dnorm_bias[..columns];
    let rows = dout
        .chunks_exact_mut(columns)
        .zip(normal.chunks_exact_mut(columns))
        .zip(reciprocal_deviations);
    for (row, ((dout, normal), reciprocal)) in rows.enumerate() {
        let sums = dweight.iter_mut().zip(dnorm_bias.iter_mut());
        for (((dweight, dbias), dout), normal) in sums.zip(&*dout).zip(&*normal) {
            *dweight = A::mul_add(*dout, *normal, *dweight);
            *dbias += dout;
        }
        // dout becomes dout * weight.
        for (dout, weight) in dout.iter_mut().zip(weight) {
            *dout *= weight;
        }
        let average = (row_sum(dout) / columns as f64) as f32;
        let slope = (row_product(dout, normal) / columns as f64) as f32;
        match masks.row(row) {
            None => {
                for ((dout, normal), dbias) in dout.iter_mut().zip(normal).zip(dbias.iter_mut()) {
                    let dsum = reciprocal * (A::mul_add(-*normal, slope, *dout) - average);
                    *normal = dsum;
                    *dbias += dsum;
                    *dout = factor * dsum;
                }
            }
            Some(mask) => {
                for at in (0..columns).step_by(SEGMENT) {
                    let segment = at..columns.min(at + SEGMENT);
                    let factors = mask.factors(at, segment.len());
                    let keep = &factors[..segment.len()];
                    let values = dout[segment.clone()]
                        .iter_mut()
                        .zip(&mut normal[segment.clone()])
                        .zip(&mut dbias[segment]);
                    for (((dout, normal), dbias), keep) in values.zip(keep) {
                        let dsum = reciprocal * (A::mul_add(-*normal, slope, *dout) - average);
                        *normal = keep * dsum;
                        *dbias += *normal;
                        *dout = factor * dsum;
                    }
                }
            }
        }
    }
}
crate::simd! {
    fn differentiate(
        parameters: &Parameters<'_>, masks: RowMasks<'_>, dout: &mut [f32], normal: &mut [f32],
        reciprocal_deviations: &[f32], partial: &mut [f32],
    ) = differentiate_body;
}

/// The same in f64, composed of the references of its two parts.
#[doc(hidden)]
pub mod reference {
    use crate::residual::Dropout;
    use crate::{norm, residual};

    /// [`super::Parameters`] in f64, without a row index.
    #[derive(Clone, Copy)]
    pub struct Parameters<'a> {
        pub bias: &'a [f64],
        pub factor: f64,
        pub weight: &'a [f64],
        pub norm_bias: &'a [f64],
        pub epsilon: f64,
        pub dropout: Option<&'a Dropout>,
    }

    impl Parameters<'_> {
        fn sum(&self, y: &[f64], residual: &[f64]) -> Vec<f64> {
            let columns = self.weight.len();
            let bias = Some(self.bias);
            residual::reference::forward(y, bias, residual, self.factor, columns, self.dropout)
        }
    }

    /// See [`super::forward`].
    pub fn forward(parameters: &Parameters<'_>, y: &[f64], residual: &[f64]) -> Vec<f64> {
        let sum = parameters.sum(y, residual);
        norm::reference::forward(
            &sum,
            parameters.weight,
            parameters.norm_bias,
            parameters.epsilon,
        )
    }

    /// Gradients by (y, residual, bias, weight, norm bias).
    pub fn backward(
        parameters: &Parameters<'_>,
        dout: &[f64],
        y: &[f64],
        residual: &[f64],
    ) -> [Vec<f64>; 5] {
        let columns = parameters.weight.len();
        let sum = parameters.sum(y, residual);
        let (dsum, dweight, dnorm_bias) =
            norm::reference::backward(dout, &sum, parameters.weight, parameters.epsilon);
        let (dy, dbias, dresidual) =
            residual::reference::backward(&dsum, parameters.factor, columns, parameters.dropout);
        [dy, dresidual, dbias, dweight, dnorm_bias]
    }
}

#[cfg(test)]
mod tests;
