//! Layer normalisation over the last axis (Ba, Kiros, Hinton 2016).

use crate::dispatch::Arithmetic;
use crate::math::{sum_by, sum_by2, sum_lanes_f64};
use crate::parallel;
use crate::scratch::Scratch;

/// Rows of a chunk, for which weight gradients are added in f32.
const ROWS: usize = 64;

/// `y = (x - mean) / √(variance + epsilon) * weight + bias` for every row; x and y `[rows, columns]`, weight and bias
/// `[columns]`. Writes the mean and `1 / √(variance + epsilon)` of each row for the backward pass. Statistics in f64.
///
/// # Panics
/// If a slice does not have the length of its shape.
pub fn forward(
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
    columns: usize,
    y: &mut [f32],
    mean: &mut [f32],
    reciprocal_deviation: &mut [f32],
) {
    let rows = rows(x.len(), columns);
    assert_eq!(y.len(), x.len(), "y is as x");
    assert!(
        weight.len() == columns && bias.len() == columns,
        "weight and bias are [{columns}]"
    );
    assert!(
        mean.len() == rows && reciprocal_deviation.len() == rows,
        "statistics are [{rows}]"
    );
    parallel::for_each_chunk3(
        (y, ROWS * columns),
        (mean, ROWS),
        (reciprocal_deviation, ROWS),
        |chunk, y, mean, reciprocal_deviation| {
            let start = chunk * ROWS * columns;
            let x = &x[start..start + y.len()];
            normalise(x, weight, bias, epsilon, y, mean, reciprocal_deviation);
        },
    );
}

#[inline(always)]
fn normalise_body<A: Arithmetic>(
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
    y: &mut [f32],
    means: &mut [f32],
    reciprocal_deviations: &mut [f32],
) {
    let columns = weight.len();
    let rows = x.chunks_exact(columns).zip(y.chunks_exact_mut(columns));
    for (row, (x, y)) in rows.enumerate() {
        let exact = sum_by(x, f64::from) / columns as f64;
        // Squares around the rounded mean that the backward pass will see; the shift is taken out again.
        let mean = exact as f32;
        let shift = exact - f64::from(mean);
        let square = sum_by(x, |x| {
            let d = f64::from(x) - f64::from(mean);
            d * d
        });
        let variance = (square / columns as f64 - shift * shift).max(0.0);
        let reciprocal = (1.0 / (variance + f64::from(epsilon)).sqrt()) as f32;
        means[row] = mean;
        reciprocal_deviations[row] = reciprocal;
        for (((y, x), weight), bias) in y.iter_mut().zip(x).zip(weight).zip(bias) {
            *y = A::mul_add((x - mean) * reciprocal, *weight, *bias);
        }
    }
}
crate::simd! {
    fn normalise(
        x: &[f32], weight: &[f32], bias: &[f32], epsilon: f32, y: &mut [f32], means: &mut [f32],
        reciprocal_deviations: &mut [f32],
    ) = normalise_body;
}

/// Gradients of [`forward`] by x, weight and bias, all overwritten.
///
/// # Panics
/// If a slice does not have the length of its shape.
pub fn backward(
    dy: &[f32],
    x: &[f32],
    weight: &[f32],
    mean: &[f32],
    reciprocal_deviation: &[f32],
    columns: usize,
    dx: &mut [f32],
    dweight: &mut [f32],
    dbias: &mut [f32],
) {
    let rows = rows(x.len(), columns);
    assert!(
        dy.len() == x.len() && dx.len() == x.len(),
        "dy and dx are as x"
    );
    assert_eq!(weight.len(), columns, "weight is [{columns}]");
    assert!(
        dweight.len() == columns && dbias.len() == columns,
        "dweight and dbias are [{columns}]"
    );
    assert!(
        mean.len() == rows && reciprocal_deviation.len() == rows,
        "statistics are [{rows}]"
    );
    let chunks = rows.div_ceil(ROWS);
    let mut dweights = Scratch::new(chunks * columns);
    let mut dbiases = Scratch::new(chunks * columns);
    parallel::for_each_chunk3(
        (dx, ROWS * columns),
        (&mut dweights, columns),
        (&mut dbiases, columns),
        |chunk, dx, dweight, dbias| {
            let elements = chunk * ROWS * columns..chunk * ROWS * columns + dx.len();
            let rows = chunk * ROWS..rows.min((chunk + 1) * ROWS);
            differentiate(
                &dy[elements.clone()],
                &x[elements],
                weight,
                &mean[rows.clone()],
                &reciprocal_deviation[rows],
                dx,
                dweight,
                dbias,
            );
        },
    );
    parallel::fold_partials(&dweights, dweight);
    parallel::fold_partials(&dbiases, dbias);
}

