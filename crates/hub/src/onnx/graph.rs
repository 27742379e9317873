//! A graph as it grows: nodes and tensors with the names under which people will see them.

use std::collections::BTreeMap;

use super::element::Element;
use super::message::{
    AttributeProto, Dimension, GraphProto, NodeProto, Size, TensorProto, TensorShapeProto,
    TensorTypeProto, TypeProto, ValueInfoProto, attribute_type, data_type,
};
use crate::HubError;

/// A tensor by its name; a node's first output is named as the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tensor(String);

/// An attribute of a node.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attribute<'a> {
    Float(f32),
    Integer(i64),
    Integers(&'a [i64]),
}

/// A graph that is being written.
pub(super) struct Graph {
    element: Element,
    proto: GraphProto,
    /// Numbers and lists that nodes share, by name.
    shared: BTreeMap<String, Tensor>,
}

impl Graph {
    pub(super) fn new(name: &str, element: Element) -> Self {
        Self {
            element,
            proto: GraphProto {
                name: name.to_owned(),
                ..GraphProto::default()
            },
            shared: BTreeMap::new(),
        }
    }

    /// The format of weights and hidden values.
    pub(super) fn element(&self) -> Element {
        self.element
    }

    /// An input of 64-bit integers.
    pub(super) fn input(&mut self, name: &str, shape: &[Size], meaning: &str) -> Tensor {
        self.proto
            .input
            .push(value_info(name, data_type::INT64, shape, meaning));
        Tensor(name.to_owned())
    }

    /// A stored tensor in the format of the graph.
    pub(super) fn weights(
        &mut self,
        name: &str,
        shape: &[usize],
        values: &[f32],
    ) -> Result<Tensor, HubError> {
        self.floats(name, self.element, shape, values)
    }

    /// A stored tensor in a format.
    pub(super) fn floats(
        &mut self,
        name: &str,
        element: Element,
        shape: &[usize],
        values: &[f32],
    ) -> Result<Tensor, HubError> {
        let bytes = element.bytes(name, values)?;
        Ok(self.store(name, element.data_type(), shape, bytes))
    }

    /// A number in a format, stored once.
    pub(super) fn number(&mut self, element: Element, value: f32) -> Result<Tensor, HubError> {
        let format = if element == Element::F32 {
            "f32"
        } else {
            "f16"
        };
        let name = format!("constant/{value:?}_{format}");
        if let Some(known) = self.shared.get(&name) {
            return Ok(known.clone());
        }
        let tensor = self.floats(&name, element, &[], &[value])?;
        self.shared.insert(name, tensor.clone());
        Ok(tensor)
    }

    /// A list of integers, as shapes and axes are, stored once.
    pub(super) fn integers(&mut self, values: &[i64]) -> Tensor {
        let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
        self.integer_tensor(
            &format!("constant/[{}]", texts.join(",")),
            &[values.len()],
            values,
        )
    }

    /// One integer without an axis, stored once.
    pub(super) fn integer(&mut self, value: i64) -> Tensor {
        self.integer_tensor(&format!("constant/{value}"), &[], &[value])
    }

    fn integer_tensor(&mut self, name: &str, shape: &[usize], values: &[i64]) -> Tensor {
        if let Some(known) = self.shared.get(name) {
            return known.clone();
        }
        let bytes = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let tensor = self.store(name, data_type::INT64, shape, bytes);
        self.shared.insert(name.to_owned(), tensor.clone());
        tensor
    }

    fn store(&mut self, name: &str, data_type: i32, shape: &[usize], bytes: Vec<u8>) -> Tensor {
        self.proto.initializer.push(TensorProto {
            dims: shape.iter().map(|size| *size as i64).collect(),
            data_type,
            name: name.to_owned(),
            raw_data: bytes,
        });
        Tensor(name.to_owned())
    }

