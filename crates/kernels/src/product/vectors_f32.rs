//! The vector kernel of f32: 32 × 32 results with AVX-512.
#![allow(unsafe_code)]
// The instructions are the vocabulary here.
#![allow(clippy::wildcard_imports)]
#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::*;

use super::panel::{PLANE, SIDE};

/// As [`Tiles::multiply`](super::tiles::Tiles::multiply), on panels of f32.
///
/// # Safety
/// As there, with blocks of 1,024 f32, and the processor has AVX-512 F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn multiply(
    blocks: usize,
    left: *const f32,
    right: *const f32,
    result: *mut f32,
    stride: usize,
    add: bool,
    start: Option<*const f32>,
) {
    // SAFETY: rows 0 to 11, 12 to 23 and 24 to 31 of the 32.
    unsafe {
        rows::<12>(0, blocks, left, right, result, stride, add, start);
        rows::<12>(12, blocks, left, right, result, stride, add, start);
        rows::<8>(24, blocks, left, right, result, stride, add, start);
    }
}

/// `ROWS` rows from `first` on; the sums stay in registers.
///
/// # Safety
/// As [`multiply`]; `first + ROWS` is at most 32.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn rows<const ROWS: usize>(
    first: usize,
    blocks: usize,
    left: *const f32,
    right: *const f32,
    result: *mut f32,
    stride: usize,
    add: bool,
    start: Option<*const f32>,
) {
    debug_assert!(first + ROWS <= SIDE && SIDE <= stride);
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    // SAFETY: as the caller promises: 32 rows of 32 values of the result, 32 of the start, `blocks` blocks of each panel.
    unsafe {
        for (row, sums) in sums.iter_mut().enumerate() {
            if add {
                let old = result.add((first + row) * stride);
                *sums = [_mm512_loadu_ps(old), _mm512_loadu_ps(old.add(16))];
            } else if let Some(start) = start {
                *sums = [_mm512_loadu_ps(start), _mm512_loadu_ps(start.add(16))];
            }
        }
        for block in 0..blocks {
            let left = left.add(block * PLANE + first);
            let right = right.add(block * PLANE);
            for step in 0..SIDE {
                let low = _mm512_loadu_ps(right.add(step * SIDE));
                let high = _mm512_loadu_ps(right.add(step * SIDE + 16));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let value = _mm512_set1_ps(*left.add(step * SIDE + row));
                    sums[0] = _mm512_fmadd_ps(value, low, sums[0]);
                    sums[1] = _mm512_fmadd_ps(value, high, sums[1]);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let target = result.add((first + row) * stride);
            _mm512_storeu_ps(target, sums[0]);
            _mm512_storeu_ps(target.add(16), sums[1]);
        }
    }
}
