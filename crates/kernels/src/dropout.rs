//! The dropout mask: a pure function of the random stream, computed again wherever it is needed and never stored.

use crate::random::Stream;

/// Elements whose random words are generated together.
pub(crate) const SEGMENT: usize = 256;

/// Keeps an element with probability `1 - p` and multiplies it by `1 / (1 - p)` (Srivastava et al. 2014, inverted).
#[derive(Clone, Copy)]
pub(crate) struct Mask {
    stream: Stream,
    /// Index of element 0 in the stream.
    first: u64,
    threshold: u32,
    scale: f32,
}

impl Mask {
    /// # Panics
    /// If the probability does not lie in `[0, 1)`.
    pub(crate) fn new(probability: f32, stream: Stream, first: u64) -> Self {
        assert!(
            (0.0..1.0).contains(&probability),
            "a dropout probability lies in [0, 1), not {probability}"
        );
        Self {
            stream,
            first,
            threshold: (f64::from(probability) * 2.0_f64.powi(32)) as u32,
            scale: (1.0 / (1.0 - f64::from(probability))) as f32,
        }
    }

    /// The same mask, its element 0 at the present element `offset`.
    #[inline(always)]
    pub(crate) fn starting_at(self, offset: u64) -> Self {
        Self {
            first: self.first.wrapping_add(offset),
            ..self
        }
    }

    /// The factors (0 or `1 / (1 - p)`) of at most [`SEGMENT`] elements from `offset` on.
    #[inline(always)]
    pub(crate) fn factors(self, offset: usize, length: usize) -> [f32; SEGMENT] {
        let mut words = [0; SEGMENT];
        self.stream
            .fill_bits_body(self.first.wrapping_add(offset as u64), &mut words[..length]);
        let mut factors = [0.0; SEGMENT];
        for (factor, word) in factors.iter_mut().zip(words) {
            *factor = if word >= self.threshold {
                self.scale
            } else {
                0.0
            };
        }
        factors
    }

    /// The factor of one element, for the references.
    pub(crate) fn factor(self, offset: u64) -> f64 {
        let kept = self.stream.bits(self.first.wrapping_add(offset)) >= self.threshold;
        if kept { f64::from(self.scale) } else { 0.0 }
    }
}
