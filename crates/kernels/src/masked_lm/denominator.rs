//! The first pass over the logits: the softmax denominator of each row, slab after slab of words.

use super::{Head, TASK_ROWS};
use crate::dispatch::Arithmetic;
use crate::math::{exp, maximum};
use crate::parallel;

/// Terms of a softmax sum that are added in f32.
const BLOCK: usize = 1024;

/// What a row knows of its softmax after some slabs.
#[derive(Clone, Copy)]
pub(super) struct Denominator {
    /// The largest logit so far.
    pub(super) highest: f32,
    /// Sum of `exp(logit - highest)` so far.
    pub(super) sum: f64,
    /// The logit of the label, once its slab has passed.
    own: f32,
    /// The first word with the largest logit; none if every logit is NaN.
    pub(super) prediction: usize,
}

impl Denominator {
    pub(super) const EMPTY: Self = Self {
        highest: f32::NEG_INFINITY,
        sum: 0.0,
        own: 0.0,
        prediction: usize::MAX,
    };

    /// Takes in the logits of the words from `first` on.
    pub(super) fn add(&mut self, first: usize, label: usize, logits: &[f32]) {
        if let Some(own) = label.checked_sub(first).and_then(|at| logits.get(at)) {
            self.own = *own;
        }
        let highest = largest(logits);
        if highest > self.highest {
            // Words come in order, so an equal logit later on does not take the place of the first.
            let first_of_equal = logits.iter().position(|logit| *logit == highest);
            self.prediction = first + first_of_equal.unwrap_or(0);
            self.sum *= libm::exp(f64::from(self.highest) - f64::from(highest));
            self.highest = highest;
        }
        self.sum += exponentials(self.highest, logits);
    }

    pub(super) fn loss(&self) -> f64 {
        f64::from(self.highest) - f64::from(self.own) + libm::log(self.sum)
    }
}

/// The first pass: the softmax denominator of every row. The logits go into `memory`, each slab to its
/// [place](Head::place).
pub(super) fn denominators(head: Head<'_>, keep: bool, memory: &mut [f32]) -> Vec<Denominator> {
    let mut denominators = vec![Denominator::EMPTY; head.labels.len()];
    for slab in head.slabs() {
        let words = slab.len();
        let logits = &mut memory[head.place(&slab, keep)];
        head.logits(&slab, logits);
        let logits = &*logits;
        parallel::for_each_chunk(&mut denominators, TASK_ROWS, |task, denominators| {
            for (row, denominator) in denominators.iter_mut().enumerate() {
                let row = task * TASK_ROWS + row;
                let label = head.labels[row] as usize;
                denominator.add(slab.start, label, &logits[row * words..(row + 1) * words]);
            }
        });
    }
    denominators
}

#[inline(always)]
fn largest_body<A: Arithmetic>(logits: &[f32]) -> f32 {
    maximum(logits)
}
crate::simd! {
    /// The largest logit.
    fn largest(logits: &[f32]) -> f32 = largest_body;
}

#[inline(always)]
fn exponentials_body<A: Arithmetic>(highest: f32, values: &[f32]) -> f64 {
    let mut total = 0.0;
    for block in values.chunks(BLOCK) {
        let (chunks, rest) = block.as_chunks::<16>();
        let mut lanes = [0.0_f32; 16];
        for chunk in chunks {
            for lane in 0..16 {
                lanes[lane] += exp::<A>(chunk[lane] - highest);
            }
        }
        for value in rest {
            total += f64::from(exp::<A>(*value - highest));
        }
        total += f64::from(crate::math::sum_lanes(lanes));
    }
    total
}
crate::simd! {
    /// The sum of `exp(values - highest)`.
    fn exponentials(highest: f32, values: &[f32]) -> f64 = exponentials_body;
}
