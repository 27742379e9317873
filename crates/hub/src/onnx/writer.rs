//! What all parts of a model are made of: linear layers and norms.

use pliant_nn::ModelConfig;

use super::element::Element;
use super::graph::{Attribute, Graph, Tensor};
use super::weights::Weights;
use crate::HubError;

/// Writes a model into a graph, part by part. Nodes are named `{module}/{operator}`, stored tensors as the parameters.
pub(super) struct Writer<'a> {
    pub(super) graph: Graph,
    pub(super) weights: Weights<'a>,
    pub(super) config: &'a ModelConfig,
}

/// The tensors that every sequence comes with, 64-bit integers `[batch, sequence]`.
pub(super) struct Inputs {
    pub(super) ids: Tensor,
    pub(super) mask: Tensor,
    pub(super) types: Tensor,
}

impl Writer<'_> {
    /// Stores a parameter as it is.
    pub(super) fn parameter(&mut self, name: &str) -> Result<Tensor, HubError> {
        let (shape, values) = self.weights.get(name)?;
        self.graph.weights(name, shape, &values)
    }

    /// `x W + b`; the weight is stored turned, so that nobody has to turn it.
    ///
    /// # Shapes
    /// - x: `[…, inputs]`
    /// - output: `[…, outputs]`
    pub(super) fn linear(&mut self, name: &str, x: &Tensor) -> Result<Tensor, HubError> {
        let stored = format!("{name}.weight");
        let (shape, values) = self.weights.get(&stored)?;
        let inputs = shape.last().copied().unwrap_or(1);
        let outputs = values.len() / inputs;
        let mut turned = Vec::with_capacity(values.len());
        for input in 0..inputs {
            turned.extend(values.iter().skip(input).step_by(inputs));
        }
        let weight =
            self.graph
                .weights(&format!("{stored}.transposed"), &[inputs, outputs], &turned)?;
        let bias = self.parameter(&format!("{name}.bias"))?;
        let product = self
            .graph
            .node(&format!("{name}/MatMul"), "MatMul", &[x, &weight], &[]);
        Ok(self
            .graph
            .node(&format!("{name}/Add"), "Add", &[&product, &bias], &[]))
    }

    /// The layer norm of the last axis; of hidden values in f16 it is computed in f32.
    pub(super) fn norm(&mut self, name: &str, x: &Tensor) -> Result<Tensor, HubError> {
        let weight = self.parameter(&format!("{name}.weight"))?;
        let bias = self.parameter(&format!("{name}.bias"))?;
        let epsilon = Attribute::Float(self.config.norm_epsilon as f32);
        Ok(self.graph.node(
            &format!("{name}/LayerNormalization"),
            "LayerNormalization",
            &[x, &weight, &bias],
            &[("axis", Attribute::Integer(-1)), ("epsilon", epsilon)],
        ))
    }

    /// A number in the format of hidden values.
    pub(super) fn number(&mut self, value: f32) -> Result<Tensor, HubError> {
        self.graph.number(self.graph.element(), value)
    }

    /// Hidden values in f32, for what is computed in it whatever the format.
    pub(super) fn widened(&mut self, name: &str, x: &Tensor) -> Tensor {
        self.graph.cast(
            &format!("{name}/Cast_f32"),
            x,
            self.graph.element(),
            Element::F32,
        )
    }

    /// Back again.
    pub(super) fn narrowed(&mut self, name: &str, x: &Tensor) -> Tensor {
        self.graph.cast(
            &format!("{name}/Cast_f16"),
            x,
            Element::F32,
            self.graph.element(),
        )
    }
}