    /// A node with one output.
    pub(super) fn node(
        &mut self,
        name: &str,
        operator: &str,
        inputs: &[&Tensor],
        attributes: &[(&str, Attribute<'_>)],
    ) -> Tensor {
        self.push(name, operator, inputs, attributes, vec![name.to_owned()]);
        Tensor(name.to_owned())
    }

    /// A node with two outputs.
    pub(super) fn halves(
        &mut self,
        name: &str,
        operator: &str,
        inputs: &[&Tensor],
        attributes: &[(&str, Attribute<'_>)],
    ) -> [Tensor; 2] {
        let outputs = ["first", "second"].map(|half| format!("{name}/{half}"));
        self.push(name, operator, inputs, attributes, outputs.to_vec());
        outputs.map(Tensor)
    }

    fn push(
        &mut self,
        name: &str,
        operator: &str,
        inputs: &[&Tensor],
        attributes: &[(&str, Attribute<'_>)],
        output: Vec<String>,
    ) {
        self.proto.node.push(NodeProto {
            input: inputs.iter().map(|tensor| tensor.0.clone()).collect(),
            output,
            name: name.to_owned(),
            op_type: operator.to_owned(),
            attribute: attributes
                .iter()
                .map(|(name, value)| attribute(name, *value))
                .collect(),
        });
    }

    /// The tensor in another format; itself if it has it already.
    pub(super) fn cast(
        &mut self,
        name: &str,
        tensor: &Tensor,
        from: Element,
        to: Element,
    ) -> Tensor {
        if from == to {
            return tensor.clone();
        }
        let to = Attribute::Integer(i64::from(to.data_type()));
        self.node(name, "Cast", &[tensor], &[("to", to)])
    }

    /// Makes the result of a node an output in f32, under a name of its own.
    pub(super) fn output(&mut self, name: &str, tensor: &Tensor, shape: &[Size], meaning: &str) {
        let Tensor(old) = self.cast(&format!("{name}/Cast"), tensor, self.element, Element::F32);
        for node in &mut self.proto.node {
            for other in node.output.iter_mut().chain(&mut node.input) {
                if *other == old {
                    name.clone_into(other);
                }
            }
        }
        self.proto
            .output
            .push(value_info(name, data_type::FLOAT, shape, meaning));
    }

    /// The finished graph.
    pub(super) fn into_proto(self) -> GraphProto {
        self.proto
    }
}

fn attribute(name: &str, value: Attribute<'_>) -> AttributeProto {
    let mut attribute = AttributeProto {
        name: name.to_owned(),
        ..AttributeProto::default()
    };
    match value {
        Attribute::Float(value) => (attribute.f, attribute.r#type) = (value, attribute_type::FLOAT),
        Attribute::Integer(value) => (attribute.i, attribute.r#type) = (value, attribute_type::INT),
        Attribute::Integers(values) => {
            (attribute.ints, attribute.r#type) = (values.to_vec(), attribute_type::INTS);
        }
    }
    attribute
}

fn value_info(name: &str, data_type: i32, shape: &[Size], meaning: &str) -> ValueInfoProto {
    let dim = shape.iter().map(|size| Dimension {
        value: Some(size.clone()),
    });
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: data_type,
                shape: Some(TensorShapeProto { dim: dim.collect() }),
            }),
        }),
        doc_string: meaning.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_output_takes_its_name_wherever_the_tensor_is_read() {
        let mut graph = Graph::new("test", Element::F32);
        let x = graph.input("x", &[Size::Fixed(2)], "");
        let a = graph.node("a", "Abs", &[&x], &[]);
        graph.node("b", "Neg", &[&a], &[]);
        graph.output("y", &a, &[Size::Fixed(2)], "");
        let proto = graph.into_proto();
        assert_eq!(proto.node[0].output, ["y"]);
        assert_eq!(proto.node[1].input, ["y"]);
        assert_eq!(proto.node[0].name, "a");
    }

    #[test]
    fn numbers_and_shapes_are_stored_once() {
        let mut graph = Graph::new("test", Element::F16);
        for _ in 0..2 {
            graph.number(Element::F32, 1.0).unwrap();
            graph.number(Element::F16, 1.0).unwrap();
            graph.integers(&[1]);
            graph.integer(1);
        }
        let names: Vec<String> = graph
            .into_proto()
            .initializer
            .into_iter()
            .map(|tensor| tensor.name)
            .collect();
        assert_eq!(
            names,
            [
                "constant/1.0_f32",
                "constant/1.0_f16",
                "constant/[1]",
                "constant/1"
            ]
        );
    }
}