#[inline(always)]
fn differentiate_body<A: Arithmetic>(
    dy: &[f32],
    x: &[f32],
    weight: &[f32],
    means: &[f32],
    reciprocal_deviations: &[f32],
    dx: &mut [f32],
    dweight: &mut [f32],
    dbias: &mut [f32],
) {
    let columns = weight.len();
    dweight.fill(0.0);
    dbias.fill(0.0);
    let statistics = means.iter().zip(reciprocal_deviations);
    for (row, (mean, reciprocal)) in statistics.enumerate() {
        let range = row * columns..(row + 1) * columns;
        let (dy, x, dx) = (&dy[range.clone()], &x[range.clone()], &mut dx[range]);
        // dx holds the normalised input, then dy * weight * it, before it becomes the gradient.
        for (((dx, x), dy), dweight) in dx.iter_mut().zip(x).zip(dy).zip(dweight.iter_mut()) {
            *dx = (x - mean) * reciprocal;
            *dweight = A::mul_add(*dy, *dx, *dweight);
        }
        for (dbias, dy) in dbias.iter_mut().zip(dy) {
            *dbias += dy;
        }
        let average = sum_by2(dy, weight, |dy, weight| f64::from(dy * weight)) / columns as f64;
        let (chunks, rest) = dx.as_chunks::<16>();
        let mut lanes = [0.0_f64; 16];
        let mut slope = 0.0;
        for (index, chunk) in chunks.iter().enumerate() {
            let at = index * 16..index * 16 + 16;
            let (dy, weight) = (&dy[at.clone()], &weight[at]);
            for lane in 0..16 {
                lanes[lane] += f64::from(dy[lane] * weight[lane]) * f64::from(chunk[lane]);
            }
        }
        let done = chunks.len() * 16;
        for ((normal, dy), weight) in rest.iter().zip(&dy[done..]).zip(&weight[done..]) {
            slope += f64::from(dy * weight) * f64::from(*normal);
        }
        slope += sum_lanes_f64(&lanes);
        let (average, slope) = (average as f32, (slope / columns as f64) as f32);
        for ((dx, dy), weight) in dx.iter_mut().zip(dy).zip(weight) {
            *dx = reciprocal * (A::mul_add(*dy, *weight, -average) - *dx * slope);
        }
    }
}
crate::simd! {
    fn differentiate(
        dy: &[f32], x: &[f32], weight: &[f32], means: &[f32], reciprocal_deviations: &[f32], dx: &mut [f32],
        dweight: &mut [f32], dbias: &mut [f32],
    ) = differentiate_body;
}

fn rows(length: usize, columns: usize) -> usize {
    assert!(
        columns > 0 && length.is_multiple_of(columns),
        "{length} values are no rows of {columns}"
    );
    length / columns
}

/// The same in f64, row by row.
#[doc(hidden)]
pub mod reference {
    fn statistics(x: &[f64], epsilon: f64) -> (f64, f64) {
        let count = x.len() as f64;
        let mean = x.iter().sum::<f64>() / count;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        (mean, 1.0 / (variance + epsilon).sqrt())
    }

    /// See [`super::forward`].
    pub fn forward(x: &[f64], weight: &[f64], bias: &[f64], epsilon: f64) -> Vec<f64> {
        let mut y = Vec::with_capacity(x.len());
        for x in x.chunks_exact(weight.len()) {
            let (mean, reciprocal) = statistics(x, epsilon);
            y.extend((0..x.len()).map(|j| (x[j] - mean) * reciprocal * weight[j] + bias[j]));
        }
        y
    }

    /// Gradients by (x, weight, bias).
    pub fn backward(
        dy: &[f64],
        x: &[f64],
        weight: &[f64],
        epsilon: f64,
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let columns = weight.len();
        let mut dx = Vec::with_capacity(x.len());
        let mut dweight = vec![0.0; columns];
        let mut dbias = vec![0.0; columns];
        for (x, dy) in x.chunks_exact(columns).zip(dy.chunks_exact(columns)) {
            let (mean, reciprocal) = statistics(x, epsilon);
            let normal: Vec<f64> = x.iter().map(|x| (x - mean) * reciprocal).collect();
            let average = (0..columns).map(|j| dy[j] * weight[j]).sum::<f64>() / columns as f64;
            let slope = (0..columns)
                .map(|j| dy[j] * weight[j] * normal[j])
                .sum::<f64>()
                / columns as f64;
            for j in 0..columns {
                dweight[j] += dy[j] * normal[j];
                dbias[j] += dy[j];
                dx.push(reciprocal * (dy[j] * weight[j] - average - normal[j] * slope));
            }
        }
        (dx, dweight, dbias)
    }
}

#[cfg(test)]
mod tests;
