//! Rotary position embedding (Su et al. 2021, section 3.2), channel `i` paired with channel `i + head_size / 2`.

use super::heads::Positions;
use crate::dispatch::Arithmetic;

/// Cosines and sines of `position * base^(-2i / head_size)`, `[max_sequence, head_size / 2]`. Of an odd head size the
/// last channel is not turned.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotary {
    cosines: Vec<f32>,
    sines: Vec<f32>,
    max_sequence: usize,
    head_size: usize,
}

impl Rotary {
    /// The table for positions `0..max_sequence`; the usual base is 10,000.
    pub fn new(max_sequence: usize, head_size: usize, base: f64) -> Self {
        let half = head_size / 2;
        let angles = (0..max_sequence).flat_map(|position| {
            (0..half)
                .map(move |i| position as f64 * libm::pow(base, -2.0 * i as f64 / head_size as f64))
        });
        let (cosines, sines) = angles
            .map(|angle| (libm::cos(angle) as f32, libm::sin(angle) as f32))
            .unzip();
        Self {
            cosines,
            sines,
            max_sequence,
            head_size,
        }
    }

    /// `[max_sequence, head_size / 2]`
    pub fn cosines(&self) -> &[f32] {
        &self.cosines
    }

    /// `[max_sequence, head_size / 2]`
    pub fn sines(&self) -> &[f32] {
        &self.sines
    }

    pub(super) fn fits(&self, sequence: usize, head_size: usize) -> bool {
        self.head_size == head_size && sequence <= self.max_sequence
    }

    /// Cosines and sines of the pairs at a position.
    #[inline(always)]
    pub(super) fn angles(&self, position: usize) -> (&[f32], &[f32]) {
        let half = self.head_size / 2;
        let range = position * half..(position + 1) * half;
        (&self.cosines[range.clone()], &self.sines[range])
    }
}

#[inline(always)]
fn turn_body<A: Arithmetic>(
    rotary: &Rotary,
    positions: Positions<'_>,
    first: usize,
    sign: f32,
    rows: &mut [f32],
) {
    for (token, row) in rows.chunks_exact_mut(rotary.head_size).enumerate() {
        turn_row::<A>(rotary, positions.of(first + token), sign, row);
    }
}
crate::simd! {
    /// Turns rows `[tokens, head_size]` of the tokens from `first` on by their positions: forth with sign 1, back, as
    /// gradients need it, with sign -1.
    pub(super) fn turn(rotary: &Rotary, positions: Positions<'_>, first: usize, sign: f32, rows: &mut [f32]) = turn_body;
}

#[inline(always)]
fn turn_row<A: Arithmetic>(rotary: &Rotary, position: usize, sign: f32, row: &mut [f32]) {
    let (cosines, sines) = rotary.angles(position);
    let (low, high) = row.split_at_mut(cosines.len());
    let high = &mut high[..cosines.len()];
    let (low, low_rest) = low.as_chunks_mut::<16>();
    let (high, high_rest) = high.as_chunks_mut::<16>();
    let (cosines, cosines_rest) = cosines.as_chunks::<16>();
    let (sines, sines_rest) = sines.as_chunks::<16>();
    for (((low, high), cosines), sines) in low.iter_mut().zip(high).zip(cosines).zip(sines) {
        // Whole vectors are read before any is written, so that no lane has to wait for another's store.
        let (a, b, cosines, sines) = (*low, *high, *cosines, *sines);
        *low = std::array::from_fn(|i| A::mul_add(a[i], cosines[i], -(b[i] * (sign * sines[i]))));
        *high = std::array::from_fn(|i| A::mul_add(b[i], cosines[i], a[i] * (sign * sines[i])));
    }
    for i in 0..low_rest.len() {
        let (a, b) = (low_rest[i], high_rest[i]);
        let (cosine, sine) = (cosines_rest[i], sign * sines_rest[i]);
        low_rest[i] = A::mul_add(a, cosine, -(b * sine));
        high_rest[i] = A::mul_add(b, cosine, a * sine);
    }
}
