//! Matrix products on strided views, by the `gemm` crate.
//!
//! `gemm` cuts the depth of a product into pieces that depend on the shape and the processor's caches alone, runs them
//! one after the other, and gives threads disjoint tiles of the result. So an element is the same sum in the same order
//! at any number of threads; the tests of [`linear`](crate::linear) hold it to that.
#![allow(unsafe_code)]

use gemm::Parallelism;

use crate::Precision;

/// A matrix inside a slice: element (row, column) lies at `row * row_stride + column * column_stride`.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> View<'a> {
    /// `[rows, columns]`, row after row without gaps.
    pub(crate) fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::strided(values, rows, columns, columns)
    }

    /// `[rows, columns]`, rows `row_stride` apart.
    pub(crate) fn strided(
        values: &'a [f32],
        rows: usize,
        columns: usize,
        row_stride: usize,
    ) -> Self {
        check(values.len(), rows, columns, row_stride);
        Self {
            values,
            rows,
            columns,
            row_stride,
            column_stride: 1,
        }
    }

    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) const fn columns(&self) -> usize {
        self.columns
    }

    /// The transpose, without a copy.
    pub(crate) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

fn check(length: usize, rows: usize, columns: usize, row_stride: usize) {
    assert!(
        rows == 0 || columns == 0 || (rows - 1) * row_stride + columns <= length,
        "a matrix [{rows}, {columns}] with rows {row_stride} apart does not fit into {length} values"
    );
}

/// Whether the product runs on the current rayon pool or on the calling thread alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threads {
    One,
    All,
}

/// What happens with the old values of the result.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Overwrite,
    Add,
}

/// `result = factor * left right`, or `result += …`; result is `[left.rows, right.columns]` without gaps.
pub(crate) fn multiply(
    precision: Precision,
    left: View<'_>,
    right: View<'_>,
    factor: f32,
    mode: Mode,
    threads: Threads,
    result: &mut [f32],
) {
    multiply_strided(
        precision,
        left,
        right,
        factor,
        mode,
        threads,
        right.columns,
        result,
    );
}

/// As [`multiply`], rows of the result `row_stride` apart.
pub(crate) fn multiply_strided(
    precision: Precision,
    left: View<'_>,
    right: View<'_>,
    factor: f32,
    mode: Mode,
    threads: Threads,
    row_stride: usize,
    result: &mut [f32],
) {
    check(result.len(), left.rows, right.columns, row_stride);
    // SAFETY: the slice is borrowed mutably and, as just checked, holds every element that is written.
    unsafe {
        multiply_raw(
            precision,
            left,
            right,
            factor,
            mode,
            threads,
            row_stride,
            result.as_mut_ptr(),
        );
    }
}

/// As [`multiply_strided`] through a pointer, for tasks that own interleaved parts of one buffer.
///
/// # Safety
/// `result + row * row_stride + column` must be valid for reads and writes of `f32` for all rows of `left` and columns
/// of `right`, and nothing else may access these elements during the call.
pub(crate) unsafe fn multiply_raw(
    precision: Precision,
    left: View<'_>,
    right: View<'_>,
    factor: f32,
    mode: Mode,
    threads: Threads,
    row_stride: usize,
    result: *mut f32,
) {
    let _ = precision;
    assert_eq!(left.columns, right.rows, "inner sizes of a matrix product");
    assert!(row_stride >= right.columns, "rows of the result overlap");
    // SAFETY: the views were checked against their slices when they were made; the caller vouches for the result. With
    // `read_dst` false the old values of the result are not read.
    unsafe {
        gemm::gemm(
            left.rows,
            right.columns,
            left.columns,
            result,
            1,
            row_stride as isize,
            mode == Mode::Add,
            left.values.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.values.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            1.0_f32,
            factor,
            false,
            false,
            false,
            match threads {
                Threads::One => Parallelism::None,
                Threads::All => Parallelism::Rayon(0),
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_factor_and_mode() {
        // [2, 3] inside rows of 4, times its transpose.
        let values = [1.0, 2.0, 3.0, 9.0, 4.0, 5.0, 6.0, 9.0];
        let left = View::strided(&values, 2, 3, 4);
        let mut result = [1.0; 5];
        multiply_strided(
            Precision::F32,
            left,
            left.transposed(),
            2.0,
            Mode::Overwrite,
            Threads::One,
            3,
            &mut result,
        );
        assert_eq!(result, [28.0, 64.0, 1.0, 64.0, 154.0]);
        multiply_strided(
            Precision::F32,
            left,
            left.transposed(),
            1.0,
            Mode::Add,
            Threads::All,
            3,
            &mut result,
        );
        assert_eq!(result, [42.0, 96.0, 1.0, 96.0, 231.0]);
    }

    #[test]
    fn an_empty_depth_gives_zero() {
        let mut result = [f32::NAN; 4];
        multiply(
            Precision::F32,
            View::new(&[], 2, 0),
            View::new(&[], 0, 2),
            1.0,
            Mode::Overwrite,
            Threads::One,
            &mut result,
        );
        assert_eq!(result, [0.0; 4]);
    }

    #[test]
    #[should_panic(expected = "does not fit")]
    fn a_view_beyond_its_slice_is_refused() {
        View::new(&[0.0; 5], 2, 3);
    }
}
