//! Rows of scores to probabilities, and back to their gradients.

use super::heads::Positions;
use crate::dispatch::Arithmetic;
use crate::dropout::Mask;
use crate::math::{exp_of_difference, maximum, sum_lanes};
use crate::random::GROUP;

/// Groups whose exponentials are added in f32 before they go to the sum.
const RUN: usize = 8;

/// Dropout of one row: its query and the positions of its keys.
#[derive(Clone, Copy)]
struct RowMask<'a> {
    mask: Mask,
    positions: Positions<'a>,
}

impl<'a> RowMask<'a> {
    #[inline(always)]
    fn new(mask: Mask, positions: Positions<'a>, query: usize, stride: usize) -> Self {
        let offset = positions.of(query) * stride;
        Self {
            mask: mask.starting_at(offset as u64),
            positions,
        }
    }

    /// 1 for kept keys, 0 for dropped ones, of `count` keys from `first` on, a multiple of the group.
    #[inline(always)]
    fn fill_kept(self, first: usize, count: usize, kept: &mut [f32; GROUP]) {
        match self.positions {
            Positions::Consecutive => self.mask.fill_group(first as u64, 1.0, kept),
            Positions::Scattered { .. } => self.fill_kept_scattered(first, count, kept),
        }
    }

    #[inline(never)]
    fn fill_kept_scattered(self, first: usize, count: usize, kept: &mut [f32; GROUP]) {
        let mut group = usize::MAX;
        let mut of_group = [0.0; GROUP];
        for (key, kept) in (first..first + count).zip(kept) {
            let position = self.positions.of(key);
            if position / GROUP != group {
                group = position / GROUP;
                self.mask
                    .fill_group((group * GROUP) as u64, 1.0, &mut of_group);
            }
            *kept = of_group[position % GROUP];
        }
    }
}

/// A copy of less than a group, filled up.
#[inline(always)]
fn filled(values: &[f32], filler: f32) -> [f32; GROUP] {
    let mut group = [filler; GROUP];
    group[..values.len()].copy_from_slice(values);
    group
}

/// A group of scores becomes exponentials, which are added to the lanes.
#[inline(always)]
fn group_exponentials<A: Arithmetic>(
    scores: &mut [f32; GROUP],
    highest: f32,
    lanes: &mut [f32; 16],
) {
    for scores in scores.as_chunks_mut::<16>().0 {
        for lane in 0..16 {
            scores[lane] = exp_of_difference::<A>(scores[lane] - highest);
            lanes[lane] += scores[lane];
        }
    }
}

#[inline(always)]
fn drop_some(scores: &mut [f32; GROUP], mask: Option<RowMask<'_>>, first: usize, count: usize) {
    if let Some(mask) = mask {
        let mut kept = [0.0; GROUP];
        mask.fill_kept(first, count, &mut kept);
        for (score, kept) in scores.iter_mut().zip(&kept) {
            *score *= kept;
        }
    }
}

/// Scores of a row to exponentials, 0 where dropped; returns their sum before dropout.
#[inline(always)]
fn row_exponentials<A: Arithmetic>(
    scores: &mut [f32],
    highest: f32,
    mask: Option<RowMask<'_>>,
) -> f64 {
    let mut total = 0.0;
    let mut lanes = [0.0; 16];
    let (whole, rest) = scores.as_chunks_mut::<GROUP>();
    let count = whole.len();
    for (at, scores) in whole.iter_mut().enumerate() {
        group_exponentials::<A>(scores, highest, &mut lanes);
        if at % RUN == RUN - 1 {
            total += f64::from(sum_lanes(lanes));
            lanes = [0.0; 16];
        }
        drop_some(scores, mask, at * GROUP, GROUP);
    }
    if !rest.is_empty() {
        let mut scores = filled(rest, f32::NEG_INFINITY);
        group_exponentials::<A>(&mut scores, highest, &mut lanes);
        drop_some(&mut scores, mask, count * GROUP, rest.len());
        rest.copy_from_slice(&scores[..rest.len()]);
    }
    total + f64::from(sum_lanes(lanes))
}

