//! Rows of scores to probabilities, and back to their gradients.

use crate::dispatch::Arithmetic;
use crate::dropout::{Mask, SEGMENT};
use crate::masked_lm::exponentials_body;
use crate::math::maximum;

#[inline(always)]
fn probabilities_body<A: Arithmetic>(
    scores: &mut [f32],
    keys: usize,
    bias: &[f32],
    mask: Option<Mask>,
    first: usize,
    sequence: usize,
    log_sum_exp: &mut [f32],
) {
    for (row, (scores, log_sum_exp)) in scores.chunks_exact_mut(keys).zip(log_sum_exp).enumerate() {
        add_bias(scores, bias);
        let highest = maximum(scores);
        let sum = exponentials_body::<A>(highest, scores);
        *log_sum_exp = (f64::from(highest) + libm::log(sum)) as f32;
        let reciprocal = (1.0 / sum) as f32;
        match mask {
            None => {
                for score in scores {
                    *score *= reciprocal;
                }
            }
            Some(mask) => {
                for (at, scores) in scores.chunks_mut(SEGMENT).enumerate() {
                    let offset = (first + row) * sequence + at * SEGMENT;
                    let factors = mask.factors(offset, scores.len());
                    for (score, keep) in scores.iter_mut().zip(factors) {
                        *score *= reciprocal * keep;
                    }
                }
            }
        }
    }
}
crate::simd! {
    /// Rows of scores `[_, keys]` of the queries from `first` on become probabilities after dropout.
    pub(super) fn probabilities(
        scores: &mut [f32], keys: usize, bias: &[f32], mask: Option<Mask>, first: usize, sequence: usize,
        log_sum_exp: &mut [f32],
    ) = probabilities_body;
}

#[inline(always)]
fn gradients_body<A: Arithmetic>(
    scores: &mut [f32],
    dscores: &mut [f32],
    keys: usize,
    bias: &[f32],
    mask: Option<Mask>,
    first: usize,
    sequence: usize,
    log_sum_exp: &[f32],
    dots: &[f32],
) {
    let rows = scores
        .chunks_exact_mut(keys)
        .zip(dscores.chunks_exact_mut(keys));
    for (row, (scores, dscores)) in rows.enumerate() {
        add_bias(scores, bias);
        // The sum is 1 up to the rounding of the log-sum-exp, which grows with the scores; dividing removes it.
        let sum = exponentials_body::<A>(log_sum_exp[row], scores);
        let reciprocal = (1.0 / sum) as f32;
        let dot = dots[row];
        match mask {
            None => {
                for (score, dscore) in scores.iter_mut().zip(dscores) {
                    let probability = *score * reciprocal;
                    *score = probability;
                    *dscore = probability * (*dscore - dot);
                }
            }
            Some(mask) => {
                let segments = scores.chunks_mut(SEGMENT).zip(dscores.chunks_mut(SEGMENT));
                for (at, (scores, dscores)) in segments.enumerate() {
                    let offset = (first + row) * sequence + at * SEGMENT;
                    let factors = mask.factors(offset, scores.len());
                    for ((score, dscore), keep) in scores.iter_mut().zip(dscores).zip(factors) {
                        let probability = *score * reciprocal;
                        *score = probability * keep;
                        *dscore = probability * A::mul_add(*dscore, keep, -dot);
                    }
                }
            }
        }
    }
}
crate::simd! {
    /// Scores `[_, keys]` become probabilities after dropout, gradients by these (dscores) gradients by the scores;
    /// dots are the products of each query's output with its gradient.
    pub(super) fn gradients(
        scores: &mut [f32], dscores: &mut [f32], keys: usize, bias: &[f32], mask: Option<Mask>, first: usize,
        sequence: usize, log_sum_exp: &[f32], dots: &[f32],
    ) = gradients_body;
}

#[inline(always)]
fn add_bias(scores: &mut [f32], bias: &[f32]) {
    for (score, bias) in scores.iter_mut().zip(bias) {
        *score += bias;
    }
}
