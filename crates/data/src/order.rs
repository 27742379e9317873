//! The order of sequences: a permutation that can be entered at any place.
//!
//! A balanced Feistel network over the next power of four, walked along its cycle until it comes back below the
//! length (Black and Rogaway 2002, "Ciphers with Arbitrary Finite Domains"): no table, no shuffle buffer.

use pliant_kernels::random::{Purpose, Stream};

const ROUNDS: u64 = 8;

/// A permutation of `0..length`, keyed by a stream of random numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Permutation {
    stream: Stream,
    length: u64,
    /// Bits of each half.
    half: u32,
}

impl Permutation {
    /// `length` must be at least 1.
    pub(crate) fn new(seed: u64, epoch: u64, length: u64) -> Self {
        Self::of(Stream::new(seed, Purpose::Order, epoch), length)
    }

    /// The permutation that a stream of its own makes; `length` must be at least 1.
    pub(crate) fn of(stream: Stream, length: u64) -> Self {
        let bits = u64::BITS - (length - 1).leading_zeros();
        Self {
            stream,
            length,
            half: bits.div_ceil(2).max(1),
        }
    }

    /// Where `place` goes; `place` must be below the length.
    pub(crate) fn get(&self, place: u64) -> u64 {
        let mut value = place;
        loop {
            value = self.feistel(value);
            if value < self.length {
                return value;
            }
        }
    }

    fn feistel(&self, value: u64) -> u64 {
        let mask = (1 << self.half) - 1;
        let (mut left, mut right) = (value >> self.half, value & mask);
        for round in 0..ROUNDS {
            // Half of 64 bits is at most 32, so round and half-word make one index.
            let mixed = self.stream.bits64(round << 32 | right);
            (left, right) = (right, left ^ (mixed & mask));
        }
        left << self.half | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_place_occurs_once(seed: u64, epoch in 0_u64..9, length in 1_u64..3000) {
            let permutation = Permutation::new(seed, epoch, length);
            let mut seen = vec![false; length as usize];
            for place in 0..length {
                let value = permutation.get(place) as usize;
                prop_assert!(!seen[value]);
                seen[value] = true;
            }
        }
    }

    #[test]
    fn epochs_and_seeds_differ_and_order_is_mixed() {
        let orders: Vec<Vec<u64>> = [(1, 0), (1, 1), (2, 0)]
            .map(|(seed, epoch)| {
                let permutation = Permutation::new(seed, epoch, 10_000);
                (0..10_000).map(|place| permutation.get(place)).collect()
            })
            .into();
        for (first, second) in [(0, 1), (0, 2), (1, 2)] {
            let equal = orders[first]
                .iter()
                .zip(&orders[second])
                .filter(|(a, b)| a == b)
                .count();
            // The number of agreements of two random permutations is Poisson with mean 1.
            assert!(equal < 12, "{equal} places agree");
        }
        // Correlation of place and value is about 0 ± 0.01.
        let mean = 4999.5;
        let covariance: f64 = orders[0]
            .iter()
            .enumerate()
            .map(|(place, &value)| (place as f64 - mean) * (value as f64 - mean))
            .sum();
        let variance: f64 = (0..10_000)
            .map(|place| (f64::from(place) - mean).powi(2))
            .sum();
        assert!((covariance / variance).abs() < 0.05);
    }
}
