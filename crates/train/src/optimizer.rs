//! `AdamW` over the groups of a run.

use std::collections::BTreeMap;

use pliant_kernels::adamw::{self, AdamW, Applied, Tensor};
use pliant_nn::{ParameterInfo, Role};

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

/// Global norms of the gradient: ordered sums of squares in f64, in the order of the parameters.
///
/// The coefficients have a norm of their own: a few numbers that every token passes through have gradients that outweigh
/// those of all weights together, so that a common norm would have them throttle the whole encoder, and only in the arm
/// that has them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GradientNorms {
    /// Of all parameters but the activation coefficients.
    pub(crate) weights: f64,
    /// Of the activation coefficients; 0 where there are none.
    pub(crate) coefficients: f64,
    /// Of each role that has a gradient.
    pub(crate) by_role: BTreeMap<Role, f64>,
}

impl GradientNorms {
    pub(crate) fn of(gradients: &impl GradientSet, parameters: &[ParameterInfo]) -> Self {
        let (roles, slices): (Vec<Role>, Vec<&[f32]>) = parameters
            .iter()
            .enumerate()
            .filter_map(|(index, parameter)| Some((parameter.role, gradients.get(index)?)))
            .unzip();
        let sums = adamw::sums_of_squares(&slices);
        let norm = |of_coefficients: bool| {
            roles
                .iter()
                .zip(&sums)
                .filter(|(role, _)| (**role == Role::Activation) == of_coefficients)
                .map(|(_, sum)| sum)
                .sum::<f64>()
                .sqrt()
        };
        let mut by_role: BTreeMap<Role, f64> = BTreeMap::new();
        for (role, sum) in roles.iter().zip(&sums) {
            *by_role.entry(*role).or_default() += sum;
        }
        for squares in by_role.values_mut() {
            *squares = squares.sqrt();
        }
        Self {
            weights: norm(false),
            coefficients: norm(true),
            by_role,
        }
    }

    pub(crate) fn is_finite(&self) -> bool {
        self.weights.is_finite() && self.coefficients.is_finite()
    }

    /// Brings each norm to at most `limit`.
    pub(crate) fn clip(&self, limit: f64) -> ClipFactors {
        ClipFactors {
            weights: clip_factor(self.weights, limit),
            coefficients: clip_factor(self.coefficients, limit),
        }
    }
}

/// What the gradients are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ClipFactors {
    weights: f64,
    coefficients: f64,
}

impl ClipFactors {
    fn of(self, role: Role) -> f64 {
        if role == Role::Activation {
            self.coefficients
        } else {
            self.weights
        }
    }
}

/// Factor that brings a gradient of norm `norm` to at most `limit`; 1 where `limit` is 0 or not reached.
fn clip_factor(norm: f64, limit: f64) -> f64 {
    if limit > 0.0 {
        (limit / (norm + CLIP_EPSILON)).min(1.0)
    } else {
        1.0
    }
}

