//! Panels: 32 rows of the left or 32 columns of the right operand, converted to bf16 in the order in which the tile
//! kernels read them.
//!
//! A panel is a sequence of blocks of 32 steps in depth; a block has one plane of 1,024 bf16 for each part of the operand.
//! A plane of a left panel is `[32 rows][32 depth]`, of a right panel `[16 pairs][32 columns][2]`: two neighbours in depth
//! lie together, as `tdpbf16ps` and `vdpbf16ps` want them. Rows, columns and depth beyond the operand are zero.
//!
//! With one part operands are rounded to nearest even. With three parts `x = high + middle + low` exactly: each part
//! takes the next 8 bits, rounded (half away from zero), and the last takes what is left. The instructions take
//! subnormal numbers for zero, so values below 2⁻¹⁰⁹ keep fewer bits.
#![allow(unsafe_code)]
// The instructions are the vocabulary here.
#![allow(clippy::wildcard_imports)]
#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::*;
use std::ops::Range;

use super::View;

/// Rows or columns of a panel, and steps in depth of a block.
pub(super) const SIDE: usize = 32;
/// Values of a plane.
pub(super) const PLANE: usize = SIDE * SIDE;

/// Values of a panel of an operand `depth` deep.
pub(super) const fn panel_length(depth: usize, parts: usize) -> usize {
    depth.div_ceil(SIDE) * parts * PLANE
}

/// Fills neighbouring left panels with rows from `first` on, depth `depth.start..depth.end`, times `factor`.
///
/// # Safety
/// The processor has AVX-512 F, VL, BW, DQ and BF16.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
pub(super) unsafe fn pack_left<const PARTS: usize>(
    left: View<'_>,
    first: usize,
    depth: Range<usize>,
    factor: f32,
    panels: &mut [u16],
) {
    let source = Source::new(left);
    let factor = _mm512_set1_ps(factor);
    for_each_block(
        panels,
        PARTS,
        depth,
        source.step_stride == 1,
        |panel, steps, planes| {
            let first = first + panel * SIDE;
            let rows = left.rows.saturating_sub(first).min(SIDE);
            // SAFETY: rows and steps lie inside the view.
            unsafe {
                if source.step_stride == 1 {
                    left_along::<PARTS>(&source, first, rows, steps, factor, planes);
                } else {
                    left_across::<PARTS>(&source, first, rows, steps, factor, planes);
                }
            }
        },
    );
}

/// Fills neighbouring right panels with columns from `first` on, depth `depth.start..depth.end`.
///
/// # Safety
/// The processor has AVX-512 F, VL, BW, DQ and BF16.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
pub(super) unsafe fn pack_right<const PARTS: usize>(
    right: View<'_>,
    first: usize,
    depth: Range<usize>,
    panels: &mut [u16],
) {
    // Columns of the right operand are rows of its transpose.
    let source = Source::new(right.transposed());
    for_each_block(
        panels,
        PARTS,
        depth,
        source.step_stride == 1,
        |panel, steps, planes| {
            let first = first + panel * SIDE;
            let columns = right.columns.saturating_sub(first).min(SIDE);
            // SAFETY: columns and steps lie inside the view.
            unsafe {
                if source.step_stride == 1 {
                    right_along::<PARTS>(&source, first, columns, steps, planes);
                } else {
                    right_across::<PARTS>(&source, first, columns, steps, planes);
                }
            }
        },
    );
}

/// Calls `fill(panel, steps, planes)` for every block of neighbouring panels: panel after panel where the steps of a row lie
/// together, else block after block, so that memory is read in the order in which it lies.
#[inline(always)]
pub(super) fn for_each_block(
    panels: &mut [u16],
    parts: usize,
    depth: Range<usize>,
    panel_by_panel: bool,
    mut fill: impl FnMut(usize, Range<usize>, &mut [u16]),
) {
    let length = panel_length(depth.len(), parts);
    if length == 0 {
        return;
    }
    assert_eq!(panels.len() % length, 0, "whole panels");
    let count = panels.len() / length;
    let blocks = depth.len().div_ceil(SIDE);
    let mut visit = |panel: usize, block: usize| {
        let at = panel * length + block * parts * PLANE;
        let start = depth.start + block * SIDE;
        let steps = start..depth.end.min(start + SIDE);
        fill(panel, steps, &mut panels[at..at + parts * PLANE]);
    };
    if panel_by_panel {
        for panel in 0..count {
            for block in 0..blocks {
                visit(panel, block);
            }
        }
    } else {
        for block in 0..blocks {
            for panel in 0..count {
                visit(panel, block);
            }
        }
    }
}

