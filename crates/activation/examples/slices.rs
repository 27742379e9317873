//! The kernels on plain slices, without any framework: a rational that starts as GELU learns to be another function.
//!
//! `cargo run --release --package pliant-activation --example slices`
#![allow(clippy::print_stdout)]

use std::error::Error;

use pliant_activation::{Activation, ActivationSpec};
use pliant_kernels::adamw::{AdamW, update};

/// Inputs between -4 and 4, as many rows as a layer has tokens.
const ROWS: usize = 256;
const CHANNELS: usize = 16;

/// What fitting gives.
pub(crate) struct Fitted {
    pub(crate) activation: Activation,
    pub(crate) coefficients: Vec<f32>,
    /// Mean squared distance to the target before the first step and after the last.
    pub(crate) errors: [f64; 2],
}

/// Coefficients of `learner` such that it equals `target` as nearly as `steps` of AdamW get it.
pub(crate) fn fit(learner: &str, target: &str, steps: u64) -> Result<Fitted, Box<dyn Error>> {
    let activation = Activation::new(&learner.parse::<ActivationSpec>()?)?;
    let target = Activation::new(&target.parse::<ActivationSpec>()?)?;

    let count = ROWS * CHANNELS;
    let x: Vec<f32> = (0..count)
        .map(|index| 8.0 * index as f32 / (count - 1) as f32 - 4.0)
        .collect();
    let mut wanted = vec![0.0; count];
    target.forward(&[], &x, None, CHANNELS, &mut wanted);

    let mut coefficients = activation.start_coefficients(CHANNELS)?;
    let mut gradients = vec![0.0; coefficients.len()];
    let (mut first_moment, mut second_moment) = (gradients.clone(), gradients.clone());
    let (mut y, mut dy, mut dx) = (vec![0.0; count], vec![0.0; count], vec![0.0; count]);
    let mut error = |coefficients: &[f32], dy: &mut [f32]| {
        activation.forward(coefficients, &x, None, CHANNELS, &mut y);
        let mut sum = 0.0;
        for ((dy, y), wanted) in dy.iter_mut().zip(&y).zip(&wanted) {
            let difference = y - wanted;
            *dy = 2.0 * difference / count as f32;
            sum += f64::from(difference).powi(2);
        }
        sum / count as f64
    };
    let before = error(&coefficients, &mut dy);
    for step in 1..=steps {
        activation.backward(
            &coefficients,
            &x,
            None,
            &dy,
            CHANNELS,
            &mut dx,
            &mut gradients,
        );
        let options = AdamW {
            learning_rate: 1e-2,
            beta1: 0.9,
            beta2: 0.99,
            epsilon: 1e-8,
            weight_decay: 0.0,
            step,
        };
        update(
            &options,
            &mut coefficients,
            &gradients,
            1.0,
            &mut first_moment,
            &mut second_moment,
            None,
        );
        error(&coefficients, &mut dy);
    }
    let after = error(&coefficients, &mut dy);
    Ok(Fitted {
        activation,
        coefficients,
        errors: [before, after],
    })
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let fitted = fit("rational", "tanh", 2000)?;
    let [before, after] = fitted.errors;
    println!("squared distance of the rational to tanh: {before:.4} as GELU, {after:.6} learned");
    let mut rest = fitted.coefficients.as_slice();
    for tensor in fitted.activation.coefficient_tensors(CHANNELS)? {
        let (own, others) = rest.split_at(tensor.len());
        rest = others;
        println!("{} {:?}: {own:.4?}", tensor.name, tensor.shape);
    }
    Ok(())
}