impl Optimizer {
    /// Zero moments, none for parameters without a group; `model` holds the values before training.
    pub(crate) fn new(
        grouping: Grouping,
        betas: [f64; 2],
        epsilon: f64,
        model: &impl Trainable,
    ) -> Self {
        let zeros: Vec<Vec<f32>> = model
            .parameters()
            .iter()
            .zip(&grouping.of_parameter)
            .map(|(parameter, group)| vec![0.0; group.map_or(0, |_| parameter.count())])
            .collect();
        let anchors = grouping
            .of_parameter
            .iter()
            .enumerate()
            .map(|(index, group)| {
                let group = &grouping.groups[(*group)?];
                (group.towards == DecayTowards::Start).then(|| model.read(index))
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

    /// Applies step `step` (from 1). A parameter without a group or a gradient stays as it is.
    pub(crate) fn apply<M: Trainable>(
        &mut self,
        model: &mut M,
        gradients: &M::Gradients,
        clip: ClipFactors,
        learning_rates: &[f64],
        step: u64,
    ) -> Result<(), TrainError> {
        let settings = self.settings(learning_rates, step);
        model.update(&mut |parameters, mut weights| {
            let moments = self.first_moments.iter_mut().zip(&mut self.second_moments);
            let tensors = weights.iter_mut().zip(moments).enumerate();
            let tensors = tensors.filter_map(|(index, (weights, (first, second)))| {
                let group = self.grouping.of_parameter[index]?;
                Some(Tensor {
                    options: settings[group],
                    weights,
                    gradients: gradients.get(index)?,
                    gradient_scale: clip.of(parameters[index].role) as f32,
                    first_moment: first,
                    second_moment: second,
                    anchor: self.anchors[index].as_deref(),
                })
            });
            adamw::update_all(tensors.collect());
            self.grouping.ties.copy(&mut weights);
        })?;
        Ok(())
    }

    /// Settings of each group for a step.
    fn settings(&self, learning_rates: &[f64], step: u64) -> Vec<AdamW> {
        let groups = self.grouping.groups.iter().zip(learning_rates);
        groups
            .map(|(group, learning_rate)| AdamW {
                learning_rate: *learning_rate,
                beta1: self.betas[0],
                beta2: self.betas[1],
                epsilon: self.epsilon,
                weight_decay: group.weight_decay,
                step,
            })
            .collect()
    }

    /// Norm of the update that step `step` applied over the norm of the weights behind it, by role, of the parameters that
    /// train. A role whose weights are all zero is left out.
    pub(crate) fn update_ratios(
        &self,
        model: &impl Trainable,
        learning_rates: &[f64],
        step: u64,
    ) -> BTreeMap<Role, f64> {
        let settings = self.settings(learning_rates, step);
        let mut squares: BTreeMap<Role, (f64, f64)> = BTreeMap::new();
        for (index, parameter) in model.parameters().iter().enumerate() {
            let Some(group) = self.grouping.of_parameter[index] else {
                continue;
            };
            let weights = model.read(index);
            let applied = Applied {
                options: settings[group],
                weights: &weights,
                first_moment: &self.first_moments[index],
                second_moment: &self.second_moments[index],
                anchor: self.anchors[index].as_deref(),
            };
            let (updates, values) = squares.entry(parameter.role).or_default();
            *updates += applied.update_squares();
            *values += adamw::sum_of_squares(&weights);
        }
        squares
            .into_iter()
            .map(|(role, (updates, values))| (role, (updates / values).sqrt()))
            .filter(|(_, ratio)| ratio.is_finite())
            .collect()
    }

    /// Moments by name, for a checkpoint.
    pub(crate) fn moments<'o>(
        &'o self,
        parameters: &'o [ParameterInfo],
    ) -> impl Iterator<Item = (String, &'o [usize], &'o [f32])> + 'o {
        parameters
            .iter()
            .enumerate()
            .filter(|(index, _)| self.grouping.of_parameter[*index].is_some())
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
            .zip(&self.grouping.of_parameter)
            .filter(|(_, group)| group.is_some())
            .flat_map(|(((first, second), parameter), _)| {
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
        fn move_onto(&mut self, _: usize, _: usize) {}
    }

    fn parameter(role: Role) -> ParameterInfo {
        ParameterInfo {
            name: String::new(),
            role,
            shape: vec![2],
        }
    }

    #[test]
    fn clipping_is_pytorch_s_formula() {
        let norms = GradientNorms::of(
            &Fixed(vec![vec![3.0, 0.0], vec![0.0, -4.0]]),
            &[Role::Weight, Role::Bias].map(parameter),
        );
        assert_eq!((norms.weights, norms.coefficients), (5.0, 0.0));
        assert_eq!(norms.clip(1.0).of(Role::Weight), 1.0 / (5.0 + 1e-6));
        assert_eq!(norms.clip(6.0).of(Role::Weight), 1.0);
        assert_eq!(norms.clip(0.0).of(Role::Weight), 1.0);
    }

    #[test]
    fn coefficients_do_not_throttle_the_weights() {
        let norms = GradientNorms::of(
            &Fixed(vec![vec![0.3, 0.4], vec![30.0, 40.0]]),
            &[Role::Weight, Role::Activation].map(parameter),
        );
        let clip = norms.clip(1.0);
        assert_eq!(clip.of(Role::Weight), 1.0);
        assert_eq!(clip.of(Role::Activation), 1.0 / (50.0 + 1e-6));
    }

    #[test]
    fn a_non_finite_gradient_reaches_the_norm() {
        let of = |gradients| {
            GradientNorms::of(
                &Fixed(gradients),
                &[Role::Weight, Role::Activation].map(parameter),
            )
        };
        assert!(!of(vec![vec![f32::NAN], vec![1.0]]).is_finite());
        assert!(!of(vec![vec![1.0], vec![f32::INFINITY]]).is_finite());
    }
}
