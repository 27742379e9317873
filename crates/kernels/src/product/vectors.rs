//! The vector kernel: 32 × 32 results with AVX512-BF16, for processors without tiles.
#![allow(unsafe_code)]
// The instructions are the vocabulary here.
#![allow(clippy::wildcard_imports)]
#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::*;

use super::panel::{PLANE, SIDE};

/// As [`Tiles::multiply`](super::tiles::Tiles::multiply) with one part.
///
/// # Safety
/// As there, and the processor has AVX-512 F and BF16.
#[target_feature(enable = "avx512f,avx512bf16")]
pub(super) unsafe fn multiply(
    blocks: usize,
    left: *const u16,
    right: *const u16,
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
#[target_feature(enable = "avx512f,avx512bf16")]
#[inline]
unsafe fn rows<const ROWS: usize>(
    first: usize,
    blocks: usize,
    left: *const u16,
    right: *const u16,
    result: *mut f32,
    stride: usize,
    add: bool,
    start: Option<*const f32>,
) {
    debug_assert!(first + ROWS <= SIDE && SIDE <= stride);
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    // SAFETY: as the caller promises: 32 rows of 32 values of the result, 32 of the start, `blocks` planes of each panel.
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
            let left = left.add(block * PLANE + first * SIDE);
            let right = right.add(block * PLANE);
            for pair in 0..16 {
                let columns = right.add(pair * 2 * SIDE);
                let low = to_bf16(_mm512_loadu_si512(columns.cast()));
                let high = to_bf16(_mm512_loadu_si512(columns.add(SIDE).cast()));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let value = left.add(row * SIDE + 2 * pair).cast::<u8>();
                    let value = to_bf16(_mm512_broadcastd_epi32(_mm_loadu_si32(value)));
                    sums[0] = _mm512_dpbf16_ps(sums[0], value, low);
                    sums[1] = _mm512_dpbf16_ps(sums[1], value, high);
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

#[target_feature(enable = "avx512f,avx512bf16")]
#[inline]
fn to_bf16(bits: __m512i) -> __m512bh {
    // SAFETY: both types are 512 bits without invalid values.
    unsafe { std::mem::transmute(bits) }
}