/// # Safety
/// As [`pack_left`]; rows and steps lie inside the view, whose steps are neighbours.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
unsafe fn left_along<const PARTS: usize>(
    source: &Source<'_>,
    first: usize,
    rows: usize,
    steps: Range<usize>,
    factor: __m512,
    planes: &mut [u16],
) {
    for row in 0..SIDE {
        let values = if row < rows {
            // SAFETY: as the caller promises.
            unsafe { source.along(first + row, steps.start, steps.len()) }
        } else {
            [_mm512_setzero_ps(); 2]
        };
        let [low, high] = values.map(|values| _mm512_mul_ps(values, factor));
        for (part, values) in split::<PARTS>(low, high, false).into_iter().enumerate() {
            store(planes, part * PLANE + row * SIDE, values);
        }
    }
}

/// # Safety
/// As [`pack_left`]; rows and steps lie inside the view, whose rows are neighbours.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
unsafe fn left_across<const PARTS: usize>(
    source: &Source<'_>,
    first: usize,
    rows: usize,
    steps: Range<usize>,
    factor: __m512,
    planes: &mut [u16],
) {
    for half in 0..2 {
        let count = rows.saturating_sub(16 * half).min(16);
        let mut pairs = [[_mm512_setzero_si512(); 16]; PARTS];
        #[expect(clippy::needless_range_loop, reason = "the part is the outer index")]
        for pair in 0..16 {
            // SAFETY: as the caller promises.
            let [even, odd] = unsafe { source.pair(first + 16 * half, count, &steps, pair) };
            let (even, odd) = (_mm512_mul_ps(even, factor), _mm512_mul_ps(odd, factor));
            for (part, values) in split::<PARTS>(even, odd, true).into_iter().enumerate() {
                pairs[part][pair] = values;
            }
        }
        for (part, pairs) in pairs.iter().enumerate() {
            for (row, values) in transpose(pairs).into_iter().enumerate() {
                store(planes, part * PLANE + (16 * half + row) * SIDE, values);
            }
        }
    }
}

/// # Safety
/// As [`pack_right`]; columns and steps lie inside the view, whose steps are neighbours.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
unsafe fn right_along<const PARTS: usize>(
    source: &Source<'_>,
    first: usize,
    columns: usize,
    steps: Range<usize>,
    planes: &mut [u16],
) {
    for half in 0..2 {
        let count = columns.saturating_sub(16 * half).min(16);
        let mut rows = [[_mm512_setzero_si512(); 16]; PARTS];
        #[expect(clippy::needless_range_loop, reason = "the part is the outer index")]
        for own in 0..count {
            // SAFETY: as the caller promises.
            let [low, high] =
                unsafe { source.along(first + 16 * half + own, steps.start, steps.len()) };
            for (part, values) in split::<PARTS>(low, high, false).into_iter().enumerate() {
                rows[part][own] = values;
            }
        }
        for (part, rows) in rows.iter().enumerate() {
            for (pair, values) in transpose(rows).into_iter().enumerate() {
                store(planes, part * PLANE + pair * 2 * SIDE + half * SIDE, values);
            }
        }
    }
}

/// # Safety
/// As [`pack_right`]; columns and steps lie inside the view, whose columns are neighbours.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
unsafe fn right_across<const PARTS: usize>(
    source: &Source<'_>,
    first: usize,
    columns: usize,
    steps: Range<usize>,
    planes: &mut [u16],
) {
    for pair in 0..16 {
        for half in 0..2 {
            let count = columns.saturating_sub(16 * half).min(16);
            // SAFETY: as the caller promises.
            let [even, odd] = unsafe { source.pair(first + 16 * half, count, &steps, pair) };
            for (part, values) in split::<PARTS>(even, odd, true).into_iter().enumerate() {
                store(planes, part * PLANE + pair * 2 * SIDE + half * SIDE, values);
            }
        }
    }
}

/// Reads from a view whose rows are panel rows.
pub(super) struct Source<'a> {
    values: &'a [f32],
    row_stride: usize,
    step_stride: usize,
}

impl<'a> Source<'a> {
    pub(super) fn new(view: View<'a>) -> Self {
        Self {
            values: view.values,
            row_stride: view.row_stride,
            step_stride: view.column_stride,
        }
    }

