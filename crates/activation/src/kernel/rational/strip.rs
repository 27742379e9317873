//! Strips of channels that one set of lane coefficients serves.

use std::ops::Range;

use super::Layout;
use super::body::{Coefficients, Form, Sums};
use crate::kernel::lanes::{BLOCK, Block, LANES, stage};

/// Neighbouring channels, the coefficients of every lane, and the group each lane belongs to.
pub(super) struct Strip<const P: usize, const Q: usize> {
    first: usize,
    width: usize,
    channels: usize,
    pub(super) coefficients: Coefficients<P, Q>,
    /// Channels of a group where neighbouring lanes belong to different groups.
    lanes_per_group: Option<usize>,
    group: usize,
}

impl<const P: usize, const Q: usize> Strip<P, Q> {
    pub(super) fn all<F: Form>(layout: &Layout, coefficients: &[f32]) -> Vec<Self> {
        let channels = layout.channels;
        let group_size = layout.channels_per_group.unwrap_or(channels);
        let mixed = layout.channels_per_group.filter(|size| *size < LANES);
        // All channels alike: rows are read through as one; see `each_block`.
        let (piece, step) = match (layout.channels_per_group, mixed) {
            (None, _) => (channels, channels),
            (Some(_), Some(_)) => (LANES, channels),
            (Some(size), None) => (BLOCK, size),
        };
        let mut strips = Vec::new();
        for start in (0..channels).step_by(step) {
            for first in (start..(start + step).min(channels)).step_by(piece) {
                let width = piece.min((start + step).min(channels) - first);
                let group_of = |lane: usize| {
                    (first
                        + if mixed.is_some() {
                            lane.min(width - 1)
                        } else {
                            0
                        })
                        / group_size
                };
                strips.push(Self {
                    first,
                    width,
                    channels,
                    coefficients: Coefficients::new::<F>(layout, coefficients, group_of),
                    lanes_per_group: mixed,
                    group: first / group_size,
                });
            }
        }
        strips
    }

    /// Calls `work` for each block of the strip in a chunk of `length` elements that starts with a row.
    #[inline]
    pub(super) fn each_block(&self, length: usize, mut work: impl FnMut(Place)) {
        if self.width == self.channels && self.lanes_per_group.is_none() {
            // A block ends where the row does, unless rows are short: then its bias lies in one piece.
            let row = if self.channels < BLOCK / 2 {
                length
            } else {
                self.channels
            };
            for first in (0..length).step_by(row) {
                for start in (first..length.min(first + row)).step_by(BLOCK) {
                    work(Place {
                        start,
                        stride: 0,
                        width: BLOCK.min(first + row - start).min(length - start),
                        rows: 1,
                        channel: start % self.channels,
                    });
                }
            }
            return;
        }
        let rows_at_once = BLOCK / self.width.next_multiple_of(LANES);
        let rows = length / self.channels;
        for row in (0..rows).step_by(rows_at_once) {
            work(Place {
                start: row * self.channels + self.first,
                stride: self.channels,
                width: self.width,
                rows: rows_at_once.min(rows - row),
                channel: self.first,
            });
        }
    }

    /// Adds the lanes' sums to the chunk's partial sums, lane by lane.
    pub(super) fn fold<F: Form>(&self, layout: &Layout, sums: &Sums<P, Q>, partial: &mut [f64]) {
        let lanes = if self.lanes_per_group.is_some() {
            self.width
        } else {
            LANES
        };
        for lane in 0..lanes {
            let group = self
                .lanes_per_group
                .map_or(self.group, |size| (self.first + lane) / size);
            let (numerator, denominator) = layout.offsets(group);
            for (total, sum) in partial[numerator..numerator + layout.numerator]
                .iter_mut()
                .zip(&sums.a)
            {
                *total += sum[lane];
            }
            let constant = F::HAS_CONSTANT.then_some(&sums.constant);
            let all = constant.into_iter().chain(&sums.b);
            for (total, sum) in partial[denominator..denominator + layout.denominator]
                .iter_mut()
                .zip(all)
            {
                *total += sum[lane];
            }
        }
    }
}

/// Where a block's values lie in a chunk: `rows` runs of `width` values.
pub(super) struct Place {
    start: usize,
    stride: usize,
    width: usize,
    rows: usize,
    channel: usize,
}

impl Place {
    /// Whether the block is one run of neighbours.
    #[inline]
    pub(super) fn is_one_run(&self) -> bool {
        self.rows == 1
    }

    /// The elements of the first run.
    #[inline]
    pub(super) fn run(&self) -> Range<usize> {
        self.start..self.start + self.width
    }

    /// The channels of the first run; beyond the last one where it goes on into the next row.
    #[inline]
    pub(super) fn channels(&self) -> Range<usize> {
        self.channel..self.channel + self.width
    }

    /// Gathers into vectors, with the bias added; returns how many. The last vector of each run is filled with zeros.
    #[inline]
    pub(super) fn load(&self, values: &[f32], bias: Option<&[f32]>, block: &mut Block) -> usize {
        if self.rows == 1 {
            return stage(
                &values[self.start..self.start + self.width],
                bias,
                self.channel,
                block,
            );
        }
        let padded = self.width.next_multiple_of(LANES);
        let flat = &mut block.as_flattened_mut()[..self.rows * padded];
        for (row, out) in flat.chunks_exact_mut(padded).enumerate() {
            let start = self.start + row * self.stride;
            let values = &values[start..start + self.width];
            let (out, padding) = out.split_at_mut(self.width);
            match bias {
                Some(bias) => {
                    for ((out, x), bias) in out.iter_mut().zip(values).zip(&bias[self.channel..]) {
                        *out = x + bias;
                    }
                }
                None => out.copy_from_slice(values),
            }
            padding.fill(0.0);
        }
        flat.len() / LANES
    }

    #[inline]
    pub(super) fn store(&self, block: &Block, values: &mut [f32]) {
        for (start, run) in self.runs(block) {
            values[start..start + self.width].copy_from_slice(run);
        }
    }

    /// Adds each value to the sum of its channel, the runs in order.
    #[inline]
    pub(super) fn add_columns(&self, block: &Block, column_sums: &mut [f32]) {
        for (_, run) in self.runs(block) {
            let mut channel = self.channel;
            let mut rest = run;
            // A run may go on into the next row.
            while !rest.is_empty() {
                let sums = &mut column_sums[channel..];
                let (own, others) = rest.split_at(rest.len().min(sums.len()));
                for (sum, value) in sums.iter_mut().zip(own) {
                    *sum += value;
                }
                (channel, rest) = (0, others);
            }
        }
    }

    /// Where each run of the block starts, and its values.
    #[inline]
    fn runs<'b>(&self, block: &'b Block) -> impl Iterator<Item = (usize, &'b [f32])> {
        let padded = self.width.next_multiple_of(LANES);
        let (start, stride, width) = (self.start, self.stride, self.width);
        block
            .as_flattened()
            .chunks_exact(padded)
            .take(self.rows)
            .enumerate()
            .map(move |(row, run)| (start + row * stride, &run[..width]))
    }
}
