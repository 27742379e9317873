//! The feed-forward sub-layer, with the activation that this program is about.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use pliant_activation::Activation;

use super::linear::{Linear, LinearConfig};
use super::pass::Pass;
use super::source::{ParameterSource, Part};
use crate::adapter::AdapterKind;
use crate::error::ModelError;
use crate::initialisation::Draw;
use crate::operation::{bias_activation, scale_columns};
use crate::parameter::Role;

/// Builds [`FeedForward`].
#[derive(Debug)]
pub(crate) struct FeedForwardConfig {
    /// The layer it belongs to.
    pub(crate) layer: usize,
    /// Its activation.
    pub(crate) activation: Arc<Activation>,
}

impl FeedForwardConfig {
    /// The module with parameters `{name}.intermediate.dense.weight`, `{name}.intermediate.activation.numerator`,
    /// `{name}.output.dense.weight`, ….
    pub(crate) fn init(
        self,
        name: &str,
        source: &mut ParameterSource<'_>,
    ) -> Result<FeedForward, ModelError> {
        let config = source.config();
        let (hidden_size, intermediate_size) = (config.hidden_size, config.intermediate_size);
        let learnable = self.activation.is_learnable();
        let up = LinearConfig {
            inputs: hidden_size,
            outputs: intermediate_size,
            role: Role::Weight,
            draw: Draw::activated_matrix(config, hidden_size, intermediate_size, learnable),
        };
        let down = LinearConfig {
            inputs: intermediate_size,
            outputs: hidden_size,
            role: Role::Weight,
            draw: Draw::after_activation(config, intermediate_size, &self.activation),
        };
        let site = format!("{name}.intermediate");
        Ok(FeedForward {
            up: up.init(&format!("{site}.dense"), source),
            coefficients: coefficients(&self.activation, intermediate_size, &site, source)?,
            down: down.init(&format!("{name}.output.dense"), source),
            factors: None,
            name: site,
            layer: self.layer,
            activation: self.activation,
        })
    }
}

/// The flat coefficient buffer of a site, with parameters `{site}.activation.{tensor}`; `None` for a fixed function.
pub(super) fn coefficients(
    activation: &Activation,
    channels: usize,
    site: &str,
    source: &mut ParameterSource<'_>,
) -> Result<Option<Param<Tensor<1>>>, ModelError> {
    let named = |error| ModelError::Activation {
        site: site.to_owned(),
        source: error,
    };
    let start = activation.start_coefficients(channels).map_err(named)?;
    if start.is_empty() {
        return Ok(None);
    }
    let mut rest = start.as_slice();
    let mut parts = Vec::new();
    for tensor in activation.coefficient_tensors(channels).map_err(named)? {
        let (own, others) = rest.split_at(tensor.shape.iter().product());
        rest = others;
        parts.push(Part {
            name: format!("{site}.activation.{}", tensor.name),
            role: Role::Activation,
            shape: tensor.shape,
            draw: Draw::Values(own.to_vec()),
        });
    }
    Ok(Some(source.fused([start.len()], parts)))
}

/// Up-projection, activation, down-projection; the bias of the last is left to the residual sum.
#[derive(Module, Debug)]
pub(crate) struct FeedForward {
    up: Linear,
    coefficients: Option<Param<Tensor<1>>>,
    /// IA³: factors of the inner values.
    factors: Option<Param<Tensor<1>>>,
    down: Linear,
    name: String,
    layer: usize,
    #[module(skip)]
    activation: Arc<Activation>,
}

impl FeedForward {
    /// Adds what an adapter has for the inner values.
    pub(crate) fn add_adapter(&mut self, kind: AdapterKind, source: &mut ParameterSource<'_>) {
        if kind == AdapterKind::Ia3 {
            self.factors = Some(source.single(
                format!("{}.ia3_l", self.name),
                Role::Adapter,
                [source.config().intermediate_size],
                Draw::Constant(1.0),
            ));
        }
    }

    /// Takes the adapter away.
    pub(crate) fn remove_adapter(&mut self) {
        self.factors = None;
    }

    /// The down-projection without its bias, and that bias.
    ///
    /// # Shapes
    /// - hidden: `[1, tokens, hidden]`
    /// - output: `[1, tokens, hidden]`, `[hidden]`
    pub(crate) fn forward(&self, hidden: Tensor<3>, pass: &mut Pass<'_>) -> (Tensor<3>, Tensor<1>) {
        let u = self.up.product(hidden, &pass.products);
        pass.output(
            || format!("bert.encoder.layer.{}.intermediate.dense", self.layer),
            &u,
        );
        let bias = self.up.bias();
        pass.activation_input(Some(self.layer), &u, &bias);
        let y = bias_activation(
            u,
            bias,
            self.coefficients.as_ref().map(Param::val),
            &self.activation,
        );
        pass.output(
            || format!("bert.encoder.layer.{}.intermediate.activation", self.layer),
            &y,
        );
        let y = match &self.factors {
            None => y,
            Some(factors) => scale_columns(y, factors.val(), 0),
        };
        (self.down.product(y, &pass.products), self.down.bias())
    }
}
