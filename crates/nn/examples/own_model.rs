//! A rational activation in a Burn model of one's own: the lines marked 1 to 5 are all that Pliant needs.
//!
//! `cargo run --release --package pliant-nn --example own_model`
//!
//! The model learns y = |sin 3x| on [-1, 1] twice, with the GELU of Burn and with the learnable rational, from the same weights on
//! the same batches. The optimizer is `burn::optim` with the feature `optim` of Burn.
#![allow(clippy::print_stdout)]

use std::error::Error;

use burn::module::Module;
use burn::nn::loss::{MseLoss, Reduction};
use burn::nn::{Gelu, Linear, LinearConfig};
use burn::tensor::{Device, Distribution, Tensor};
use burn_optim::{AdamWConfig, GradientsParams};
use pliant_nn::{LearnableActivation, LearnableActivationConfig}; // 1

const CHANNELS: usize = 32;
const BATCH: usize = 128;

/// Somebody's own model; without `activation` it uses GELU.
#[derive(Module, Debug)]
pub(crate) struct Network {
    up: Linear,
    pub(crate) activation: Option<LearnableActivation>, // 2
    down: Linear,
}

impl Network {
    /// The weights come from the generator of the device, so that equal seeds give equal models.
    pub(crate) fn new(activation: Option<&str>, device: &Device) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            up: LinearConfig::new(1, CHANNELS).init(device),
            down: LinearConfig::new(CHANNELS, 1).init(device),
            activation: match activation {
                None => None,
                Some(text) => {
                    let config = LearnableActivationConfig::new(text.parse()?, CHANNELS); // 3
                    Some(config.init(device)?) // 4
                }
            },
        })
    }

    /// # Shapes
    /// - x, output: `[batch, 1]`
    pub(crate) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let hidden = self.up.forward(x);
        let hidden = match &self.activation {
            None => Gelu::new().forward(hidden),
            Some(activation) => activation.forward(hidden), // 5
        };
        self.down.forward(hidden)
    }
}

/// What is learned.
pub(crate) fn target(x: Tensor<2>) -> Tensor<2> {
    (x * 3.0).sin().abs()
}

/// A model trained for some steps, with the mean squared error of the first and the last 20 steps.
pub(crate) fn train(
    activation: Option<&str>,
    steps: usize,
) -> Result<(Network, f32, f32), Box<dyn Error>> {
    let device = Device::flex().autodiff();
    device.seed(1);
    let mut network = Network::new(activation, &device)?;
    let mut optimizer = AdamWConfig::new().init();
    let mut losses = Vec::with_capacity(steps);
    for _ in 0..steps {
        let x = Tensor::random([BATCH, 1], Distribution::Uniform(-1.0, 1.0), &device);
        let loss = MseLoss::new().forward(network.forward(x.clone()), target(x), Reduction::Mean);
        losses.push(loss.clone().into_scalar::<f32>());
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = optimizer.step(1e-2, network, gradients);
    }
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    let window = steps.min(20);
    Ok((
        network,
        mean(&losses[..window]),
        mean(&losses[steps - window..]),
    ))
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    for activation in [None, Some("rational"), Some("rational(share=group(8))")] {
        let (network, first, last) = train(activation, 400)?;
        let name = activation.unwrap_or("gelu of Burn");
        println!(
            "{name}: {} parameters, squared error {first:.5} at first, {last:.5} at last",
            network.num_params()
        );
    }
    Ok(())
}