#[inline(always)]
fn exponentials_body<A: Arithmetic>(
    scores: &mut [f32],
    keys: usize,
    mask: Option<Mask>,
    positions: Positions<'_>,
    first: usize,
    stride: usize,
    statistics: &mut [f32],
) {
    let rows = scores
        .chunks_exact_mut(keys)
        .zip(statistics.as_chunks_mut::<2>().0);
    for (row, (scores, statistics)) in rows.enumerate() {
        let highest = maximum(scores);
        let total = match mask {
            None => row_exponentials::<A>(scores, highest, None),
            Some(mask) => {
                let mask = RowMask::new(mask, positions, first + row, stride);
                row_exponentials::<A>(scores, highest, Some(mask))
            }
        };
        *statistics = [highest, (1.0 / total) as f32];
    }
}
crate::simd! {
    /// Rows of scores `[_, keys]` of the queries from `first` on become exponentials of their distance to the largest, 0
    /// where dropped. The statistics of a row are the largest score and the reciprocal of the sum before dropout.
    pub(super) fn exponentials(
        scores: &mut [f32], keys: usize, mask: Option<Mask>, positions: Positions<'_>, first: usize, stride: usize,
        statistics: &mut [f32],
    ) = exponentials_body;
}

/// What the gradients of a row need.
#[derive(Clone, Copy)]
struct Row<'a> {
    highest: f32,
    reciprocal: f32,
    dot: f32,
    mask: Option<RowMask<'a>>,
}

impl Row<'_> {
    #[inline(always)]
    fn group<A: Arithmetic>(
        self,
        first: usize,
        count: usize,
        scores: &mut [f32; GROUP],
        dscores: &mut [f32; GROUP],
    ) {
        let mut kept = [1.0; GROUP];
        if let Some(mask) = self.mask {
            mask.fill_kept(first, count, &mut kept);
        }
        for at in 0..GROUP {
            let exponential = exp_of_difference::<A>(scores[at] - self.highest);
            let probability = exponential * self.reciprocal;
            scores[at] = probability * kept[at];
            dscores[at] = probability * A::mul_add(dscores[at], kept[at], -self.dot);
        }
    }

    #[inline(always)]
    fn gradients<A: Arithmetic>(self, scores: &mut [f32], dscores: &mut [f32]) {
        let (scores, rest) = scores.as_chunks_mut::<GROUP>();
        let (dscores, drest) = dscores.as_chunks_mut::<GROUP>();
        let count = scores.len();
        for (at, (scores, dscores)) in scores.iter_mut().zip(dscores).enumerate() {
            self.group::<A>(at * GROUP, GROUP, scores, dscores);
        }
        if !rest.is_empty() {
            let (mut scores, mut dscores) = (filled(rest, 0.0), filled(drest, 0.0));
            self.group::<A>(count * GROUP, rest.len(), &mut scores, &mut dscores);
            rest.copy_from_slice(&scores[..rest.len()]);
            drest.copy_from_slice(&dscores[..drest.len()]);
        }
    }
}

#[inline(always)]
fn gradients_body<A: Arithmetic>(
    scores: &mut [f32],
    dscores: &mut [f32],
    keys: usize,
    mask: Option<Mask>,
    positions: Positions<'_>,
    first: usize,
    stride: usize,
    statistics: &[f32],
    dots: &[f32],
) {
    let rows = scores
        .chunks_exact_mut(keys)
        .zip(dscores.chunks_exact_mut(keys))
        .zip(statistics.as_chunks::<2>().0)
        .zip(dots);
    for (row, (((scores, dscores), &[highest, reciprocal]), &dot)) in rows.enumerate() {
        let mut row_of = Row {
            highest,
            reciprocal,
            dot,
            mask: None,
        };
        match mask {
            None => row_of.gradients::<A>(scores, dscores),
            Some(mask) => {
                row_of.mask = Some(RowMask::new(mask, positions, first + row, stride));
                row_of.gradients::<A>(scores, dscores);
            }
        }
    }
}
crate::simd! {
    /// Scores `[_, keys]` become probabilities, 0 where dropped; gradients by what the values are multiplied with
    /// (dscores) become gradients by the scores. Dots are the products of each query's output with its gradient.
    pub(super) fn gradients(
        scores: &mut [f32], dscores: &mut [f32], keys: usize, mask: Option<Mask>, positions: Positions<'_>,
        first: usize, stride: usize, statistics: &[f32], dots: &[f32],
    ) = gradients_body;
}
