//! `AdamW` over the groups of a run.

use pliant_kernels::adamw::{self, AdamW};
use pliant_nn::ParameterInfo;

use crate::TrainError;
use crate::group::Grouping;
use crate::recipe::DecayTowards;
use crate::schedule::Moment;
use crate::trainable::{GradientSet, Trainable};

/// Moments of every parameter, and what decay pulls towards.
#[derive(Debug)]
pub(crate) struct Optimizer {
    grouping: Grouping,
    betas: [f64; 2],
    epsilon: f64,
    first_moments: Vec<Vec<f32>>,
    second_moments: Vec<Vec<f32>>,
    /// Values before training, where decay pulls towards them.
    anchors: Vec<Option<Vec<f32>>>,
}

/// Added to the norm before dividing, as `clip_grad_norm_` of `PyTorch` does.
const CLIP_EPSILON: f64 = 1e-6;

/// Global norm of the gradients: ordered sums of squares in f64, in the order of the parameters.
pub(crate) fn gradient_norm(gradients: &impl GradientSet, parameters: usize) -> f64 {
    (0..parameters)
        .filter_map(|index| gradients.get(index))
        .map(adamw::sum_of_squares)
        .sum::<f64>()
        .sqrt()
}

/// Factor that brings a gradient of norm `norm` to at most `limit`; 1 where `limit` is 0 or not reached.
pub(crate) fn clip_factor(norm: f64, limit: f64) -> f64 {
    if limit > 0.0 {
        (limit / (norm + CLIP_EPSILON)).min(1.0)
    } else {
        1.0
    }
}

impl Optimizer {
    /// Zero moments; `model` holds the values before training.
    pub(crate) fn new(
        grouping: Grouping,
        betas: [f64; 2],
        epsilon: f64,
        model: &impl Trainable,
    ) -> Self {
        let zeros: Vec<Vec<f32>> = model
            .parameters()
            .iter()
            .map(|parameter| vec![0.0; parameter.count()])
            .collect();
        let anchors = grouping
            .of_parameter
            .iter()
            .enumerate()
            .map(|(index, group)| {
                (grouping.groups[*group].towards == DecayTowards::Start).then(|| model.read(index))
            })
            .collect();
        Self {
            grouping,
            betas,
            epsilon,
            first_moments: zeros.clone(),
            second_moments: zeros,
            anchors,
        }
    }

    pub(crate) fn grouping(&self) -> &Grouping {
        &self.grouping
    }

    /// The learning rate of each group for the step that comes next.
    pub(crate) fn learning_rates(&self, moment: Moment) -> Vec<f64> {
        self.grouping
            .groups
            .iter()
            .map(|group| group.learning_rate * group.schedule.factor(moment))
            .collect()
    }

    /// Applies step `step` (from 1). A parameter without a gradient stays as it is.
    pub(crate) fn apply<M: Trainable>(
        &mut self,
        model: &mut M,
        gradients: &M::Gradients,
        gradient_scale: f64,
        learning_rates: &[f64],
        step: u64,
    ) -> Result<(), TrainError> {
        model.update(&mut |index, _: &ParameterInfo, weights| {
            let Some(gradient) = gradients.get(index) else {
                return;
            };
            let group = self.grouping.of_parameter[index];
            let options = AdamW {
                learning_rate: learning_rates[group],
                beta1: self.betas[0],
                beta2: self.betas[1],
                epsilon: self.epsilon,
                weight_decay: self.grouping.groups[group].weight_decay,
                step,
            };
            adamw::update(
                &options,
                weights,
                gradient,
                gradient_scale as f32,
                &mut self.first_moments[index],
                &mut self.second_moments[index],
                self.anchors[index].as_deref(),
            );
        })?;
        Ok(())
    }

    /// Moments by name, for a checkpoint.
    pub(crate) fn moments<'o>(
        &'o self,
        parameters: &'o [ParameterInfo],
    ) -> impl Iterator<Item = (String, &'o [usize], &'o [f32])> + 'o {
        parameters
            .iter()
            .enumerate()
            .flat_map(|(index, parameter)| {
                [
                    ("first_moment", &self.first_moments[index]),
                    ("second_moment", &self.second_moments[index]),
                ]
                .map(|(name, values)| {
                    (
                        format!("{}.{name}", parameter.name),
                        parameter.shape.as_slice(),
                        values.as_slice(),
                    )
                })
            })
    }

    /// Where the moments of a checkpoint go, by the same names.
    pub(crate) fn moments_mut<'o>(
        &'o mut self,
        parameters: &'o [ParameterInfo],
    ) -> impl Iterator<Item = (String, &'o mut Vec<f32>)> + 'o {
        self.first_moments
            .iter_mut()
            .zip(&mut self.second_moments)
            .zip(parameters)
            .flat_map(|((first, second), parameter)| {
                [
                    (format!("{}.first_moment", parameter.name), first),
                    (format!("{}.second_moment", parameter.name), second),
                ]
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Vec<Vec<f32>>);
    impl GradientSet for Fixed {
        fn get(&self, index: usize) -> Option<&[f32]> {
            self.0.get(index).map(Vec::as_slice)
        }
        fn accumulate(&mut self, _: Self) {}
    }

    #[test]
    fn clipping_is_pytorch_s_formula() {
        let norm = gradient_norm(&Fixed(vec![vec![3.0, 0.0], vec![0.0, -4.0]]), 2);
        assert_eq!(norm, 5.0);
        assert_eq!(clip_factor(norm, 1.0), 1.0 / (5.0 + 1e-6));
        assert_eq!(clip_factor(norm, 6.0), 1.0);
        assert_eq!(clip_factor(norm, 0.0), 1.0);
    }

    #[test]
    fn a_non_finite_gradient_reaches_the_norm() {
        assert!(gradient_norm(&Fixed(vec![vec![1.0], vec![f32::NAN]]), 2).is_nan());
        assert!(gradient_norm(&Fixed(vec![vec![f32::INFINITY]]), 1).is_infinite());
    }
}
