//! Where the parts of a head lie in the interleaved buffers.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ops::Range;

use super::rotary::{Rotary, turn};
use super::{Dropout, Shape};
use crate::Precision;
use crate::dropout::Mask;
use crate::product::{Mode, Threads, View, multiply_raw};
use crate::tokens::TokenLayout;

/// Which of the three parts of qkv.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Query = 0,
    Key = 1,
    Value = 2,
}

/// Positions of the tokens of a sequence in the padded batch.
#[derive(Clone, Copy)]
pub(super) enum Positions<'a> {
    /// 0, 1, 2, …: padding stands behind the last token, if anywhere.
    Consecutive,
    /// The place of each token in the batch, less the place of position 0.
    Scattered { places: &'a [u32], first: u32 },
}

impl Positions<'_> {
    #[inline(always)]
    pub(super) fn of(self, token: usize) -> usize {
        match self {
            Self::Consecutive => token,
            Self::Scattered { places, first } => (places[token] - first) as usize,
        }
    }
}

/// What all heads of a call have in common.
#[derive(Clone, Copy)]
pub(super) struct Common<'a> {
    pub(super) precision: Precision,
    pub(super) shape: Shape,
    pub(super) layout: &'a TokenLayout,
    pub(super) rotary: Option<&'a Rotary>,
    pub(super) dropout: Option<&'a Dropout>,
    pub(super) qkv: &'a [f32],
}

/// One head of one sequence. Tokens are numbered inside the sequence, padding left out.
#[derive(Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) precision: Precision,
    pub(super) shape: Shape,
    pub(super) positions: Positions<'a>,
    /// Dropout of its weights, and the elements between two queries there.
    pub(super) mask: Option<(Mask, usize)>,
    /// Tokens of the sequence.
    pub(super) tokens: usize,
    rotary: Option<&'a Rotary>,
    qkv: &'a [f32],
    number: usize,
    /// Row of the first token, and rows of the batch.
    first_row: usize,
    rows: usize,
}

impl<'a> Head<'a> {
    pub(super) fn new(common: &Common<'a>, sequence: usize, number: usize) -> Self {
        let layout = common.layout;
        assert!(number < common.shape.heads, "no such head");
        let rows = layout.rows(sequence);
        let first = (sequence * layout.length()) as u32;
        let positions = match layout.places().map(|places| &places[rows.clone()]) {
            Some(places)
                if places
                    .last()
                    .is_some_and(|last| (last - first) as usize >= rows.len()) =>
            {
                Positions::Scattered { places, first }
            }
            _ => Positions::Consecutive,
        };
        Self {
            precision: common.precision,
            shape: common.shape,
            positions,
            mask: common
                .dropout
                .map(|dropout| dropout.mask(common.shape.heads, layout.length(), sequence, number)),
            tokens: rows.len(),
            rotary: common.rotary,
            qkv: common.qkv,
            number,
            first_row: rows.start,
            rows: layout.tokens(),
        }
    }

    /// The factor of weights that dropout keeps.
    pub(super) fn kept_factor(&self) -> f32 {
        self.mask.map_or(1.0, |(mask, _)| mask.scale())
    }

    /// `1 / √head_size`
    pub(super) fn factor(&self) -> f32 {
        (1.0 / (self.shape.head_size as f64).sqrt()) as f32
    }

    /// Elements between two tokens in qkv.
    pub(super) fn qkv_stride(&self) -> usize {
        3 * self.shape.hidden()
    }

    /// First element of a part of a token in qkv.
    pub(super) fn qkv_start(&self, part: Part, token: usize) -> usize {
        (self.first_row + token) * self.qkv_stride()
            + part as usize * self.shape.hidden()
            + self.number * self.shape.head_size
    }

    /// First element of this head of a token in the output.
    pub(super) fn output_start(&self, token: usize) -> usize {
        (self.first_row + token) * self.shape.hidden() + self.number * self.shape.head_size
    }

    /// The statistics of some of its queries, two for each.
    pub(super) fn statistics(&self, queries: &Range<usize>) -> Range<usize> {
        let first = self.number * self.rows + self.first_row;
        2 * (first + queries.start)..2 * (first + queries.end)
    }

