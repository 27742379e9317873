//! The network behind the model: embeddings, encoder, head.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;
use pliant_kernels::TokenLayout;

use super::input::ModelInput;
use crate::config::{ModelConfig, resolve_activation};
use crate::error::ModelError;
use crate::module::{
    Embeddings, Encoder, EncoderConfig, MaskedLmHead, MaskedTarget, Observer, ParameterSource,
    Pass, PassDropout,
};
use crate::operation::{EmbeddingIds, HeadOutcome, Products};

/// Embeddings, encoder and masked-language-model head.
#[derive(Module, Debug)]
pub(crate) struct Network {
    embeddings: Embeddings,
    encoder: Encoder,
    head: MaskedLmHead,
}

impl Network {
    /// Builds the network from a source of parameters.
    pub(crate) fn init(
        config: &ModelConfig,
        source: &mut ParameterSource<'_>,
    ) -> Result<Self, ModelError> {
        let activations = config
            .layer_activations()?
            .into_iter()
            .enumerate()
            .map(|(layer, spec)| {
                resolve_activation(spec, config.intermediate_size, &format!("layer.{layer}"))
                    .map(Arc::new)
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            embeddings: Embeddings::init("bert.embeddings", source),
            encoder: EncoderConfig { activations }.init("bert.encoder", source)?,
            head: MaskedLmHead::init("cls.predictions", source)?,
        })
    }

    /// The encoder's output `[1, tokens, hidden]`.
    pub(crate) fn encode(&self, batch: &ForwardBatch, pass: &mut Pass<'_>) -> Tensor<3> {
        let embedded = self.embeddings.forward(&batch.ids, &batch.outcome, pass);
        self.encoder.forward(embedded, pass)
    }

    /// `scale` times the summed loss over the masked positions `[1]`; the score is left in the batch's outcome.
    pub(crate) fn loss(&self, batch: &ForwardBatch, pass: &mut Pass<'_>) -> Tensor<1> {
        let hidden = self.encode(batch, pass);
        self.head.forward(
            hidden,
            self.embeddings.words(),
            &batch.target,
            &batch.outcome,
            pass,
        )
    }
}

/// One batch in the form in which the modules take it: real tokens only.
#[derive(Debug)]
pub(crate) struct ForwardBatch {
    ids: Arc<EmbeddingIds>,
    layout: Arc<TokenLayout>,
    target: MaskedTarget,
    /// Where the head leaves the score.
    pub(crate) outcome: Arc<HeadOutcome>,
}

impl ForwardBatch {
    /// Copies what a valid input refers to.
    pub(crate) fn new(input: &ModelInput<'_>, scale: f32) -> Self {
        let layout = TokenLayout::new(input.length, input.attention_mask);
        let ids = EmbeddingIds {
            words: layout.pack(input.ids),
            types: layout.pack(input.type_ids),
            positions: layout.positions(),
        };
        let rows = input
            .masked_positions
            .iter()
            .filter_map(|place| layout.row(*place as usize))
            .map(|row| row as u32)
            .collect();
        Self {
            ids: Arc::new(ids),
            layout: Arc::new(layout),
            target: MaskedTarget {
                rows,
                labels: input.labels.into(),
                scale,
            },
            outcome: Arc::default(),
        }
    }

    /// Whether all of it is padding.
    pub(crate) fn is_empty(&self) -> bool {
        self.layout.tokens() == 0
    }

    /// A forward pass over this batch.
    pub(crate) fn pass<'a>(
        &self,
        products: Products,
        dropout: Option<PassDropout>,
        observer: Option<&'a mut dyn Observer>,
    ) -> Pass<'a> {
        Pass {
            layout: Arc::clone(&self.layout),
            products,
            dropout,
            observer,
        }
    }
}
