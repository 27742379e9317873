//! The dropout mask: a pure function of the random stream, computed again wherever it is needed and never stored.
//!
//! An element is decided by 16 random bits, so its probability is rounded to a multiple of 2⁻¹⁶ (0.1 becomes 0.100006);
//! the factor of what is kept belongs to the rounded probability, so the mean stays exact.

use crate::random::{GROUP, Stream};

/// Elements whose factors are generated together.
pub(crate) const SEGMENT: usize = 256;

/// Values of a piece of the random stream.
const PIECES: f64 = 65536.0;

/// Keeps an element with probability `1 - p` and multiplies it by `1 / (1 - p)` (Srivastava et al. 2014, inverted), with
/// p rounded to a multiple of 2⁻¹⁶ below 1.
#[derive(Clone, Copy)]
pub(crate) struct Mask {
    stream: Stream,
    /// Index of element 0 in the stream.
    first: u64,
    /// An element is dropped if its 16 bits are below.
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
        let threshold = (f64::from(probability) * PIECES).round().min(PIECES - 1.0);
        Self {
            stream,
            first,
            threshold: threshold as u32,
            scale: (PIECES / (PIECES - threshold)) as f32,
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

    /// The factor of what is kept.
    #[inline(always)]
    pub(crate) fn scale(self) -> f32 {
        self.scale
    }

    /// `factors[i]` is 0 if element `offset + i` is dropped and `factor` if it is kept. The elements are a group of the
    /// stream: the first has an index that is a multiple of 64.
    #[inline(always)]
    pub(crate) fn fill_group(self, offset: u64, factor: f32, factors: &mut [f32; GROUP]) {
        let index = self.first.wrapping_add(offset);
        debug_assert!(index.is_multiple_of(GROUP as u64), "inside a group");
        let mut pieces = [0; GROUP];
        self.stream
            .fill_pieces_body(index / GROUP as u64, &mut pieces);
        let factor = factor.to_bits();
        for (out, piece) in factors.iter_mut().zip(&pieces) {
            // All bits or none, without a branch.
            let kept = u32::from(*piece >= self.threshold).wrapping_neg();
            *out = f32::from_bits(factor & kept);
        }
    }

    /// The factors (0 or `1 / (1 - p)`) of at most [`SEGMENT`] elements from `offset` on.
    #[inline(always)]
    pub(crate) fn factors(self, offset: usize, length: usize) -> [f32; SEGMENT] {
        let mask = self.starting_at(offset as u64);
        let skipped = (mask.first % GROUP as u64) as usize;
        let mask = Self {
            first: mask.first - skipped as u64,
            ..mask
        };
        let mut factors = [0.0; SEGMENT];
        if skipped == 0 {
            mask.fill_groups(length, &mut factors);
        } else {
            let mut whole = [0.0; SEGMENT + GROUP];
            mask.fill_groups(skipped + length, &mut whole);
            factors.copy_from_slice(&whole[skipped..skipped + SEGMENT]);
        }
        factors
    }

    /// Factors of the groups that hold the first `length` elements.
    #[inline(always)]
    fn fill_groups(self, length: usize, factors: &mut [f32]) {
        let groups = factors.as_chunks_mut::<GROUP>().0.iter_mut();
        for (group, factors) in groups.enumerate().take(length.div_ceil(GROUP)) {
            self.fill_group((group * GROUP) as u64, self.scale, factors);
        }
    }

    /// The factor of one element, for the references.
    pub(crate) fn factor(self, offset: u64) -> f64 {
        let piece = self.stream.piece(self.first.wrapping_add(offset));
        if u32::from(piece) >= self.threshold {
            f64::from(self.scale)
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn mask(probability: f32, first: u64) -> Mask {
        Mask::new(probability, Stream::new(1, Purpose::Dropout, 2), first)
    }

    #[test]
    fn factors_are_those_of_the_elements() {
        for first in [0, 1, 63, 64, 130, u64::from(u32::MAX) * 8 - 5] {
            let mask = mask(0.3, first);
            for (offset, length) in [(0, 256), (0, 1), (5, 256), (64, 200), (61, 130)] {
                let factors = mask.factors(offset, length);
                for (at, factor) in factors[..length].iter().enumerate() {
                    let exact = mask.factor((offset + at) as u64);
                    assert_eq!(f64::from(*factor), exact, "{first} {offset} {at}");
                }
            }
        }
    }

    #[test]
    fn the_mean_factor_is_one() {
        for probability in [0.0, 1e-6, 0.1, 0.5, 0.999_999_9] {
            let mask = mask(probability, 0);
            let kept = (65536.0 - f64::from(mask.threshold)) / 65536.0;
            assert!((kept * f64::from(mask.scale) - 1.0).abs() < 1e-7);
            assert!((kept - (1.0 - f64::from(probability))).abs() <= 1.01 / 65536.0);
        }
        let mask = mask(0.1, 0);
        let count = 100_000;
        let kept = (0..count).filter(|&i| mask.factor(i) != 0.0).count() as f64;
        let expected = 0.9 * count as f64;
        assert!((kept - expected).abs() < 5.0 * (0.1 * expected).sqrt());
    }
}