    /// Whether the steps of a row lie together.
    pub(super) fn has_neighbouring_steps(&self) -> bool {
        self.step_stride == 1
    }

    /// `count` (at most 32) steps of a row, zeros behind them. For views whose steps are neighbours.
    ///
    /// # Safety
    /// The processor has AVX-512 F, and the values lie inside the view.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn along(&self, row: usize, step: usize, count: usize) -> [__m512; 2] {
        let start = row * self.row_stride + step;
        debug_assert!(self.step_stride == 1 && start + count <= self.values.len());
        // SAFETY: only the `count` values from `start` on are read; a prefetch may name any address.
        unsafe {
            let pointer = self.values.as_ptr().add(start);
            // The blocks after the next: too many rows at once for the processor to foresee.
            for line in 0..2 {
                let ahead = pointer.wrapping_add(2 * SIDE + 16 * line);
                _mm_prefetch::<_MM_HINT_T0>(ahead.cast());
            }
            if count == SIDE {
                return [_mm512_loadu_ps(pointer), _mm512_loadu_ps(pointer.add(16))];
            }
            let low = _mm512_maskz_loadu_ps(mask(count), pointer);
            let high = if count > 16 {
                _mm512_maskz_loadu_ps(mask(count - 16), pointer.add(16))
            } else {
                _mm512_setzero_ps()
            };
            [low, high]
        }
    }

    /// Steps `2 * pair` and `2 * pair + 1` of some, for `count` (at most 16) rows; zeros behind the rows and the steps.
    ///
    /// # Safety
    /// As [`Self::across`].
    #[target_feature(enable = "avx512f")]
    unsafe fn pair(
        &self,
        row: usize,
        count: usize,
        steps: &Range<usize>,
        pair: usize,
    ) -> [__m512; 2] {
        [2 * pair, 2 * pair + 1].map(|step| {
            if step < steps.len() && count > 0 {
                // SAFETY: as the caller promises.
                unsafe { self.across(row, count, steps.start + step, SIDE) }
            } else {
                _mm512_setzero_ps()
            }
        })
    }

    /// One step of `count` (at most 16) rows, zeros behind them; begins to load the step that lies `ahead` steps on. For views
    /// whose rows are neighbours.
    ///
    /// # Safety
    /// The processor has AVX-512 F, and the values lie inside the view.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn across(
        &self,
        row: usize,
        count: usize,
        step: usize,
        ahead: usize,
    ) -> __m512 {
        let start = row + step * self.step_stride;
        debug_assert!(self.row_stride == 1 && start + count <= self.values.len());
        // SAFETY: only the `count` values from `start` on are read; a prefetch may name any address.
        unsafe {
            let pointer = self.values.as_ptr().add(start);
            // Later steps at these rows: too far apart for the processor to foresee.
            let ahead = pointer.wrapping_add(ahead * self.step_stride);
            _mm_prefetch::<_MM_HINT_T0>(ahead.cast());
            _mm512_maskz_loadu_ps(mask(count), pointer)
        }
    }
}

/// The lowest `count` of 16 lanes.
const fn mask(count: usize) -> u16 {
    if count >= 16 {
        u16::MAX
    } else {
        (1 << count) - 1
    }
}

/// Two vectors to their parts: in order (`[first, second]`), or with `pairs` alternating (`first[0], second[0], …`).
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
fn split<const PARTS: usize>(first: __m512, second: __m512, pairs: bool) -> [__m512i; PARTS] {
    let mut parts = [_mm512_setzero_si512(); PARTS];
    if PARTS == 1 {
        // SAFETY: both types are 512 bits without invalid values.
        let both =
            unsafe { std::mem::transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(second, first)) };
        parts[0] = if pairs {
            _mm512_permutexvar_epi16(ALTERNATING.vector(), both)
        } else {
            both
        };
        return parts;
    }
    let order = if pairs {
        UPPER_ALTERNATING.vector()
    } else {
        UPPER_IN_ORDER.vector()
    };
    let (mut first, mut second) = (first, second);
    for (index, part) in parts.iter_mut().enumerate() {
        if index + 1 == PARTS {
            // What is left has 8 bits.
            *part = _mm512_permutex2var_epi16(
                _mm512_castps_si512(first),
                order,
                _mm512_castps_si512(second),
            );
        } else {
            let (high_first, high_second) = (upper(first), upper(second));
            *part = _mm512_permutex2var_epi16(
                _mm512_castps_si512(high_first),
                order,
                _mm512_castps_si512(high_second),
            );
            first = _mm512_sub_ps(first, high_first);
            second = _mm512_sub_ps(second, high_second);
        }
    }
    parts
}

