//! One set of values for all layers: the first layer's learn from the gradients of all, the others follow.

use std::collections::BTreeMap;

use pliant_nn::ParameterInfo;

use crate::TrainError;
use crate::trainable::{GradientSet, Trainable};

/// What stands before the number of a layer in the names of its parameters.
const LAYER: &str = ".layer.";

/// Which parameters follow which.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ties {
    /// (the one that follows, the one of the first layer)
    pairs: Vec<(usize, usize)>,
}

impl Ties {
    /// Ties those of `members` whose names differ in the number of the layer only.
    pub(crate) fn add(&mut self, members: &[usize], parameters: &[ParameterInfo]) {
        let mut first: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for index in members {
            let Some(place) = without_layer(&parameters[*index].name) else {
                continue;
            };
            let leader = *first.entry(place).or_insert(*index);
            if leader != *index {
                self.pairs.push((*index, leader));
            }
        }
    }

    /// Refuses what cannot be tied.
    ///
    /// # Errors
    /// [`TrainError::Untied`] where two of them begin with different values, or belong to different functions.
    pub(crate) fn check(&self, model: &impl Trainable) -> Result<(), TrainError> {
        let parameters = model.parameters();
        let function = |index: usize| {
            let name = &parameters[index].name;
            let site = model
                .sites()
                .iter()
                .find(|site| site.parameter_names.contains(name));
            site.map(|site| site.activation.spec())
        };
        for (follower, leader) in &self.pairs {
            if function(*follower) != function(*leader)
                || model.read(*follower) != model.read(*leader)
            {
                return Err(TrainError::Untied {
                    parameter: parameters[*follower].name.clone(),
                    first: parameters[*leader].name.clone(),
                });
            }
        }
        Ok(())
    }

    /// Whether nothing is tied.
    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Whether a parameter follows another.
    pub(crate) fn follows(&self, index: usize) -> bool {
        self.pairs.iter().any(|(follower, _)| *follower == index)
    }

    /// Moves the gradients of those that follow onto those that they follow.
    pub(crate) fn gather(&self, gradients: &mut impl GradientSet) {
        for (follower, leader) in &self.pairs {
            gradients.move_onto(*follower, *leader);
        }
    }

    /// Gives those that follow the values of those that they follow.
    pub(crate) fn copy(&self, weights: &mut [&mut [f32]]) {
        for (follower, leader) in &self.pairs {
            if let Ok([follower, leader]) = weights.get_disjoint_mut([*follower, *leader]) {
                follower.copy_from_slice(leader);
            }
        }
    }
}

/// What stands before and behind the number of the layer.
fn without_layer(name: &str) -> Option<(&str, &str)> {
    let (before, rest) = name.split_once(LAYER)?;
    let (_, behind) = rest.split_once('.')?;
    Some((before, behind))
}

#[cfg(test)]
mod tests {
    use pliant_nn::Role;

    use super::*;

    struct Values(Vec<Vec<f32>>);
    impl GradientSet for Values {
        fn get(&self, index: usize) -> Option<&[f32]> {
            self.0.get(index).map(Vec::as_slice)
        }
        fn accumulate(&mut self, _: Self) {}
        fn move_onto(&mut self, source: usize, target: usize) {
            let moved = std::mem::replace(&mut self.0[source], vec![0.0; 2]);
            for (sum, value) in self.0[target].iter_mut().zip(moved) {
                *sum += value;
            }
        }
    }

    #[test]
    fn layers_follow_the_first_and_other_places_do_not() {
        let names = [
            "bert.encoder.layer.0.intermediate.activation.numerator",
            "bert.encoder.layer.0.intermediate.activation.denominator",
            "bert.encoder.layer.0.attention.output.activation.numerator",
            "bert.encoder.layer.1.intermediate.activation.numerator",
            "bert.pooler.activation.numerator",
            "bert.encoder.layer.10.intermediate.activation.numerator",
        ];
        let parameters = names.map(|name| ParameterInfo {
            name: name.to_owned(),
            role: Role::Activation,
            shape: vec![2],
        });
        let mut ties = Ties::default();
        ties.add(&[0, 1, 2, 3, 4, 5], &parameters);
        assert_eq!(ties.pairs, [(3, 0), (5, 0)]);
        let followers: Vec<usize> = (0..6).filter(|index| ties.follows(*index)).collect();
        assert_eq!(followers, [3, 5]);

        let mut gradients = Values((0..6).map(|index| vec![index as f32, 1.0]).collect());
        ties.gather(&mut gradients);
        assert_eq!(gradients.0[0], [8.0, 3.0]);
        assert_eq!([&gradients.0[3], &gradients.0[5]], [&[0.0, 0.0]; 2]);
        assert_eq!(gradients.0[4], [4.0, 1.0]);

        let mut weights: Vec<Vec<f32>> = (0..6).map(|index| vec![index as f32; 2]).collect();
        let mut slices: Vec<&mut [f32]> = weights.iter_mut().map(Vec::as_mut_slice).collect();
        ties.copy(&mut slices);
        assert_eq!(weights.concat()[6..], [0.0, 0.0, 4.0, 4.0, 0.0, 0.0]);
    }
}
