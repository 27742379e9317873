//! An activation by itself: one that follows no bias.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use pliant_activation::Activation;

use super::feed_forward::coefficients;
use super::pass::Pass;
use super::source::ParameterSource;
use crate::config::Place;
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
    /// The function that the configuration has at a place, with parameters `{module}.activation.…` if it learns.
    pub(crate) fn init(
        place: Place,
        source: &mut ParameterSource<'_>,
    ) -> Result<Option<Self>, ModelError> {
        let config = source.config();
        let Some(activation) = config.added_function(place)? else {
            return Ok(None);
        };
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
