//! `AdamW` (Loshchilov and Hutter 2019), as `PyTorch` computes it, in one pass over weights, gradients and moments of all tensors.

mod applied;

pub use applied::Applied;

use crate::dispatch::Arithmetic;
use crate::math::sum_by;
use crate::parallel;

use rayon::prelude::*;

/// Settings of one step for one group of parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Learning rate of this step.
    pub learning_rate: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Decoupled decay: the weight moves by `learning_rate * weight_decay` of its distance from the anchor.
    pub weight_decay: f64,
    /// Number of this step from 1 on, for the correction of the moments' bias.
    pub step: u64,
}

/// What a step multiplies by.
#[derive(Clone, Copy)]
struct Factors {
    gradient: f32,
    keep1: f32,
    take1: f32,
    keep2: f32,
    take2: f32,
    epsilon: f32,
    root: f32,
    rate: f32,
    decay: f32,
}

/// One tensor of a step. All slices have the length of the weights.
#[derive(Debug)]
pub struct Tensor<'a> {
    /// Settings of its group.
    pub options: AdamW,
    /// Changed in place.
    pub weights: &'a mut [f32],
    /// Gradient, before the scale.
    pub gradients: &'a [f32],
    /// What the gradient is multiplied by.
    pub gradient_scale: f32,
    /// Changed in place.
    pub first_moment: &'a mut [f32],
    /// Changed in place.
    pub second_moment: &'a mut [f32],
    /// What decay pulls towards, 0 unless given.
    pub anchor: Option<&'a [f32]>,
}

/// A part of a tensor, one task.
struct Piece<'a> {
    factors: Factors,
    weights: &'a mut [f32],
    gradients: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    anchor: Option<&'a [f32]>,
}

impl<'a> Tensor<'a> {
    /// Cut into pieces of at most [`parallel::ELEMENTS`].
    fn pieces(self) -> impl Iterator<Item = Piece<'a>> {
        let length = self.weights.len();
        assert!(self.options.step > 0, "steps count from 1");
        assert!(
            self.gradients.len() == length
                && self.first_moment.len() == length
                && self.second_moment.len() == length,
            "gradients and moments are as weights"
        );
        assert!(
            self.anchor.is_none_or(|anchor| anchor.len() == length),
            "the anchor is as weights"
        );
        let factors = Factors::new(&self.options, self.gradient_scale);
        let anchor = self.anchor;
        self.weights
            .chunks_mut(parallel::ELEMENTS)
            .zip(self.gradients.chunks(parallel::ELEMENTS))
            .zip(self.first_moment.chunks_mut(parallel::ELEMENTS))
            .zip(self.second_moment.chunks_mut(parallel::ELEMENTS))
            .enumerate()
            .map(move |(index, (((weights, gradients), first), second))| {
                let start = index * parallel::ELEMENTS;
                let anchor = anchor.map(|anchor| &anchor[start..start + weights.len()]);
                Piece {
                    factors,
                    weights,
                    gradients,
                    first,
                    second,
                    anchor,
                }
            })
    }
}

impl Factors {
    fn new(options: &AdamW, gradient_scale: f32) -> Self {
        let correction1 = 1.0 - libm::pow(options.beta1, options.step as f64);
        let correction2 = 1.0 - libm::pow(options.beta2, options.step as f64);
        Self {
            gradient: gradient_scale,
            keep1: options.beta1 as f32,
            take1: (1.0 - options.beta1) as f32,
            keep2: options.beta2 as f32,
            take2: (1.0 - options.beta2) as f32,
            epsilon: options.epsilon as f32,
            root: (1.0 / correction2.sqrt()) as f32,
            rate: (options.learning_rate / correction1) as f32,
            decay: (options.learning_rate * options.weight_decay) as f32,
        }
    }
}

/// One step of all tensors in one parallel region: `g = gradient * gradient_scale`, moments,
/// `w -= rate * (decay * (w - anchor) + m̂ / (√v̂ + ε))`.
///
/// # Panics
/// If lengths differ within a tensor or a step is 0.
pub fn update_all(tensors: Vec<Tensor<'_>>) {
    let pieces: Vec<Piece<'_>> = tensors.into_iter().flat_map(Tensor::pieces).collect();
    pieces.into_par_iter().for_each(|piece| {
        step(
            piece.factors,
            piece.weights,
            piece.gradients,
            piece.first,
            piece.second,
            piece.anchor,
        );
    });
}

