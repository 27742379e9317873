//! Panels as those of [`panel`](super::panel), with f32 left as they are: a block is `[32 depth][32 rows or columns]` and takes
//! the room of two planes of bf16.
#![allow(unsafe_code)]
// The instructions are the vocabulary here.
#![allow(clippy::wildcard_imports)]
#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::*;
use std::ops::Range;

use super::View;
use super::panel::{PLANE, SIDE, Source, for_each_block, panel_length, transpose};

/// Planes of a block.
const PLANES: usize = 2;
/// Steps between those that are copied and those that memory is asked for.
const AHEAD: usize = 8;

/// Fills neighbouring left panels with rows of `left` from `first` on, depth `depth.start..depth.end`, times `factor`. Columns
/// of a right operand are rows of its transpose.
///
/// # Safety
/// The processor has AVX-512 F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn pack(
    rows: View<'_>,
    first: usize,
    depth: Range<usize>,
    factor: f32,
    panels: &mut [u16],
) {
    let source = Source::new(rows);
    let factor = _mm512_set1_ps(factor);
    if !source.has_neighbouring_steps() {
        // SAFETY: as the caller promises.
        unsafe { copy(&source, rows.rows, first, depth, factor, panels) }
        return;
    }
    for_each_block(panels, PLANES, depth, true, |panel, steps, block| {
        for half in 0..2 {
            let first = first + panel * SIDE + 16 * half;
            let count = rows.rows.saturating_sub(first).min(16);
            // SAFETY: the rows and steps lie inside the view.
            unsafe { turn(&source, first, count, &steps, half, factor, block) }
        }
    });
}

/// Half a block of a view whose steps are neighbours.
///
/// # Safety
/// As [`Source::along`], for `count` rows from `first` on.
#[target_feature(enable = "avx512f")]
unsafe fn turn(
    source: &Source<'_>,
    first: usize,
    count: usize,
    steps: &Range<usize>,
    half: usize,
    factor: __m512,
    block: &mut [u16],
) {
    let mut lines = [[_mm512_setzero_si512(); 16]; 2];
    for row in 0..count {
        // SAFETY: as the caller promises.
        let values = unsafe { source.along(first + row, steps.start, steps.len()) };
        for (quarter, values) in values.into_iter().enumerate() {
            lines[quarter][row] = _mm512_castps_si512(_mm512_mul_ps(values, factor));
        }
    }
    for (quarter, lines) in lines.iter().enumerate() {
        for (step, values) in transpose(lines).into_iter().enumerate() {
            store(block, 16 * quarter + step, half, values);
        }
    }
}

/// Panels of a view whose rows are neighbours: step after step, through all panels, as memory lies.
///
/// # Safety
/// The processor has AVX-512 F; `depth` lies inside the view, which has `rows` rows.
#[target_feature(enable = "avx512f")]
unsafe fn copy(
    source: &Source<'_>,
    rows: usize,
    first: usize,
    depth: Range<usize>,
    factor: __m512,
    panels: &mut [u16],
) {
    let length = panel_length(depth.len(), PLANES);
    if length == 0 {
        return;
    }
    assert_eq!(panels.len() % length, 0, "whole panels");
    for step in 0..depth.len().next_multiple_of(SIDE) {
        for (panel, block) in panels.chunks_exact_mut(length).enumerate() {
            for half in 0..2 {
                let first = first + panel * SIDE + 16 * half;
                let count = rows.saturating_sub(first).min(16);
                let mut values = _mm512_setzero_ps();
                if step < depth.len() && count > 0 {
                    // SAFETY: the rows and the step lie inside the view.
                    values = unsafe { source.across(first, count, depth.start + step, AHEAD) };
                }
                let values = _mm512_castps_si512(_mm512_mul_ps(values, factor));
                store(block, step, half, values);
            }
        }
    }
}

/// Stores half of a step of a panel.
#[target_feature(enable = "avx512f")]
fn store(block: &mut [u16], step: usize, half: usize, values: __m512i) {
    let at = 2 * (step * SIDE + 16 * half);
    let target = &mut block[at..at + 32];
    // SAFETY: the slice has 64 bytes.
    unsafe { _mm512_storeu_si512(target.as_mut_ptr().cast(), values) }
}

const _: () = assert!(PLANES * PLANE * size_of::<u16>() == SIDE * SIDE * size_of::<f32>());
