//! An activation function, as nodes read from its definition.

use pliant_activation::onnx::{MEAN, Operand, formula};
use pliant_activation::{Activation, ActivationError, ActivationSpec};

use super::element::Element;
use super::graph::{Attribute, Tensor};
use super::writer::Writer;
use crate::HubError;

impl Writer<'_> {
    /// The function of a site with the coefficients `{site}.{tensor}`; computed in f32.
    ///
    /// # Shapes
    /// - x, output: `[…, channels]`
    pub(super) fn activation(
        &mut self,
        site: &str,
        spec: &ActivationSpec,
        channels: usize,
        x: &Tensor,
    ) -> Result<Tensor, HubError> {
        let refused = |error: ActivationError| HubError::Activation {
            text: spec.to_string(),
            reason: error.to_string(),
        };
        let activation = Activation::new(spec).map_err(refused)?;
        let mut coefficients = Vec::new();
        if activation.is_learnable() {
            for tensor in activation.coefficient_tensors(channels).map_err(refused)? {
                coefficients.extend(self.weights.get(&format!("{site}.{}", tensor.name))?.1);
            }
        } else {
            coefficients = activation.start_coefficients(channels).map_err(refused)?;
        }
        let formula = formula(&activation, &coefficients, channels).map_err(refused)?;
        if formula.nodes.is_empty() && formula.output == Operand::Input {
            return Ok(x.clone());
        }

        let input = self.widened(site, x);
        let mut constants = Vec::with_capacity(formula.constants.len());
        for constant in &formula.constants {
            let values = &constant.values;
            constants.push(match &constant.name {
                None => self.graph.number(Element::F32, values[0])?,
                Some(name) => {
                    let shape = [values.len()];
                    let shape = if values.len() == 1 { &[] } else { &shape[..] };
                    self.graph
                        .floats(&format!("{site}.{name}"), Element::F32, shape, values)?
                }
            });
        }
        let mut results: Vec<Tensor> = Vec::with_capacity(formula.nodes.len());
        for (index, node) in formula.nodes.iter().enumerate() {
            let inputs: Vec<&Tensor> = node
                .inputs
                .iter()
                .map(|operand| find(*operand, &input, &constants, &results))
                .collect();
            let name = format!("{site}/{index}_{}", node.operator);
            // Until version 17 the axes are no input.
            let over_channels = [
                ("axes", Attribute::Integers(&[-1])),
                ("keepdims", Attribute::Integer(1)),
            ];
            let attributes = if node.operator == MEAN {
                &over_channels[..]
            } else {
                &[]
            };
            let result = self.graph.node(&name, node.operator, &inputs, attributes);
            results.push(result);
        }
        let value = find(formula.output, &input, &constants, &results).clone();
        Ok(self.narrowed(site, &value))
    }
}

fn find<'a>(
    operand: Operand,
    input: &'a Tensor,
    constants: &'a [Tensor],
    results: &'a [Tensor],
) -> &'a Tensor {
    match operand {
        Operand::Input => input,
        Operand::Constant(index) => &constants[index],
        Operand::Node(index) => &results[index],
    }
}
