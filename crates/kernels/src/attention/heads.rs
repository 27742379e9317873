//! Where the parts of a head lie in the interleaved buffers.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use super::{Rotary, Shape};
use crate::Precision;
use crate::product::{Mode, Threads, View, multiply_raw};

/// Which of the three parts of qkv.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Query = 0,
    Key = 1,
    Value = 2,
}

/// One head of one sequence: the task of a thread.
pub(super) struct Head<'a> {
    pub(super) precision: Precision,
    pub(super) shape: Shape,
    pub(super) sequence: usize,
    pub(super) number: usize,
    pub(super) rotary: Option<&'a Rotary>,
    qkv: &'a [f32],
}

impl<'a> Head<'a> {
    pub(super) fn new(
        precision: Precision,
        shape: &Shape,
        qkv: &'a [f32],
        sequence: usize,
        number: usize,
        rotary: Option<&'a Rotary>,
    ) -> Self {
        assert!(
            sequence < shape.batch && number < shape.heads,
            "no such head"
        );
        Self {
            precision,
            shape: *shape,
            sequence,
            number,
            rotary,
            qkv,
        }
    }

    /// `1 / √head_size`
    pub(super) fn factor(&self) -> f32 {
        (1.0 / (self.shape.head_size as f64).sqrt()) as f32
    }

    /// Elements between two positions in qkv.
    pub(super) fn qkv_stride(&self) -> usize {
        3 * self.shape.hidden()
    }

    /// First element of a part at a position in qkv.
    pub(super) fn qkv_start(&self, part: Part, position: usize) -> usize {
        (self.sequence * self.shape.sequence + position) * self.qkv_stride()
            + part as usize * self.shape.hidden()
            + self.number * self.shape.head_size
    }

    /// First element of this head at a position in the output.
    pub(super) fn output_start(&self, position: usize) -> usize {
        (self.sequence * self.shape.sequence + position) * self.shape.hidden()
            + self.number * self.shape.head_size
    }

    /// Rows of a part as they lie in qkv, `[rows, head_size]`.
    pub(super) fn rows(&self, part: Part, first: usize, rows: usize) -> View<'a> {
        let values = &self.qkv[self.qkv_start(part, first)..];
        View::strided(values, rows, self.shape.head_size, self.qkv_stride())
    }

    /// Rows of a part with their positions turned in, in `turned` if there are rotary positions, else as they lie.
    pub(super) fn turned_rows<'b>(
        &'b self,
        part: Part,
        first: usize,
        rows: usize,
        turned: &'b mut [f32],
    ) -> View<'b> {
        let Some(rotary) = self.rotary else {
            return self.rows(part, first, rows);
        };
        let size = self.shape.head_size;
        for (row, turned) in turned.chunks_exact_mut(size).take(rows).enumerate() {
            let start = self.qkv_start(part, first + row);
            turned.copy_from_slice(&self.qkv[start..start + size]);
        }
        rotary.turn(first, &mut turned[..rows * size]);
        View::new(turned, rows, size)
    }

    /// Rows of this head in a buffer of the output's shape.
    pub(super) fn output_rows<'b>(&self, output: &'b [f32], first: usize, rows: usize) -> View<'b> {
        let values = &output[self.output_start(first)..];
        View::strided(values, rows, self.shape.head_size, self.shape.hidden())
    }
}

/// A buffer whose heads are interleaved, written by one task per head. An element belongs to the head that
/// [`Head::qkv_start`] or [`Head::output_start`] and the `head_size - 1` elements after it name; no two heads share one.
pub(super) struct Interleaved<'a> {
    pointer: *mut f32,
    length: usize,
    buffer: PhantomData<&'a mut [f32]>,
}

// SAFETY: the methods that write are unsafe and ask their callers to write what belongs to their own head only.
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
    /// They belong to the caller's head, which holds no other reference to them.
    #[expect(
        clippy::mut_from_ref,
        reason = "the elements of different heads are disjoint"
    )]
    pub(super) unsafe fn row(&self, start: usize, length: usize) -> &mut [f32] {
        assert!(start + length <= self.length, "outside the buffer");
        // SAFETY: inside the buffer, which this value borrows mutably; the caller vouches for exclusiveness.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.add(start), length) }
    }

    /// `factor * left right` to the rows that begin at `start` and lie `stride` apart.
    ///
    /// # Safety
    /// The rows belong to the caller's head, which holds no reference to them.
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

/// The padding of one sequence.
pub(super) struct Padding {
    /// Keys up to and including the last real one.
    pub(super) keys: usize,
    /// Added to the scores of these keys: 0 or negative infinity. Empty if all of them are real.
    pub(super) bias: Vec<f32>,
}

impl Padding {
    pub(super) fn of_each(attention_mask: &[u8], sequence: usize) -> Vec<Self> {
        attention_mask
            .chunks_exact(sequence)
            .map(Self::new)
            .collect()
    }

    fn new(mask: &[u8]) -> Self {
        let keys = mask
            .iter()
            .rposition(|real| *real != 0)
            .map_or(0, |last| last + 1);
        let bias = if mask[..keys].contains(&0) {
            let bias = |real: &u8| if *real == 0 { f32::NEG_INFINITY } else { 0.0 };
            mask[..keys].iter().map(bias).collect()
        } else {
            Vec::new()
        };
        Self { keys, bias }
    }
}
