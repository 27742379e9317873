//! `AdamW` (Loshchilov and Hutter 2019), as `PyTorch` computes it, in one pass over the four slices.

use crate::dispatch::Arithmetic;
use crate::math::sum_by;
use crate::parallel;

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

/// One step: `g = gradient * gradient_scale`, moments, `w -= rate * (decay * (w - anchor) + m̂ / (√v̂ + ε))`. The anchor
/// is 0 unless given. All slices have the length of the weights.
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
    let length = weights.len();
    assert!(options.step > 0, "steps count from 1");
    assert_eq!(gradients.len(), length, "gradients are as weights");
    assert_eq!(first_moment.len(), length, "first moments are as weights");
    assert_eq!(second_moment.len(), length, "second moments are as weights");
    assert!(
        anchor.is_none_or(|anchor| anchor.len() == length),
        "the anchor is as weights"
    );
    let correction1 = 1.0 - libm::pow(options.beta1, options.step as f64);
    let correction2 = 1.0 - libm::pow(options.beta2, options.step as f64);
    let factors = Factors {
        gradient: gradient_scale,
        keep1: options.beta1 as f32,
        take1: (1.0 - options.beta1) as f32,
        keep2: options.beta2 as f32,
        take2: (1.0 - options.beta2) as f32,
        epsilon: options.epsilon as f32,
        root: (1.0 / correction2.sqrt()) as f32,
        rate: (options.learning_rate / correction1) as f32,
        decay: (options.learning_rate * options.weight_decay) as f32,
    };
    parallel::for_each_chunk3(
        (weights, parallel::ELEMENTS),
        (first_moment, parallel::ELEMENTS),
        (second_moment, parallel::ELEMENTS),
        |chunk, weights, first, second| {
            let start = chunk * parallel::ELEMENTS;
            let range = start..start + weights.len();
            let anchor = anchor.map(|anchor| &anchor[range.clone()]);
            step(factors, weights, &gradients[range], first, second, anchor);
        },
    );
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

/// `Σ value²` in f64, in a fixed order, for the global norm of the gradients. NaN and infinity come through.
pub fn sum_of_squares(values: &[f32]) -> f64 {
    parallel::sum(values.len(), parallel::ELEMENTS, |range| {
        squares(&values[range])
    })
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
                update(
                    &options(step),
                    &mut weights,
                    &narrow(&gradients),
                    0.5,
                    &mut first,
                    &mut second,
                    narrow_anchor.as_deref(),
                );
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
                update(
                    &options(step),
                    &mut weights,
                    &gradients,
                    1.0,
                    &mut first,
                    &mut second,
                    Some(&start),
                );
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
    fn the_norm_is_exact_and_shows_what_is_not_finite() {
        let values = random(1, 100_000, 1e10);
        let exact: f64 = values.iter().map(|value| value * value).sum();
        assert!((sum_of_squares(&narrow(&values)) / exact - 1.0).abs() < 1e-12);
        assert!(sum_of_squares(&[1.0, f32::NAN]).is_nan());
        assert_eq!(sum_of_squares(&[1.0, f32::NEG_INFINITY]), f64::INFINITY);
        assert_eq!(sum_of_squares(&[]), 0.0);
    }
}
