//! Matrix products on strided views: by our own kernels where the processor has AVX-512 or tiles ([`Engine`]), elsewhere by
//! the `gemm` crate.
//!
//! `gemm` cuts the depth of a product into pieces that depend on the shape and the processor's caches alone, runs them
//! one after the other, and gives threads disjoint tiles of the result; [`blocked`] does the same with fixed pieces. So an
//! element is the same sum in the same order at any number of threads; the tests of [`linear`](crate::linear) hold it to
//! that.
#![allow(unsafe_code)]

mod blocked;
mod engine;
mod packed;
mod panel;
mod panel_f32;
mod rounded;
mod tiles;
mod vectors;
mod vectors_f32;

use gemm::Parallelism;

use crate::Precision;
#[cfg(target_arch = "x86_64")]
use blocked::Right;
pub use engine::{Engine, bf16_is_fast};
pub(crate) use packed::{Packed, multiply_packed, pack, pack_weight};

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
    let row_stride = right.columns;
    multiply_strided(
        precision, left, right, factor, mode, threads, row_stride, result,
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
    let pointer = result.as_mut_ptr();
    // SAFETY: the slice is borrowed mutably and, as just checked, holds every element that is written.
    unsafe {
        multiply_raw(
            precision, left, right, factor, mode, threads, row_stride, pointer,
        );
    }
}

/// `result = left right + start` for the transpose of a weight; `start` `[right.columns]` is added to every row.
pub(crate) fn multiply_weight(
    precision: Precision,
    left: View<'_>,
    right: View<'_>,
    start: Option<&[f32]>,
    result: &mut [f32],
) {
    #[cfg(target_arch = "x86_64")]
    if let Some(engine) = weight_engine(precision, right) {
        check_result(left, right, start, result);
        multiply_panels(engine, left, right, start, Threads::All, result);
        return;
    }
    if let Some(start) = start {
        multiply_from(precision, left, right, start, Threads::All, result);
    } else {
        let mode = Mode::Overwrite;
        multiply(precision, left, right, 1.0, mode, Threads::All, result);
    }
}

/// `result = left right + start`, where `start` `[right.columns]` is added to every row.
pub(crate) fn multiply_from(
    precision: Precision,
    left: View<'_>,
    right: View<'_>,
    start: &[f32],
    threads: Threads,
    result: &mut [f32],
) {
    let columns = right.columns;
    check_result(left, right, Some(start), result);
    if result.is_empty() {
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(engine) = own_engine(precision, right) {
        multiply_panels(engine, left, right, Some(start), threads, result);
        return;
    }
    let chunk = crate::parallel::rows_per_chunk(columns) * columns;
    let fill = |rows: &mut [f32]| {
        for row in rows.chunks_exact_mut(columns) {
            row.copy_from_slice(start);
        }
    };
    match threads {
        Threads::One => fill(result),
        Threads::All => crate::parallel::for_each_chunk(result, chunk, |_, rows| fill(rows)),
    }
    multiply(precision, left, right, 1.0, Mode::Add, threads, result);
}

fn check_result(left: View<'_>, right: View<'_>, start: Option<&[f32]>, result: &[f32]) {
    assert!(
        start.is_none_or(|start| start.len() == right.columns),
        "start is as a row of the result"
    );
    assert_eq!(left.columns, right.rows, "inner sizes of a matrix product");
    assert_eq!(
        result.len(),
        left.rows * right.columns,
        "result is [rows, columns]"
    );
}

/// `result = left right (+ start)` on an engine that the processor has; the shapes are checked.
#[cfg(target_arch = "x86_64")]
fn multiply_panels(
    engine: Engine,
    left: View<'_>,
    right: View<'_>,
    start: Option<&[f32]>,
    threads: Threads,
    result: &mut [f32],
) {
    if result.is_empty() {
        return;
    }
    let (mode, columns, pointer) = (Mode::Overwrite, right.columns, result.as_mut_ptr());
    let right = Right::Plain(engine, right);
    // SAFETY: the processor has what the engine needs, and the slice, borrowed mutably, has the result's shape.
    unsafe {
        blocked::multiply(left, right, 1.0, mode, start, threads, pointer, columns);
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
    assert_eq!(left.columns, right.rows, "inner sizes of a matrix product");
    assert!(row_stride >= right.columns, "rows of the result overlap");
    // SAFETY: the views were checked against their slices when they were made; the caller vouches for the result.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        if let Some(engine) = own_engine(precision, right) {
            blocked::multiply(
                left,
                Right::Plain(engine, right),
                factor,
                mode,
                None,
                threads,
                result,
                row_stride,
            );
            return;
        }
        if precision == Precision::Bf16 {
            rounded::with(left, right, factor, threads, |left, right| {
                vectors_multiply(left, right, 1.0, mode, threads, row_stride, result);
            });
            return;
        }
        vectors_multiply(left, right, factor, mode, threads, row_stride, result);
    }
}

/// The engine of our own for a product. Its panels cost more than they save where a side is very small; the number of rows
/// has no say, so that a row has the same bits in any batch.
#[cfg(target_arch = "x86_64")]
fn own_engine(precision: Precision, right: View<'_>) -> Option<Engine> {
    match Engine::of(precision) {
        Engine::SplitTiles if right.rows < 16 || right.columns < 16 => None,
        engine @ (Engine::SplitTiles | Engine::Bf16Tiles | Engine::Bf16Vectors) => Some(engine),
        // `gemm` packs less than our f32 panels do, which pays in most products.
        Engine::PanelVectors | Engine::Vectors | Engine::RoundedVectors => None,
    }
}

/// The engine of our own for a product with the transpose of a weight.
#[cfg(target_arch = "x86_64")]
fn weight_engine(precision: Precision, right: View<'_>) -> Option<Engine> {
    const DEPTH: usize = 128;
    match Engine::of(precision) {
        engine @ Engine::PanelVectors if right.rows >= DEPTH => Some(engine),
        _ => own_engine(precision, right),
    }
}

/// The product in f32 by the `gemm` crate.
///
/// # Safety
/// As [`multiply_raw`].
unsafe fn vectors_multiply(
    left: View<'_>,
    right: View<'_>,
    factor: f32,
    mode: Mode,
    threads: Threads,
    row_stride: usize,
    result: *mut f32,
) {
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
mod tests;
