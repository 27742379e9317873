//! Clipping and `AdamW` as the papers write them, in f64 but for the stored values.

use std::collections::BTreeMap;

use pliant_nn::{MaskedLanguageModel, Role};
use pliant_train::Recipe;

use crate::network::Values;

struct Parameter {
    name: String,
    role: Role,
    first: Vec<f32>,
    second: Vec<f32>,
}

/// Loshchilov and Hutter 2019 with the recipe's default groups.
pub(crate) struct PlainAdamW {
    parameters: Vec<Parameter>,
    betas: [f64; 2],
    epsilon: f64,
    clip: f64,
    /// Of the groups activation, weights, norms and biases.
    decay: [f64; 3],
}

/// Place of a role in the default list of groups.
fn group(role: Role) -> usize {
    match role {
        Role::Activation => 0,
        Role::Norm | Role::Bias => 2,
        _ => 1,
    }
}

impl PlainAdamW {
    pub(crate) fn new(recipe: &Recipe, model: &MaskedLanguageModel) -> Self {
        let parameters = model.parameters().iter().map(|parameter| Parameter {
            name: parameter.name.clone(),
            role: parameter.role,
            first: vec![0.0; parameter.count()],
            second: vec![0.0; parameter.count()],
        });
        Self {
            parameters: parameters.collect(),
            betas: recipe.optimizer.betas,
            epsilon: recipe.optimizer.epsilon,
            clip: recipe.train.gradient_clip,
            decay: [0.0, recipe.optimizer.weight_decay, 0.0],
        }
    }

    /// Applies step `step`, from 1, with the learning rate of each group.
    pub(crate) fn apply(
        &mut self,
        values: &mut Values,
        gradients: &BTreeMap<String, Vec<f32>>,
        learning_rates: &[f64],
        step: u64,
    ) {
        let norm = |coefficients: bool| {
            self.parameters
                .iter()
                .filter(|parameter| (parameter.role == Role::Activation) == coefficients)
                .flat_map(|parameter| &gradients[&parameter.name])
                .map(|slope| f64::from(*slope).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        let factor = |norm: f64| (self.clip / (norm + 1e-6)).min(1.0);
        let factors = [false, true].map(|coefficients| factor(norm(coefficients)));
        let [beta1, beta2] = self.betas;
        let corrections = self.betas.map(|beta| 1.0 - beta.powi(step as i32));
        for parameter in &mut self.parameters {
            let group = group(parameter.role);
            // The group of the coefficients is missing where there are none.
            let rate = learning_rates[learning_rates.len() + group - 3];
            let factor = factors[usize::from(parameter.role == Role::Activation)];
            let values = values.get_mut(&parameter.name).unwrap();
            for (index, slope) in gradients[&parameter.name].iter().enumerate() {
                let slope = f64::from(*slope) * factor;
                let first = beta1 * f64::from(parameter.first[index]) + (1.0 - beta1) * slope;
                let second =
                    beta2 * f64::from(parameter.second[index]) + (1.0 - beta2) * slope * slope;
                parameter.first[index] = first as f32;
                parameter.second[index] = second as f32;
                let value = f64::from(values.numbers[index]);
                let direction =
                    first / corrections[0] / ((second / corrections[1]).sqrt() + self.epsilon);
                values.numbers[index] =
                    (value - rate * self.decay[group] * value - rate * direction) as f32;
            }
        }
    }
}
