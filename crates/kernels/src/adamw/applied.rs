//! How far a step moved the weights, told from what it left behind: no copy of the weights is needed.

use crate::parallel;

use super::AdamW;

/// One tensor behind a step. All slices have the length of the weights.
#[derive(Debug)]
pub struct Applied<'a> {
    /// Settings of the step.
    pub options: AdamW,
    /// Weights behind the step.
    pub weights: &'a [f32],
    /// First moment behind the step.
    pub first_moment: &'a [f32],
    /// Second moment behind the step.
    pub second_moment: &'a [f32],
    /// What decay pulls towards, 0 unless given.
    pub anchor: Option<&'a [f32]>,
}

impl Applied<'_> {
    /// `Σ (weight behind − weight before)²` in f64, in a fixed order, without the rounding of the weights to f32.
    ///
    /// The step was `w' = w + decay * (anchor − w) − rate * direction`, so `w' − w` is
    /// `(decay * (anchor − w') − rate * direction) / (1 − decay)`.
    ///
    /// # Panics
    /// If lengths differ or the step is 0.
    pub fn update_squares(&self) -> f64 {
        let length = self.weights.len();
        assert!(self.options.step > 0, "steps count from 1");
        assert!(
            self.first_moment.len() == length
                && self.second_moment.len() == length
                && self.anchor.is_none_or(|anchor| anchor.len() == length),
            "moments and anchor are as weights"
        );
        let AdamW {
            learning_rate,
            beta1,
            beta2,
            epsilon,
            weight_decay,
            step,
        } = self.options;
        let rate = learning_rate / (1.0 - libm::pow(beta1, step as f64));
        let root = 1.0 / (1.0 - libm::pow(beta2, step as f64)).sqrt();
        let decay = learning_rate * weight_decay;
        let of = |index: usize| {
            let direction = f64::from(self.first_moment[index])
                / (f64::from(self.second_moment[index]).sqrt() * root + epsilon);
            let anchor = self.anchor.map_or(0.0, |anchor| f64::from(anchor[index]));
            (decay * (anchor - f64::from(self.weights[index])) - rate * direction) / (1.0 - decay)
        };
        parallel::map_chunks(length, parallel::ELEMENTS, |range| {
            range
                .map(|index| {
                    let update = of(index);
                    update * update
                })
                .sum::<f64>()
        })
        .into_iter()
        .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adamw::update;
    use crate::parallel::tests::same_at_any_thread_count;
    use crate::testing::{narrow, random};

    #[test]
    fn it_is_the_distance_that_the_kernel_moved() {
        let count = 40_003;
        let start = narrow(&random(1, count, 1.0));
        let other = narrow(&random(2, count, 1.0));
        for anchor in [None, Some(&other[..])] {
            let (mut weights, mut first, mut second) =
                (start.clone(), vec![0.0; count], vec![0.0; count]);
            for step in 1..=3 {
                // A large decay, so that an error in its part would show.
                let options = AdamW {
                    learning_rate: 1e-2,
                    beta1: 0.9,
                    beta2: 0.999,
                    epsilon: 1e-6,
                    weight_decay: 2.0,
                    step,
                };
                let before = weights.clone();
                let gradients = narrow(&random(10 + step, count, 1.0));
                update(
                    &options,
                    &mut weights,
                    &gradients,
                    0.5,
                    &mut first,
                    &mut second,
                    anchor,
                );
                let exact: f64 = weights
                    .iter()
                    .zip(&before)
                    .map(|(after, before)| (f64::from(*after) - f64::from(*before)).powi(2))
                    .sum();
                let applied = Applied {
                    options,
                    weights: &weights,
                    first_moment: &first,
                    second_moment: &second,
                    anchor,
                };
                assert!((applied.update_squares() / exact - 1.0).abs() < 1e-5);
                same_at_any_thread_count(|| applied.update_squares().to_bits());
            }
        }
    }
}
