//! Multi-head self-attention.

use super::graph::{Attribute, Tensor};
use super::writer::Writer;
use crate::HubError;

/// Axis of the channels in `[batch, sequence, heads, channels]`.
const CHANNELS: i64 = 3;

/// Cosines and sines of the positions of a sequence, `[sequence, 1, channels / 2]`.
pub(super) struct Rotation {
    cosines: Tensor,
    sines: Tensor,
}

/// What the attention of every layer reads beside hidden values.
pub(super) struct Shared {
    /// Added to scores `[batch, 1, 1, sequence]`.
    pub(super) mask: Tensor,
    pub(super) rotation: Option<Rotation>,
}

impl Writer<'_> {
    /// The angles of the positions of a sequence, if the model turns queries and keys.
    pub(super) fn rotation(&mut self, length: &Tensor) -> Result<Option<Rotation>, HubError> {
        let Some(rotary) = self.config.rotary() else {
            return Ok(None);
        };
        let shape = [self.config.max_positions, 1, self.config.head_size() / 2];
        let mut table = |name: &str, values: &[f32]| -> Result<Tensor, HubError> {
            let table = self
                .graph
                .weights(&format!("rotary.{name}"), &shape, values)?;
            Ok(self.first_rows(&format!("rotary.{name}/Slice"), &table, length))
        };
        Ok(Some(Rotation {
            cosines: table("cosines", rotary.cosines())?,
            sines: table("sines", rotary.sines())?,
        }))
    }

    /// The attention of a layer with its output projection.
    ///
    /// # Shapes
    /// - hidden, output: `[batch, sequence, hidden]`
    pub(super) fn attention(
        &mut self,
        name: &str,
        hidden: &Tensor,
        shared: &Shared,
    ) -> Result<Tensor, HubError> {
        let place = format!("{name}.self");
        let mut heads = |kind: &str, axes: &[i64; 4]| -> Result<Tensor, HubError> {
            let part = format!("{place}.{kind}");
            let flat = self.linear(&part, hidden)?;
            // 0 keeps an axis as it is.
            let shape = [
                0,
                0,
                self.config.heads as i64,
                self.config.head_size() as i64,
            ];
            let shape = self.graph.integers(&shape);
            let mut split =
                self.graph
                    .node(&format!("{part}/Reshape"), "Reshape", &[&flat, &shape], &[]);
            if let Some(rotation) = shared.rotation.as_ref().filter(|_| kind != "value") {
                split = self.turn(&part, &split, rotation);
            }
            let axes = [("perm", Attribute::Integers(axes))];
            Ok(self
                .graph
                .node(&format!("{part}/Transpose"), "Transpose", &[&split], &axes))
        };
        let query = heads("query", &[0, 2, 1, 3])?;
        let key = heads("key", &[0, 2, 3, 1])?;
        let value = heads("value", &[0, 2, 1, 3])?;

        let root = self.number((self.config.head_size() as f64).sqrt() as f32)?;
        let graph = &mut self.graph;
        let scores = graph.node(
            &format!("{place}.scores/MatMul"),
            "MatMul",
            &[&query, &key],
            &[],
        );
        let scores = graph.node(
            &format!("{place}.scores/Div"),
            "Div",
            &[&scores, &root],
            &[],
        );
        let scores = graph.node(
            &format!("{place}.scores/Add"),
            "Add",
            &[&scores, &shared.mask],
            &[],
        );
        let last = [("axis", Attribute::Integer(-1))];
        let shares = graph.node(
            &format!("{place}.scores/Softmax"),
            "Softmax",
            &[&scores],
            &last,
        );
        let context = graph.node(
            &format!("{place}.context/MatMul"),
            "MatMul",
            &[&shares, &value],
            &[],
        );
        let axes = [("perm", Attribute::Integers(&[0, 2, 1, 3]))];
        let context = graph.node(
            &format!("{place}.context/Transpose"),
            "Transpose",
            &[&context],
            &axes,
        );
        let shape = graph.integers(&[0, 0, self.config.hidden_size as i64]);
        let context = graph.node(
            &format!("{place}.context/Reshape"),
            "Reshape",
            &[&context, &shape],
            &[],
        );
        self.linear(&format!("{name}.output.dense"), &context)
    }

    /// Turns the halves of every head against each other.
    fn turn(&mut self, name: &str, x: &Tensor, rotation: &Rotation) -> Tensor {
        let graph = &mut self.graph;
        let axis = [("axis", Attribute::Integer(CHANNELS))];
        let [first, second] = graph.halves(&format!("{name}/Split"), "Split", &[x], &axis);
        let mut product = |what: &str, half: &Tensor, by: &Tensor| {
            graph.node(&format!("{name}/Mul_{what}"), "Mul", &[half, by], &[])
        };
        let first_cosine = product("first_cosine", &first, &rotation.cosines);
        let second_sine = product("second_sine", &second, &rotation.sines);
        let second_cosine = product("second_cosine", &second, &rotation.cosines);
        let first_sine = product("first_sine", &first, &rotation.sines);
        let first = graph.node(
            &format!("{name}/Sub"),
            "Sub",
            &[&first_cosine, &second_sine],
            &[],
        );
        let second = graph.node(
            &format!("{name}/Add_turned"),
            "Add",
            &[&second_cosine, &first_sine],
            &[],
        );
        graph.node(
            &format!("{name}/Concat"),
            "Concat",
            &[&first, &second],
            &axis,
        )
    }
}
