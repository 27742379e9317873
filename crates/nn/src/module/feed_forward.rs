//! The feed-forward sub-layer, with the activation that this program is about.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use pliant_activation::{Activation, CoefficientTensor};

use super::linear::{self, Linear, LinearConfig};
use super::norm::Norm;
use super::pass::Pass;
use super::placed::PlacedActivation;
use super::source::{ParameterSource, Part};
use crate::adapter::AdapterKind;
use crate::config::{FeedForwardActivation, Place};
use crate::error::ModelError;
use crate::initialisation::Draw;
use crate::operation::{activation, bias_activation, gated_activation, scale_columns};
use crate::parameter::Role;

/// Builds [`FeedForward`].
#[derive(Debug)]
pub(crate) struct FeedForwardConfig {
    /// The layer it belongs to.
    pub(crate) layer: usize,
    /// Its activation.
    pub(crate) activation: FeedForwardActivation,
}

impl FeedForwardConfig {
    /// The module with parameters `{name}.intermediate.dense.weight`, `{name}.intermediate.activation.numerator`,
    /// `{name}.output.dense.weight`, …; with a gate `{name}.intermediate.dense` is its projection, and
    /// `{name}.intermediate.value` that of what it is multiplied by. Additions are `{name}.intermediate.input` and
    /// `{name}.intermediate.LayerNorm`.
    pub(crate) fn init(
        self,
        name: &str,
        source: &mut ParameterSource<'_>,
    ) -> Result<FeedForward, ModelError> {
        let config = source.config();
        let hidden_size = config.hidden_size;
        let FeedForwardActivation {
            function,
            channels,
            is_gated,
        } = self.activation;
        let up = |draw| LinearConfig {
            inputs: hidden_size,
            outputs: channels,
            role: Role::Weight,
            draw,
        };
        let activated =
            Draw::activated_matrix(config, hidden_size, channels, function.is_learnable());
        // A value independent of its gate and of variance one leaves `E[f(z)²]` as it is.
        let down = LinearConfig {
            inputs: channels,
            outputs: hidden_size,
            role: Role::Weight,
            draw: Draw::after_activation(config, channels, &function),
        };
        let site = format!("{name}.intermediate");
        let layer = self.layer;
        let input = PlacedActivation::init(Place::FeedForwardInput { layer }, source)?;
        let mut layers = vec![(format!("{site}.dense"), up(activated))];
        if is_gated {
            let value = up(Draw::matrix(config, hidden_size));
            layers.push((format!("{site}.value"), value));
        }
        let up = linear::fused(layers, source);
        let norm = config
            .additions
            .inner_norm
            .then(|| Norm::over(channels, &format!("{site}.LayerNorm"), source));
        Ok(FeedForward {
            input,
            up,
            norm,
            coefficients: coefficients(&function, channels, &site, source)?,
            down: down.init(&format!("{name}.output.dense"), source),
            factors: None,
            name: site,
            layer,
            channels,
            is_gated,
            activation: function,
        })
    }
}

/// The flat coefficient buffer of a site, with parameters `{site}.activation.{tensor}`; `None` for a fixed function, which knows
/// what it holds.
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
    if !activation.is_learnable() {
        return Ok(None);
    }
    let tensors = activation.start_tensors(channels).map_err(named)?;
    let count = tensors.iter().map(|(tensor, _)| tensor.len()).sum();
    let part = |(tensor, values): (CoefficientTensor, Vec<f32>)| Part {
        name: format!("{site}.activation.{}", tensor.name),
        role: Role::Activation,
        shape: tensor.shape,
        draw: Draw::Values(values),
    };
    let parts = tensors.into_iter().map(part).collect();
    Ok(Some(source.fused([count], parts)))
}

/// Up-projection (with a gate: two of them side by side), activation, down-projection; the bias of the last is left to the residual sum.
#[derive(Module, Debug)]
pub(crate) struct FeedForward {
    /// A function of the hidden values.
    input: Option<PlacedActivation>,
    up: Linear,
    /// Of what the activation is applied to.
    norm: Option<Norm>,
    coefficients: Option<Param<Tensor<1>>>,
    /// IA³: factors of the inner values.
    factors: Option<Param<Tensor<1>>>,
    down: Linear,
    name: String,
    layer: usize,
    channels: usize,
    is_gated: bool,
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
                [self.channels],
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
        let hidden = match &self.input {
            None => hidden,
            Some(activation) => activation.forward(hidden, pass),
        };
        let coefficients = self.coefficients.as_ref().map(Param::val);
        let y = if let Some(norm) = &self.norm {
            let u = norm.forward(self.up.forward(hidden, &pass.products));
            pass.output(|| self.part("LayerNorm"), &u);
            pass.activation_input(self.place(), &u, None);
            activation(u, coefficients, &self.activation)
        } else {
            let u = self.up.product(hidden, &pass.products);
            let bias = self.up.bias();
            self.show_inputs(&u, &bias, pass);
            if self.is_gated {
                gated_activation(u, bias, coefficients, &self.activation)
            } else {
                bias_activation(u, bias, coefficients, &self.activation)
            }
        };
        pass.output(|| self.part("activation"), &y);
        let y = match &self.factors {
            None => y,
            Some(factors) => scale_columns(y, factors.val(), 0),
        };
        (self.down.product(y, &pass.products), self.down.bias())
    }

    /// Shows the outputs of the up-projections and what the activation is applied to.
    fn show_inputs(&self, u: &Tensor<3>, bias: &Tensor<1>, pass: &mut Pass<'_>) {
        if !self.is_gated {
            pass.output(|| self.part("dense"), u);
            pass.activation_input(self.place(), u, Some(bias));
        } else if pass.observer.is_some() {
            let part = |first| u.clone().narrow(2, first, self.channels);
            let gate = part(0);
            pass.output(|| self.part("dense"), &gate);
            pass.output(|| self.part("value"), &part(self.channels));
            let gate_bias = bias.clone().narrow(0, 0, self.channels);
            pass.activation_input(self.place(), &gate, Some(&gate_bias));
        }
    }

    fn place(&self) -> Place {
        Place::FeedForward { layer: self.layer }
    }

    fn part(&self, kind: &str) -> String {
        format!("bert.encoder.layer.{}.intermediate.{kind}", self.layer)
    }
}
