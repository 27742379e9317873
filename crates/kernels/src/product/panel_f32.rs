//! Panels as those of [`panel`](super::panel), with f32 left as they are: a block takes the room of two planes of bf16. Of a
//! left panel it is `[32 rows][32 depth]`, of a right panel `[32 depth][32 columns]`.
#![allow(unsafe_code)]
// The instructions are the vocabulary here.
#![allow(clippy::wildcard_imports)]
#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::*;
use std::ops::Range;

use super::View;
use super::panel::{PLANE, SIDE, Source, for_each_block, transpose};

/// Planes of a block.
const PLANES: usize = 2;

/// Fills neighbouring left panels with rows from `first` on, depth `depth.start..depth.end`, times `factor`.
///
/// # Safety
/// The processor has AVX-512 F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn pack_left(
    left: View<'_>,
    first: usize,
    depth: Range<usize>,
    factor: f32,
    panels: &mut [u16],
) {
    let source = Source::new(left);
    let factor = _mm512_set1_ps(factor);
    let along = source.has_neighbouring_steps();
    for_each_block(panels, PLANES, depth, along, |panel, steps, block| {
        let first = first + panel * SIDE;
        let rows = left.rows.saturating_sub(first).min(SIDE);
        // SAFETY: rows and steps lie inside the view.
        unsafe {
            if along {
                for row in 0..SIDE {
                    let values = read_along(&source, first, rows, row, &steps);
                    for (half, values) in values.into_iter().enumerate() {
                        store(block, row * SIDE + 16 * half, _mm512_mul_ps(values, factor));
                    }
                }
            } else {
                for half in 0..2 {
                    for quarter in 0..2 {
                        let lines = std::array::from_fn(|step| {
                            read_across(&source, first, rows, half, 16 * quarter + step, &steps)
                        });
                        for (row, values) in transposed(&lines).into_iter().enumerate() {
                            let at = (16 * half + row) * SIDE + 16 * quarter;
                            store(block, at, _mm512_mul_ps(values, factor));
                        }
                    }
                }
            }
        }
    });
}

/// Fills neighbouring right panels with columns from `first` on, depth `depth.start..depth.end`.
///
/// # Safety
/// The processor has AVX-512 F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn pack_right(
    right: View<'_>,
    first: usize,
    depth: Range<usize>,
    panels: &mut [u16],
) {
    // Columns of the right operand are rows of its transpose.
    let source = Source::new(right.transposed());
    let along = source.has_neighbouring_steps();
    for_each_block(panels, PLANES, depth, along, |panel, steps, block| {
        let first = first + panel * SIDE;
        let columns = right.columns.saturating_sub(first).min(SIDE);
        // SAFETY: columns and steps lie inside the view.
        unsafe {
            for half in 0..2 {
                if along {
                    let lines: [[__m512; 2]; 16] = std::array::from_fn(|column| {
                        read_along(&source, first, columns, 16 * half + column, &steps)
                    });
                    for quarter in 0..2 {
                        let lines = std::array::from_fn(|column| lines[column][quarter]);
                        for (step, values) in transposed(&lines).into_iter().enumerate() {
                            store(block, (16 * quarter + step) * SIDE + 16 * half, values);
                        }
                    }
                } else {
                    for step in 0..SIDE {
                        let values = read_across(&source, first, columns, half, step, &steps);
                        store(block, step * SIDE + 16 * half, values);
                    }
                }
            }
        }
    });
}

/// Up to 32 steps of panel row `row`; zeros beyond the `rows` that there are.
///
/// # Safety
/// As [`Source::along`], for the rows that there are.
#[target_feature(enable = "avx512f")]
unsafe fn read_along(
    source: &Source<'_>,
    first: usize,
    rows: usize,
    row: usize,
    steps: &Range<usize>,
) -> [__m512; 2] {
    if row < rows {
        // SAFETY: as the caller promises.
        unsafe { source.along(first + row, steps.start, steps.len()) }
    } else {
        [_mm512_setzero_ps(); 2]
    }
}

/// One step of the panel rows of a half; zeros beyond the rows and steps that there are.
///
/// # Safety
/// As [`Source::across`], for the rows and steps that there are.
#[target_feature(enable = "avx512f")]
unsafe fn read_across(
    source: &Source<'_>,
    first: usize,
    rows: usize,
    half: usize,
    step: usize,
    steps: &Range<usize>,
) -> __m512 {
    let count = rows.saturating_sub(16 * half).min(16);
    if step < steps.len() && count > 0 {
        // SAFETY: as the caller promises.
        unsafe { source.across(first + 16 * half, count, steps.start + step) }
    } else {
        _mm512_setzero_ps()
    }
}

#[target_feature(enable = "avx512f")]
fn transposed(lines: &[__m512; 16]) -> [__m512; 16] {
    let bits = std::array::from_fn(|line| _mm512_castps_si512(lines[line]));
    let turned = transpose(&bits);
    std::array::from_fn(|line| _mm512_castsi512_ps(turned[line]))
}

/// Stores 16 values at place `at` of a block of f32.
#[target_feature(enable = "avx512f")]
fn store(block: &mut [u16], at: usize, values: __m512) {
    let target = &mut block[2 * at..2 * at + 32];
    // SAFETY: the slice has 64 bytes.
    unsafe { _mm512_storeu_ps(target.as_mut_ptr().cast(), values) }
}

const _: () = assert!(PLANES * PLANE * size_of::<u16>() == SIDE * SIDE * size_of::<f32>());
