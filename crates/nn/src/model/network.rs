//! The network behind a model: embeddings, encoder, head.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;
use pliant_kernels::TokenLayout;

use super::input::TokenInput;
use crate::adapter::AdapterKind;
use crate::config::ModelConfig;
use crate::error::ModelError;
use crate::module::{
    Embeddings, Encoder, EncoderConfig, Head, MaskedLmHead, MaskedTarget, Observer,
    ParameterSource, Pass, PassDropout, TaskOutput,
};
use crate::operation::{EmbeddingIds, Products, TaskLoss, TiedGradient};

/// Embeddings, encoder and a head.
#[derive(Module, Debug)]
pub(crate) struct Network<H: Head> {
    embeddings: Embeddings,
    encoder: Encoder,
    pub(crate) head: H,
}

impl<H: Head> Network<H> {
    /// Builds the network from a source of parameters.
    pub(crate) fn init(
        config: &ModelConfig,
        source: &mut ParameterSource<'_>,
        head: impl FnOnce(&mut ParameterSource<'_>) -> Result<H, ModelError>,
    ) -> Result<Self, ModelError> {
        let activations = config
            .layer_activations()?
            .into_iter()
            .enumerate()
            .map(|(layer, spec)| config.feed_forward(spec, &format!("layer.{layer}")))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            embeddings: Embeddings::init("bert.embeddings", source),
            encoder: EncoderConfig { activations }.init("bert.encoder", source)?,
            head: head(source)?,
        })
    }

    /// Gives every layer an adapter.
    pub(crate) fn add_adapter(&mut self, kind: AdapterKind, source: &mut ParameterSource<'_>) {
        self.encoder.add_adapter(kind, source);
    }

    /// Takes the adapters of all layers away.
    pub(crate) fn remove_adapter(&mut self) {
        self.encoder.remove_adapter();
    }

    /// The encoder's output `[1, tokens, hidden]`.
    pub(crate) fn encode(&self, batch: &ForwardBatch, pass: &mut Pass<'_>) -> Tensor<3> {
        let embedded = self.embeddings.forward(&batch.ids, &batch.tied, pass);
        self.encoder.forward(embedded, pass)
    }
}

impl Network<MaskedLmHead> {
    /// `scale` times the summed loss over the masked positions `[1]`; the score is left in the target.
    pub(crate) fn loss(
        &self,
        batch: &ForwardBatch,
        target: &MaskedTarget,
        pass: &mut Pass<'_>,
    ) -> Tensor<1> {
        let hidden = self.encode(batch, pass);
        let words = self.embeddings.words();
        self.head.forward(hidden, words, target, &batch.tied, pass)
    }

    /// What the head projects at some rows, the word table and the bias of the projection.
    pub(crate) fn projection(
        &self,
        batch: &ForwardBatch,
        rows: &Arc<[u32]>,
        pass: &mut Pass<'_>,
    ) -> (Tensor<2>, Tensor<2>, Tensor<1>) {
        let hidden = self.encode(batch, pass);
        let transformed = self.head.transform(hidden, rows, pass);
        (transformed, self.embeddings.words(), self.head.bias())
    }
}

impl Network<TaskOutput> {
    /// The loss `[1]`; score and logits are left in its operation.
    pub(crate) fn loss(
        &self,
        batch: &ForwardBatch,
        loss: &TaskLoss,
        pass: &mut Pass<'_>,
    ) -> Tensor<1> {
        let hidden = self.encode(batch, pass);
        self.head.loss(hidden, loss, pass)
    }

    /// `[sequences, labels]`, or `[tokens, 2]` for spans.
    pub(crate) fn logits(&self, batch: &ForwardBatch, pass: &mut Pass<'_>) -> Vec<f32> {
        let hidden = self.encode(batch, pass);
        self.head.logits(hidden, pass)
    }
}

/// The tokens of a batch in the form in which the modules take them: real ones only.
#[derive(Debug)]
pub(crate) struct ForwardBatch {
    ids: Arc<EmbeddingIds>,
    /// Which tokens belong to which sequence.
    pub(crate) layout: Arc<TokenLayout>,
    tied: Arc<TiedGradient>,
}

impl ForwardBatch {
    /// Copies what a valid input refers to.
    pub(crate) fn new(input: &TokenInput<'_>) -> Self {
        let layout = TokenLayout::new(input.length, input.attention_mask);
        let ids = EmbeddingIds {
            words: layout.pack(input.ids),
            types: layout.pack(input.type_ids),
            positions: layout.positions(),
        };
        Self {
            ids: Arc::new(ids),
            layout: Arc::new(layout),
            tied: Arc::default(),
        }
    }

    /// Rows of tokens by their flat place in the batch.
    pub(crate) fn rows(&self, places: &[u32]) -> Arc<[u32]> {
        places
            .iter()
            .filter_map(|place| self.layout.row(*place as usize))
            .map(|row| row as u32)
            .collect()
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