    /// Rows of a part as they lie in qkv, `[tokens, head_size]`.
    pub(super) fn part(&self, part: Part, tokens: &Range<usize>) -> View<'a> {
        let values = &self.qkv[self.qkv_start(part, tokens.start)..];
        View::strided(
            values,
            tokens.len(),
            self.shape.head_size,
            self.qkv_stride(),
        )
    }

    /// Rows of a part with their positions turned in, in `turned` if there are rotary positions, else as they lie.
    pub(super) fn turned_part<'b>(
        &'b self,
        part: Part,
        tokens: &Range<usize>,
        turned: &'b mut [f32],
    ) -> View<'b> {
        let Some(rotary) = self.rotary else {
            return self.part(part, tokens);
        };
        let size = self.shape.head_size;
        let turned = &mut turned[..tokens.len() * size];
        // All rows are fetched before the first is used: they lie far apart, and their loads overlap so.
        for (token, turned) in tokens.clone().zip(turned.chunks_exact_mut(size)) {
            let start = self.qkv_start(part, token);
            turned.copy_from_slice(&self.qkv[start..start + size]);
        }
        turn(rotary, self.positions, tokens.start, 1.0, turned);
        View::new(turned, tokens.len(), size)
    }

    /// Rows of this head in a buffer of the output's shape.
    pub(super) fn output_rows<'b>(&self, output: &'b [f32], tokens: &Range<usize>) -> View<'b> {
        let values = &output[self.output_start(tokens.start)..];
        View::strided(
            values,
            tokens.len(),
            self.shape.head_size,
            self.shape.hidden(),
        )
    }

    /// Puts the gradient of a turned part, `[tokens, head_size]`, to its place in dqkv, turned back.
    ///
    /// # Safety
    /// Nobody holds a reference to this part of these tokens of this head.
    pub(super) unsafe fn store_part(
        &self,
        part: Part,
        tokens: &Range<usize>,
        gradient: &mut [f32],
        dqkv: &Interleaved<'_>,
    ) {
        if let Some(rotary) = self.rotary {
            turn(rotary, self.positions, tokens.start, -1.0, gradient);
        }
        let size = self.shape.head_size;
        for (token, gradient) in tokens.clone().zip(gradient.chunks_exact(size)) {
            // SAFETY: one of the rows for which the caller vouches.
            unsafe { dqkv.row(self.qkv_start(part, token), size) }.copy_from_slice(gradient);
        }
    }
}

/// A buffer whose heads are interleaved, written by one task per head and block of rows. An element belongs to the task
/// whose head and rows [`Head::qkv_start`], [`Head::output_start`] or [`Head::statistics`] name; no two tasks share one.
pub(super) struct Interleaved<'a> {
    pointer: *mut f32,
    length: usize,
    buffer: PhantomData<&'a mut [f32]>,
}

// SAFETY: the methods that write are unsafe and ask their callers to write what belongs to their own task only.
unsafe impl Sync for Interleaved<'_> {}

impl<'a> Interleaved<'a> {
    pub(super) fn new(buffer: &'a mut [f32]) -> Self {
        Self {
            pointer: buffer.as_mut_ptr(),
            length: buffer.len(),
            buffer: PhantomData,
        }
    }

    /// `length` elements from `start` on.
    ///
    /// # Safety
    /// They belong to the caller's task, which holds no other reference to them.
    #[expect(
        clippy::mut_from_ref,
        reason = "the elements of different tasks are disjoint"
    )]
    pub(super) unsafe fn row(&self, start: usize, length: usize) -> &mut [f32] {
        assert!(
            start <= self.length && length <= self.length - start,
            "outside the buffer"
        );
        // SAFETY: inside the buffer, which this value borrows mutably; the caller vouches for exclusiveness.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.add(start), length) }
    }

    /// `factor * left right` to the rows that begin at `start` and lie `stride` apart.
    ///
    /// # Safety
    /// The rows belong to the caller's task, which holds no reference to them.
    pub(super) unsafe fn multiply(
        &self,
        precision: Precision,
        left: View<'_>,
        right: View<'_>,
        factor: f32,
        mode: Mode,
        start: usize,
        stride: usize,
    ) {
        let rows = left.rows();
        let end = start + rows.saturating_sub(1) * stride + right.columns();
        assert!(end <= self.length, "outside the buffer");
        // SAFETY: the last element lies inside the buffer, so all do; the caller vouches for exclusiveness.
        unsafe {
            let result = self.pointer.add(start);
            multiply_raw(
                precision,
                left,
                right,
                factor,
                mode,
                Threads::One,
                stride,
                result,
            );
        }
    }
}
