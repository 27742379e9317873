//! Rotary position embedding (Su et al. 2021, section 3.2), channel `i` paired with channel `i + head_size / 2`.

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

    pub(super) fn fits(&self, sequence: usize, head_size: usize) -> bool {
        self.head_size == head_size && sequence <= self.max_sequence
    }

    /// Cosine and sine of pair `i` at a position.
    pub(super) fn angle(&self, position: usize, i: usize) -> (f32, f32) {
        let at = position * (self.head_size / 2) + i;
        (self.cosines[at], self.sines[at])
    }

    /// Turns rows `[_, head_size]` of the positions from `first` on, in place.
    pub(super) fn turn(&self, first: usize, rows: &mut [f32]) {
        turn(self, first, 1.0, rows);
    }

    /// Turns them back: the transpose, for gradients.
    pub(super) fn turn_back(&self, first: usize, rows: &mut [f32]) {
        turn(self, first, -1.0, rows);
    }
}

#[inline(always)]
fn turn_body<A: Arithmetic>(rotary: &Rotary, first: usize, sign: f32, rows: &mut [f32]) {
    let half = rotary.head_size / 2;
    if half == 0 {
        return;
    }
    let angles = first * half..;
    let cosines = rotary.cosines[angles.clone()].chunks_exact(half);
    let sines = rotary.sines[angles].chunks_exact(half);
    for ((row, cosines), sines) in rows
        .chunks_exact_mut(rotary.head_size)
        .zip(cosines)
        .zip(sines)
    {
        let (low, high) = row.split_at_mut(half);
        for (((low, high), cosine), sine) in low.iter_mut().zip(high).zip(cosines).zip(sines) {
            let sine = sign * sine;
            let (a, b) = (*low, *high);
            *low = A::mul_add(a, *cosine, -(b * sine));
            *high = A::mul_add(b, *cosine, a * sine);
        }
    }
}
crate::simd! { fn turn(rotary: &Rotary, first: usize, sign: f32, rows: &mut [f32]) = turn_body; }
