//! Word, type and position embeddings, and what masks padding.

use pliant_nn::Positions;

use super::graph::{Attribute, Tensor};
use super::writer::{Inputs, Writer};
use crate::HubError;

const NAME: &str = "bert.embeddings";
/// The table of words, which a masked-language-model head reads too.
const WORDS: &str = "bert.embeddings.word_embeddings.weight";

impl Writer<'_> {
    /// The sum of the embeddings, normalised if so configured, and the table of words `[vocabulary, hidden]`.
    ///
    /// # Shapes
    /// - length: `[1]`
    /// - output: `[batch, sequence, hidden]`
    pub(super) fn embeddings(
        &mut self,
        inputs: &Inputs,
        length: &Tensor,
    ) -> Result<(Tensor, Tensor), HubError> {
        let table = self.parameter(WORDS)?;
        let words = self.graph.node(
            &format!("{NAME}.word_embeddings/Gather"),
            "Gather",
            &[&table, &inputs.ids],
            &[],
        );
        let types = self.parameter(&format!("{NAME}.token_type_embeddings.weight"))?;
        let types = self.graph.node(
            &format!("{NAME}.token_type_embeddings/Gather"),
            "Gather",
            &[&types, &inputs.types],
            &[],
        );
        let mut hidden =
            self.graph
                .node(&format!("{NAME}/Add_types"), "Add", &[&words, &types], &[]);
        if self.config.positions == Positions::Learned {
            let positions = self.parameter(&format!("{NAME}.position_embeddings.weight"))?;
            let positions = self.first_rows(
                &format!("{NAME}.position_embeddings/Slice"),
                &positions,
                length,
            );
            hidden = self.graph.node(
                &format!("{NAME}/Add_positions"),
                "Add",
                &[&hidden, &positions],
                &[],
            );
        }
        if self.config.embedding_norm {
            hidden = self.norm(&format!("{NAME}.LayerNorm"), &hidden)?;
        }
        Ok((hidden, table))
    }

    /// The length of the sequences `[1]`.
    pub(super) fn length(&mut self, inputs: &Inputs) -> Tensor {
        self.graph.node(
            "sequence_length/Shape",
            "Shape",
            &[&inputs.ids],
            &[
                ("start", Attribute::Integer(1)),
                ("end", Attribute::Integer(2)),
            ],
        )
    }

    /// The rows of a table for the positions of a sequence. A longer sequence gets all rows, which then do not fit its
    /// hidden values: running it is an error.
    pub(super) fn first_rows(&mut self, name: &str, table: &Tensor, length: &Tensor) -> Tensor {
        let zero = self.graph.integers(&[0]);
        self.graph
            .node(name, "Slice", &[table, &zero, length, &zero], &[])
    }

    /// What is added to attention scores: 0 for tokens, a number far below any score for padding.
    ///
    /// # Shapes
    /// - output: `[batch, 1, 1, sequence]`
    pub(super) fn mask(&mut self, inputs: &Inputs) -> Result<Tensor, HubError> {
        let axes = self.graph.integers(&[1, 2]);
        let mask = self.graph.node(
            "attention_mask/Unsqueeze",
            "Unsqueeze",
            &[&inputs.mask, &axes],
            &[],
        );
        let to = Attribute::Integer(i64::from(self.graph.element().data_type()));
        let mask = self
            .graph
            .node("attention_mask/Cast", "Cast", &[&mask], &[("to", to)]);
        let one = self.number(1.0)?;
        let padding = self
            .graph
            .node("attention_mask/Sub", "Sub", &[&one, &mask], &[]);
        let lowest = self.number(self.graph.element().lowest())?;
        Ok(self
            .graph
            .node("attention_mask/Mul", "Mul", &[&padding, &lowest], &[]))
    }
}
