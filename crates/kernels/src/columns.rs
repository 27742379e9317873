//! A range of the columns of a matrix: multiplied by a vector, or with another matrix added to it.

use crate::dispatch::Arithmetic;
use crate::parallel;
use crate::scratch::Scratch;

/// Rows whose products are added in f32.
const ROWS: usize = 64;

/// out (overwritten) is x `[rows, columns]` but for `out[i, first + j] = x[i, first + j] · factors[j]`.
///
/// # Panics
/// If the range leaves the columns or a slice does not have the length of its shape.
pub fn scale(x: &[f32], factors: &[f32], columns: usize, first: usize, out: &mut [f32]) {
    check(x.len(), columns, first, factors.len());
    assert_eq!(out.len(), x.len(), "out is as x");
    let count = parallel::rows_per_chunk(columns);
    parallel::for_each_chunk(out, count * columns, |chunk, out| {
        let start = chunk * count * columns;
        scale_rows(&x[start..start + out.len()], factors, columns, first, out);
    });
}

/// The backward of [`scale`]: `dout` holds the gradient by the output before and by x afterwards, `dfactors` (overwritten)
/// is the sum over the rows of `x · dout`: in f32 within chunks of 64 rows, chunks in f64, in order.
///
/// # Panics
/// If the range leaves the columns or a slice does not have the length of its shape.
pub fn scale_backward(
    x: &[f32],
    factors: &[f32],
    columns: usize,
    first: usize,
    dout: &mut [f32],
    dfactors: &mut [f32],
) {
    check(x.len(), columns, first, factors.len());
    assert_eq!(dout.len(), x.len(), "dout is as x");
    assert_eq!(dfactors.len(), factors.len(), "dfactors is as factors");
    if factors.is_empty() {
        return;
    }
    if x.is_empty() {
        dfactors.fill(0.0);
        return;
    }
    let width = factors.len();
    let chunk_length = ROWS * columns;
    let mut partials = Scratch::new(x.len().div_ceil(chunk_length) * width);
    parallel::for_each_chunk2(
        (dout, chunk_length),
        (&mut partials, width),
        |chunk, dout, partial| {
            partial.fill(0.0);
            let start = chunk * chunk_length;
            let x = &x[start..start + dout.len()];
            scale_rows_backward(x, factors, columns, first, dout, partial);
        },
    );
    parallel::fold_partials(&partials, dfactors);
}

/// `out[i, first + j] += factor · x[i, j]` with x `[rows, width]`, out `[rows, columns]`.
///
/// # Panics
/// If the range leaves the columns or a slice does not have the length of its shape.
pub fn add(x: &[f32], width: usize, factor: f32, columns: usize, first: usize, out: &mut [f32]) {
    check(out.len(), columns, first, width);
    assert_eq!(x.len() * columns, out.len() * width, "as many rows");
    if width == 0 {
        return;
    }
    let count = parallel::rows_per_chunk(columns);
    parallel::for_each_chunk(out, count * columns, |chunk, out| {
        let x = &x[chunk * count * width..];
        for (out, x) in out.chunks_exact_mut(columns).zip(x.chunks_exact(width)) {
            for (out, x) in out[first..first + width].iter_mut().zip(x) {
                *out += factor * x;
            }
        }
    });
}

/// The backward of [`add`] by its x: `out[i, j] = factor · x[i, first + j]` with x `[rows, columns]`, out `[rows, width]`.
///
/// # Panics
/// If the range leaves the columns or a slice does not have the length of its shape.
pub fn take(x: &[f32], columns: usize, first: usize, factor: f32, width: usize, out: &mut [f32]) {
    check(x.len(), columns, first, width);
    assert_eq!(out.len() * columns, x.len() * width, "as many rows");
    if width == 0 {
        return;
    }
    let count = parallel::rows_per_chunk(width);
    parallel::for_each_chunk(out, count * width, |chunk, out| {
        let x = &x[chunk * count * columns..];
        for (out, x) in out.chunks_exact_mut(width).zip(x.chunks_exact(columns)) {
            for (out, x) in out.iter_mut().zip(&x[first..first + width]) {
                *out = factor * x;
            }
        }
    });
}

fn check(length: usize, columns: usize, first: usize, width: usize) {
    assert!(
        first + width <= columns && columns > 0,
        "columns {first} to {} lie inside {columns}",
        first + width
    );
    assert!(length.is_multiple_of(columns), "whole rows of {columns}");
}

#[inline(always)]
fn scale_rows_body<A: Arithmetic>(
    x: &[f32],
    factors: &[f32],
    columns: usize,
    first: usize,
    out: &mut [f32],
) {
    let end = first + factors.len();
    for (out, x) in out.chunks_exact_mut(columns).zip(x.chunks_exact(columns)) {
        out[..first].copy_from_slice(&x[..first]);
        out[end..].copy_from_slice(&x[end..]);
        let scaled = x[first..end].iter().zip(factors);
        for (out, (x, factor)) in out[first..end].iter_mut().zip(scaled) {
            *out = x * factor;
        }
    }
}
crate::simd! {
    fn scale_rows(x: &[f32], factors: &[f32], columns: usize, first: usize, out: &mut [f32]) = scale_rows_body;
}