/// [`update_all`] of one tensor.
///
/// # Panics
/// If lengths differ or the step is 0.
pub fn update(
    options: &AdamW,
    weights: &mut [f32],
    gradients: &[f32],
    gradient_scale: f32,
    first_moment: &mut [f32],
    second_moment: &mut [f32],
    anchor: Option<&[f32]>,
) {
    update_all(vec![Tensor {
        options: *options,
        weights,
        gradients,
        gradient_scale,
        first_moment,
        second_moment,
        anchor,
    }]);
}

#[inline(always)]
fn step_body<A: Arithmetic>(
    factors: Factors,
    weights: &mut [f32],
    gradients: &[f32],
    first: &mut [f32],
    second: &mut [f32],
    anchor: Option<&[f32]>,
) {
    let move_one = |weight: &mut f32, gradient: f32, m: &mut f32, v: &mut f32, anchor: f32| {
        let gradient = gradient * factors.gradient;
        *m = A::mul_add(*m, factors.keep1, factors.take1 * gradient);
        *v = A::mul_add(*v, factors.keep2, factors.take2 * gradient * gradient);
        let direction = *m / A::mul_add(v.sqrt(), factors.root, factors.epsilon);
        let decayed = A::mul_add(anchor - *weight, factors.decay, *weight);
        *weight = A::mul_add(-factors.rate, direction, decayed);
    };
    let all = weights.iter_mut().zip(gradients).zip(first).zip(second);
    match anchor {
        None => {
            for (((weight, gradient), m), v) in all {
                move_one(weight, *gradient, m, v, 0.0);
            }
        }
        Some(anchor) => {
            for ((((weight, gradient), m), v), anchor) in all.zip(anchor) {
                move_one(weight, *gradient, m, v, *anchor);
            }
        }
    }
}
crate::simd! {
    fn step(
        factors: Factors, weights: &mut [f32], gradients: &[f32], first: &mut [f32], second: &mut [f32],
        anchor: Option<&[f32]>,
    ) = step_body;
}

/// `Σ value²` of each slice in f64, each in a fixed order, in one parallel region, for norms of gradients. NaN and infinity
/// come through.
pub fn sums_of_squares(slices: &[&[f32]]) -> Vec<f64> {
    let pieces: Vec<(usize, &[f32])> = slices
        .iter()
        .enumerate()
        .flat_map(|(slice, values)| {
            let pieces = values.chunks(parallel::ELEMENTS);
            pieces.map(move |piece| (slice, piece))
        })
        .collect();
    let partials = parallel::map_ordered(pieces.len(), |index| squares(pieces[index].1));
    let mut sums = vec![0.0; slices.len()];
    for ((slice, _), partial) in pieces.into_iter().zip(partials) {
        sums[slice] += partial;
    }
    sums
}

/// [`sums_of_squares`] of one slice.
pub fn sum_of_squares(values: &[f32]) -> f64 {
    sums_of_squares(&[values])[0]
}

#[inline(always)]
fn squares_body<A: Arithmetic>(values: &[f32]) -> f64 {
    sum_by(values, |value| f64::from(value) * f64::from(value))
}
crate::simd! { fn squares(values: &[f32]) -> f64 = squares_body; }

/// The same in f64, element by element.
#[doc(hidden)]
pub mod reference {
    use super::AdamW;

