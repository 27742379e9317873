//! An activation by itself: one that follows no bias.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use pliant_activation::{Activation, ActivationSpec};

use super::feed_forward::coefficients;
use super::pass::Pass;
use super::source::ParameterSource;
use crate::config::{Place, resolve_activation};
use crate::error::ModelError;
use crate::operation::activation;

/// A function of hidden values, fixed or learnable.
#[derive(Module, Debug)]
pub(crate) struct PlacedActivation {
    coefficients: Option<Param<Tensor<1>>>,
    #[module(skip)]
    place: Place,
    #[module(skip)]
    activation: Arc<Activation>,
}

impl PlacedActivation {
    /// The function of the hidden values at a place of `layer`, with parameters `{module}.activation.…` if it learns; `None`
    /// where the configuration has none there.
    pub(crate) fn init(
        place: Place,
        layer: usize,
        spec: Option<&ActivationSpec>,
        source: &mut ParameterSource<'_>,
    ) -> Result<Option<Self>, ModelError> {
        let Some(spec) = spec else {
            return Ok(None);
        };
        let config = source.config();
        let spec = config.addition(spec, layer)?;
        let activation = resolve_activation(spec, config.hidden_size, &place.site())?;
        Ok(Some(Self {
            coefficients: coefficients(&activation, config.hidden_size, &place.module(), source)?,
            place,
            activation: Arc::new(activation),
        }))
    }

    /// # Shapes
    /// - x, output: `[1, tokens, hidden]`
    pub(crate) fn forward(&self, x: Tensor<3>, pass: &mut Pass<'_>) -> Tensor<3> {
        pass.activation_input(self.place, &x, None);
        let coefficients = self.coefficients.as_ref().map(Param::val);
        let y = activation(x, coefficients, &self.activation);
        pass.output(|| format!("{}.activation", self.place.module()), &y);
        y
    }
}
