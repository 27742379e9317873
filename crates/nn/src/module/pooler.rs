//! The pooler of task models: dense layer and activation on the first token. No part of the masked-language model.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use pliant_activation::Activation;

use super::feed_forward::coefficients;
use super::linear::{Linear, LinearConfig};
use super::pass::Pass;
use super::source::ParameterSource;
use crate::config::{Place, resolve_activation};
use crate::error::ModelError;
use crate::initialisation::Draw;
use crate::operation::{bias_activation, gather_rows};
use crate::parameter::Role;

/// `f(W · first token + b)`, with tanh unless the pooler is an activation site.
#[derive(Module, Debug)]
pub(crate) struct Pooler {
    dense: Linear,
    coefficients: Option<Param<Tensor<1>>>,
    name: String,
    #[module(skip)]
    activation: Arc<Activation>,
}

impl Pooler {
    /// The pooler with parameters `{name}.dense.weight`, `{name}.dense.bias`, and `{name}.activation.…` if it is a site.
    pub(crate) fn init(name: &str, source: &mut ParameterSource<'_>) -> Result<Self, ModelError> {
        let config = source.config();
        let hidden_size = config.hidden_size;
        let activation = resolve_activation(config.pooler_activation(), hidden_size, "pooler")?;
        let dense = LinearConfig {
            inputs: hidden_size,
            outputs: hidden_size,
            role: Role::Weight,
            draw: Draw::activated_matrix(
                config,
                hidden_size,
                hidden_size,
                activation.is_learnable(),
            ),
        };
        Ok(Self {
            dense: dense.init(&format!("{name}.dense"), source),
            coefficients: coefficients(&activation, hidden_size, name, source)?,
            name: name.to_owned(),
            activation: Arc::new(activation),
        })
    }

    /// The pooled first real token of every sequence; none is of padding alone.
    ///
    /// # Shapes
    /// - hidden: `[1, tokens, hidden]`
    /// - output: `[sequences, hidden]`
    pub(crate) fn forward(&self, hidden: Tensor<3>, pass: &mut Pass<'_>) -> Tensor<2> {
        let layout = &pass.layout;
        let first_tokens = (0..layout.sequences())
            .map(|sequence| layout.rows(sequence).start as u32)
            .collect();
        let first = gather_rows(hidden, first_tokens);
        let u = self.dense.product(first, &pass.products);
        let bias = self.dense.bias();
        pass.activation_input(Place::Pooler, &u, Some(&bias));
        let coefficients = self.coefficients.as_ref().map(Param::val);
        let pooled = bias_activation(u, bias, coefficients, &self.activation);
        pass.output(|| self.name.clone(), &pooled);
        pooled
    }
}
