//! What stands on the encoder, and the outputs of the graph.

use pliant_nn::TaskHead;

use super::encoder::Encoded;
use super::graph::{Attribute, Tensor};
use super::message::Size;
use super::writer::{Inputs, Writer};
use crate::HubError;

/// What a file computes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Output {
    /// Hidden values, without a head.
    Hidden,
    /// Logits of all words.
    Words,
    /// What a task's head gives.
    Task(TaskHead),
}

impl Output {
    /// The name of the kind, in the metadata.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Hidden => "encoder",
            Self::Words => "masked-language",
            Self::Task(head) => head.kind(),
        }
    }

    /// The names of the outputs, as `optimum` and `transformers` have them.
    pub(super) fn names(&self) -> &'static [&'static str] {
        match self {
            Self::Hidden => &["last_hidden_state"],
            Self::Task(TaskHead::Span) => &["start_logits", "end_logits"],
            Self::Words | Self::Task(_) => &["logits"],
        }
    }
}

/// The names of the axes whose length is free.
pub(super) fn free_axes() -> [Size; 2] {
    ["batch", "sequence"].map(|name| Size::Named(name.to_owned()))
}

impl Writer<'_> {
    /// The head and the outputs of the graph.
    pub(super) fn head(
        &mut self,
        output: &Output,
        inputs: &Inputs,
        encoded: &Encoded,
    ) -> Result<(), HubError> {
        let [batch, sequence] = free_axes();
        match output {
            Output::Hidden => {
                let shape = [batch, sequence, Size::Fixed(self.config.hidden_size as i64)];
                self.graph.output(
                    "last_hidden_state",
                    &encoded.hidden,
                    &shape,
                    "What the encoder gives for each token.",
                );
            }
            Output::Words => {
                let logits = self.word_logits(encoded)?;
                let shape = [
                    batch,
                    sequence,
                    Size::Fixed(self.config.vocabulary_size as i64),
                ];
                self.graph
                    .output("logits", &logits, &shape, "Of every word at each token.");
            }
            Output::Task(TaskHead::Span) => {
                let both = self.linear("qa_outputs", &encoded.hidden)?;
                for (index, name) in output.names().iter().enumerate() {
                    let which = self.graph.integer(index as i64);
                    let axis = [("axis", Attribute::Integer(2))];
                    let logits = self.graph.node(
                        &format!("qa_outputs/Gather_{index}"),
                        "Gather",
                        &[&both, &which],
                        &axis,
                    );
                    let meaning = "Of each token; those of padding mean nothing.";
                    self.graph
                        .output(name, &logits, &[batch.clone(), sequence.clone()], meaning);
                }
            }
            Output::Task(head) => {
                let pooled = self.pooler(inputs, encoded)?;
                let logits = self.linear("classifier", &pooled)?;
                let shape = [batch, Size::Fixed(head.outputs() as i64)];
                self.graph
                    .output("logits", &logits, &shape, "Of each sequence.");
            }
        }
        Ok(())
    }

    /// Dense layer and activation on the first token of each sequence that is no padding.
    ///
    /// # Shapes
    /// - output: `[batch, hidden]`
    fn pooler(&mut self, inputs: &Inputs, encoded: &Encoded) -> Result<Tensor, HubError> {
        let axis = [
            ("axis", Attribute::Integer(1)),
            ("keepdims", Attribute::Integer(1)),
        ];
        let first = self
            .graph
            .node("bert.pooler/ArgMax", "ArgMax", &[&inputs.mask], &axis);
        let batched = [("batch_dims", Attribute::Integer(1))];
        let first = self.graph.node(
            "bert.pooler/GatherND",
            "GatherND",
            &[&encoded.hidden, &first],
            &batched,
        );
        let dense = self.linear("bert.pooler.dense", &first)?;
        let config = self.config;
        self.activation(
            "bert.pooler.activation",
            config.pooler_activation(),
            config.hidden_size,
            &dense,
        )
    }

    /// Dense layer, GELU, norm, and the projection on the table of word embeddings, which is stored once.
    fn word_logits(&mut self, encoded: &Encoded) -> Result<Tensor, HubError> {
        const NAME: &str = "cls.predictions";
        let gelu = "gelu"
            .parse()
            .map_err(
                |error: pliant_activation::ParseError| HubError::Activation {
                    text: "gelu".to_owned(),
                    reason: error.to_string(),
                },
            )?;
        let transform = format!("{NAME}.transform");
        let dense = self.linear(&format!("{transform}.dense"), &encoded.hidden)?;
        let activated = self.activation(
            &format!("{transform}.activation"),
            &gelu,
            self.config.hidden_size,
            &dense,
        )?;
        let normalised = self.norm(&format!("{transform}.LayerNorm"), &activated)?;
        let axes = [("perm", Attribute::Integers(&[1, 0]))];
        let words = self.graph.node(
            &format!("{NAME}/Transpose_words"),
            "Transpose",
            &[&encoded.words],
            &axes,
        );
        let bias = self.parameter(&format!("{NAME}.bias"))?;
        let product = self.graph.node(
            &format!("{NAME}/MatMul"),
            "MatMul",
            &[&normalised, &words],
            &[],
        );
        Ok(self
            .graph
            .node(&format!("{NAME}/Add"), "Add", &[&product, &bias], &[]))
    }
}