    /// One element: (weight, first moment, second moment) after the step.
    pub fn update(
        options: &AdamW,
        weight: f64,
        gradient: f64,
        first_moment: f64,
        second_moment: f64,
        anchor: f64,
    ) -> (f64, f64, f64) {
        let m = options.beta1 * first_moment + (1.0 - options.beta1) * gradient;
        let v = options.beta2 * second_moment + (1.0 - options.beta2) * gradient * gradient;
        let m_hat = m / (1.0 - options.beta1.powf(options.step as f64));
        let v_hat = v / (1.0 - options.beta2.powf(options.step as f64));
        let decayed = weight - options.learning_rate * options.weight_decay * (weight - anchor);
        let weight = decayed - options.learning_rate * m_hat / (v_hat.sqrt() + options.epsilon);
        (weight, m, v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::tests::same_at_any_thread_count;
    use crate::testing::{assert_close, bits, narrow, random};

    fn options(step: u64) -> AdamW {
        AdamW {
            learning_rate: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-6,
            weight_decay: 0.1,
            step,
        }
    }

    #[test]
    fn agrees_with_the_reference_over_several_steps() {
        for (count, deviation, with_anchor) in [
            (1, 1.0, false),
            (1003, 1.0, true),
            (1003, 1e-12, false),
            (70_000, 1e6, true),
        ] {
            let start = random(1, count, 1.0);
            let anchor = random(2, count, 1.0);
            let mut weights = narrow(&start);
            let mut first = vec![0.0; count];
            let mut second = vec![0.0; count];
            let mut exact: Vec<(f64, f64, f64)> = start.iter().map(|w| (*w, 0.0, 0.0)).collect();
            for step in 1..=4 {
                let gradients = random(10 + step, count, deviation);
                let narrow_anchor = with_anchor.then(|| narrow(&anchor));
                update_all(vec![Tensor {
                    options: options(step),
                    weights: &mut weights,
                    gradients: &narrow(&gradients),
                    gradient_scale: 0.5,
                    first_moment: &mut first,
                    second_moment: &mut second,
                    anchor: narrow_anchor.as_deref(),
                }]);
                for (i, (w, m, v)) in exact.iter_mut().enumerate() {
                    let anchor = if with_anchor { anchor[i] } else { 0.0 };
                    (*w, *m, *v) =
                        reference::update(&options(step), *w, 0.5 * gradients[i], *m, *v, anchor);
                }
            }
            let column =
                |pick: fn(&(f64, f64, f64)) -> f64| exact.iter().map(pick).collect::<Vec<_>>();
            assert_close("weights", &weights, &column(|e| e.0), 2e-7);
            assert_close("first moment", &first, &column(|e| e.1), 1e-6);
            assert_close("second moment", &second, &column(|e| e.2), 1e-6);
            // The step itself; what is left is the rounding of the weights, at most four of 2.4e-7 in about 1e-3.
            let moved: Vec<f32> = weights
                .iter()
                .zip(&start)
                .map(|(w, s)| (f64::from(*w) - s) as f32)
                .collect();
            let exact_moved: Vec<f64> = exact.iter().zip(&start).map(|(e, s)| e.0 - s).collect();
            assert_close("step", &moved, &exact_moved, 1e-3);
        }
    }

    #[test]
    fn the_same_bytes_at_any_thread_count() {
        let count = 100_003;
        let start = narrow(&random(1, count, 1.0));
        let gradients = narrow(&random(2, count, 1.0));
        same_at_any_thread_count(|| {
            let (mut weights, mut first, mut second) =
                (start.clone(), vec![0.0; count], vec![0.0; count]);
            for step in 1..=2 {
                update_all(vec![Tensor {
                    options: options(step),
                    weights: &mut weights,
                    gradients: &gradients,
                    gradient_scale: 1.0,
                    first_moment: &mut first,
                    second_moment: &mut second,
                    anchor: Some(&start),
                }]);
            }
            (
                bits(&weights),
                bits(&first),
                bits(&second),
                sum_of_squares(&gradients).to_bits(),
            )
        });
    }

    #[test]
    fn tensors_of_a_step_do_not_touch_each_other() {
        let lengths = [3, 0, 40_000, 1];
        let starts: Vec<Vec<f32>> = lengths
            .iter()
            .map(|n| narrow(&random(1, *n, 1.0)))
            .collect();
        let gradients: Vec<Vec<f32>> = lengths
            .iter()
            .map(|n| narrow(&random(2, *n, 1.0)))
            .collect();
        let run = |together: bool| {
            let mut weights = starts.clone();
            let mut moments: Vec<[Vec<f32>; 2]> = lengths
                .iter()
                .map(|n| [vec![0.0; *n], vec![0.0; *n]])
                .collect();
            let tensors = weights
                .iter_mut()
                .zip(&mut moments)
                .zip(&gradients)
                .enumerate();
            let tensors = tensors.map(|(index, ((weights, [first, second]), gradients))| Tensor {
                options: options(1 + index as u64),
                weights,
                gradients,
                gradient_scale: 1.0 + index as f32,
                first_moment: first,
                second_moment: second,
                anchor: None,
            });
            if together {
                update_all(tensors.collect());
            } else {
                tensors.for_each(|tensor| update_all(vec![tensor]));
            }
            (weights, moments)
        };
        let together = run(true);
        assert!(together == run(false));
        assert!(together.0[2] != starts[2]);
        let slices: Vec<&[f32]> = gradients.iter().map(Vec::as_slice).collect();
        let single: Vec<f64> = slices.iter().map(|slice| sum_of_squares(slice)).collect();
        assert_eq!(sums_of_squares(&slices), single);
        assert_eq!(single[1], 0.0);
    }

    #[test]
    fn the_norm_is_exact_and_shows_what_is_not_finite() {
        let values = random(1, 100_000, 1e10);
        let exact: f64 = values.iter().map(|value| value * value).sum();
        assert!((sum_of_squares(&narrow(&values)) / exact - 1.0).abs() < 1e-12);
        assert!(sum_of_squares(&[1.0, f32::NAN]).is_nan());
        assert_eq!(sum_of_squares(&[1.0, f32::NEG_INFINITY]), f64::INFINITY);
        assert_eq!(sum_of_squares(&[]), 0.0);
    }
}
