//! Word, type and position embeddings.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::norm::Norm;
use super::pass::{DropoutPlace, Pass};
use super::source::ParameterSource;
use crate::config::Positions;
use crate::initialisation::Draw;
use crate::operation::{EmbeddingIds, TiedGradient, dropout, embedding};
use crate::parameter::Role;

/// The sum of the embeddings, normalised if so configured, then dropout.
#[derive(Module, Debug)]
pub(crate) struct Embeddings {
    words: Param<Tensor<2>>,
    positions: Option<Param<Tensor<2>>>,
    types: Param<Tensor<2>>,
    norm: Option<Norm>,
    name: String,
}

impl Embeddings {
    /// The embeddings with parameters `{name}.word_embeddings.weight` and so on.
    pub(crate) fn init(name: &str, source: &mut ParameterSource<'_>) -> Self {
        let config = source.config();
        let mut table = |kind: &str, rows: usize| {
            source.single(
                format!("{name}.{kind}_embeddings.weight"),
                Role::Embedding,
                [rows, config.hidden_size],
                Draw::embedding(config),
            )
        };
        Self {
            words: table("word", config.vocabulary_size),
            positions: (config.positions == Positions::Learned)
                .then(|| table("position", config.max_positions)),
            types: table("token_type", config.type_vocabulary_size),
            norm: config
                .embedding_norm
                .then(|| Norm::init(&format!("{name}.LayerNorm"), source)),
            name: name.to_owned(),
        }
    }

    /// # Shapes
    /// - output: `[1, tokens, hidden]`
    pub(crate) fn forward(
        &self,
        ids: &Arc<EmbeddingIds>,
        tied: &Arc<TiedGradient>,
        pass: &mut Pass<'_>,
    ) -> Tensor<3> {
        let positions = self.positions.as_ref().map(Param::val);
        let sum = embedding(self.words.val(), self.types.val(), positions, ids, tied);
        let normalised = match &self.norm {
            Some(norm) => norm.forward(sum),
            None => sum,
        };
        let [_, _, hidden_size] = normalised.dims();
        let output = dropout(
            normalised,
            pass.hidden_dropout(DropoutPlace::Embeddings, hidden_size),
        );
        pass.output(|| self.name.clone(), &output);
        output
    }

    /// The word table `[vocabulary, hidden]`, to which the head is tied.
    pub(crate) fn words(&self) -> Tensor<2> {
        self.words.val()
    }
}