#[inline(always)]
fn scale_rows_backward_body<A: Arithmetic>(
    x: &[f32],
    factors: &[f32],
    columns: usize,
    first: usize,
    dout: &mut [f32],
    partial: &mut [f32],
) {
    let end = first + factors.len();
    for (dout, x) in dout.chunks_exact_mut(columns).zip(x.chunks_exact(columns)) {
        let inputs = x[first..end].iter().zip(factors);
        let outputs = dout[first..end].iter_mut().zip(partial.iter_mut());
        for ((dout, sum), (x, factor)) in outputs.zip(inputs) {
            *sum += x * *dout;
            *dout *= factor;
        }
    }
}
crate::simd! {
    fn scale_rows_backward(
        x: &[f32], factors: &[f32], columns: usize, first: usize, dout: &mut [f32], partial: &mut [f32],
    ) = scale_rows_backward_body;
}

/// The same in f64, element by element.
#[doc(hidden)]
pub mod reference {
    /// See [`super::scale`].
    pub fn scale(x: &[f64], factors: &[f64], columns: usize, first: usize) -> Vec<f64> {
        x.iter()
            .enumerate()
            .map(|(at, value)| {
                let column = (at % columns).checked_sub(first);
                value
                    * column
                        .and_then(|column| factors.get(column))
                        .unwrap_or(&1.0)
            })
            .collect()
    }

    /// See [`super::scale_backward`]: dx and dfactors.
    pub fn scale_backward(
        x: &[f64],
        factors: &[f64],
        columns: usize,
        first: usize,
        dout: &[f64],
    ) -> (Vec<f64>, Vec<f64>) {
        let mut dfactors = vec![0.0; factors.len()];
        for (at, (x, dout)) in x.iter().zip(dout).enumerate() {
            let column = (at % columns).checked_sub(first);
            if let Some(sum) = column.and_then(|column| dfactors.get_mut(column)) {
                *sum += x * dout;
            }
        }
        (scale(dout, factors, columns, first), dfactors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::tests::same_at_any_thread_count;
    use crate::testing::{assert_close, assert_gradient, bits, narrow, random};

    const SHAPES: [(usize, usize, usize, usize); 5] = [
        (1, 1, 0, 1),
        (3, 12, 4, 8),
        (130, 48, 16, 32),
        (65, 7, 0, 7),
        (5, 9, 3, 0),
    ];

    #[test]
    fn scaling_is_the_reference() {
        for (rows, columns, first, width) in SHAPES {
            let x = random(1, rows * columns, 1.0);
            let factors = random(2, width, 1.0);
            let dout = random(3, rows * columns, 1.0);
            let mut out = vec![f32::NAN; x.len()];
            scale(&narrow(&x), &narrow(&factors), columns, first, &mut out);
            let exact = reference::scale(&x, &factors, columns, first);
            assert_close("out", &out, &exact, 1e-6);
            let mut dx = narrow(&dout);
            let mut dfactors = vec![f32::NAN; width];
            scale_backward(
                &narrow(&x),
                &narrow(&factors),
                columns,
                first,
                &mut dx,
                &mut dfactors,
            );
            let (exact_dx, exact_dfactors) =
                reference::scale_backward(&x, &factors, columns, first, &dout);
            assert_close("dx", &dx, &exact_dx, 1e-6);
            assert_close("dfactors", &dfactors, &exact_dfactors, 1e-5);
        }
    }

    #[test]
    fn the_reference_has_its_gradients() {
        let (rows, columns, first, width) = (4, 6, 2, 3);
        let x = random(1, rows * columns, 1.0);
        let factors = random(2, width, 1.0);
        let dout = random(3, rows * columns, 1.0);
        let loss = |x: &[f64], factors: &[f64]| {
            let out = reference::scale(x, factors, columns, first);
            out.iter().zip(&dout).map(|(y, d)| y * d).sum::<f64>()
        };
        let (dx, dfactors) = reference::scale_backward(&x, &factors, columns, first, &dout);
        assert_gradient("dx", &x, &dx, |x| loss(x, &factors));
        assert_gradient("dfactors", &factors, &dfactors, |factors| loss(&x, factors));
    }

    #[test]
    fn factor_gradients_do_not_depend_on_the_thread_count() {
        let (rows, columns, first, width) = (700, 40, 8, 24);
        let x = narrow(&random(1, rows * columns, 1.0));
        let factors = narrow(&random(2, width, 1.0));
        let dout = narrow(&random(3, rows * columns, 1.0));
        same_at_any_thread_count(|| {
            let mut dx = dout.clone();
            let mut dfactors = vec![0.0; width];
            scale_backward(&x, &factors, columns, first, &mut dx, &mut dfactors);
            (bits(&dx), bits(&dfactors))
        });
    }

    #[test]
    fn columns_are_added_and_taken() {
        for (rows, columns, first, width) in SHAPES {
            let base = narrow(&random(1, rows * columns, 1.0));
            let x = narrow(&random(2, rows * width, 1.0));
            let mut out = base.clone();
            add(&x, width, 0.5, columns, first, &mut out);
            for (at, (out, base)) in out.iter().zip(&base).enumerate() {
                let column = (at % columns).checked_sub(first).filter(|at| *at < width);
                let added = column.map_or(0.0, |column| 0.5 * x[at / columns * width + column]);
                assert_eq!(*out, base + added);
            }
            let mut taken = vec![f32::NAN; rows * width];
            take(&base, columns, first, 2.0, width, &mut taken);
            for (at, taken) in taken.iter().enumerate() {
                assert_eq!(
                    *taken,
                    2.0 * base[at / width * columns + first + at % width]
                );
            }
        }
    }
}