/// The value rounded to 8 bits, at most the largest finite bf16.
#[target_feature(enable = "avx512f")]
fn upper(value: __m512) -> __m512 {
    let half = _mm512_set1_epi32(0x8000);
    let keep = _mm512_set1_epi32(0xffff_0000_u32 as i32);
    let rounded = _mm512_castsi512_ps(_mm512_and_si512(
        _mm512_add_epi32(_mm512_castps_si512(value), half),
        keep,
    ));
    // The second operand comes through where one is NaN.
    let largest = f32::from_bits(0x7f7f_0000);
    _mm512_max_ps(
        _mm512_set1_ps(-largest),
        _mm512_min_ps(_mm512_set1_ps(largest), rounded),
    )
}

#[target_feature(enable = "avx512f")]
fn store(plane: &mut [u16], at: usize, values: __m512i) {
    let target = &mut plane[at..at + SIDE];
    // SAFETY: the slice has 32 values of 16 bits.
    unsafe { _mm512_storeu_si512(target.as_mut_ptr().cast(), values) }
}

/// An order of 32 words for a permutation.
#[repr(align(64))]
struct Order([u16; 32]);

impl Order {
    #[target_feature(enable = "avx512f")]
    fn vector(&self) -> __m512i {
        // SAFETY: 64 bytes, aligned.
        unsafe { _mm512_load_si512(self.0.as_ptr().cast()) }
    }
}

/// Words 0, 16, 1, 17, ….
static ALTERNATING: Order = alternating(1, 0, 16);
/// The upper words of the lanes of two vectors, alternating.
static UPPER_ALTERNATING: Order = alternating(2, 1, 32);
/// The upper words of the lanes of one vector, then of another.
static UPPER_IN_ORDER: Order = {
    let mut words = [0; 32];
    let mut index = 0;
    while index < 32 {
        words[index] = 2 * index as u16 + 1;
        index += 1;
    }
    Order(words)
};

/// Words `first, first + second, first + step, first + second + step, …`.
const fn alternating(step: u16, first: u16, second: u16) -> Order {
    let mut words = [0; 32];
    let mut index = 0;
    while index < 16 {
        words[2 * index] = first + step * index as u16;
        words[2 * index + 1] = second + first + step * index as u16;
        index += 1;
    }
    Order(words)
}

/// The transpose of a 16 × 16 matrix of 32-bit values.
#[target_feature(enable = "avx512f")]
pub(super) fn transpose(rows: &[__m512i; 16]) -> [__m512i; 16] {
    let mut a = *rows;
    let mut b = *rows;
    for index in 0..8 {
        b[2 * index] = _mm512_unpacklo_epi32(a[2 * index], a[2 * index + 1]);
        b[2 * index + 1] = _mm512_unpackhi_epi32(a[2 * index], a[2 * index + 1]);
    }
    for index in 0..4 {
        let at = 4 * index;
        a[at] = _mm512_unpacklo_epi64(b[at], b[at + 2]);
        a[at + 1] = _mm512_unpackhi_epi64(b[at], b[at + 2]);
        a[at + 2] = _mm512_unpacklo_epi64(b[at + 1], b[at + 3]);
        a[at + 3] = _mm512_unpackhi_epi64(b[at + 1], b[at + 3]);
    }
    // Quarters of the vectors are now 4 × 4 blocks; what follows transposes the blocks.
    for index in 0..4 {
        b[index] = _mm512_shuffle_i32x4::<0x88>(a[index], a[index + 4]);
        b[index + 4] = _mm512_shuffle_i32x4::<0xdd>(a[index], a[index + 4]);
        b[index + 8] = _mm512_shuffle_i32x4::<0x88>(a[index + 8], a[index + 12]);
        b[index + 12] = _mm512_shuffle_i32x4::<0xdd>(a[index + 8], a[index + 12]);
    }
    for index in 0..4 {
        a[index] = _mm512_shuffle_i32x4::<0x88>(b[index], b[index + 8]);
        a[index + 8] = _mm512_shuffle_i32x4::<0xdd>(b[index], b[index + 8]);
        a[index + 4] = _mm512_shuffle_i32x4::<0x88>(b[index + 4], b[index + 12]);
        a[index + 12] = _mm512_shuffle_i32x4::<0xdd>(b[index + 4], b[index + 12]);
    }
    a
}
