//! What one forward pass carries through the modules.

use std::sync::Arc;

use burn::tensor::Tensor;
use pliant_kernels::TokenLayout;
use pliant_kernels::attention;
use pliant_kernels::random::{Purpose, Stream};
use pliant_kernels::residual;

use crate::config::Place;
use crate::model::DropoutKey;
use crate::operation::{HiddenDropout, Products, primitive, values};

/// Looks on while a plain (not recorded) pass runs.
pub(crate) trait Observer {
    /// The output of a module, by name; rows of real tokens only.
    fn output(&mut self, name: &str, values: &[f32]);
    /// The input of the activation at a place before its bias `[rows, channels]`, and the bias, if one is to be added.
    fn activation_input(&mut self, place: Place, values: &[f32], bias: Option<&[f32]>);
}

/// Dropout of one pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PassDropout {
    /// The run's seed and the step.
    pub(crate) key: DropoutKey,
    /// Index of the first sequence in the step's whole batch.
    pub(crate) first_sequence: u64,
    /// Probability of dropping a hidden value.
    pub(crate) hidden: f64,
    /// Probability of dropping an attention weight.
    pub(crate) attention: f64,
}

/// A place where values are dropped; each has its own stream of random numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DropoutPlace {
    Embeddings,
    AttentionWeights {
        layer: usize,
    },
    AttentionOutput {
        layer: usize,
    },
    FeedForwardOutput {
        layer: usize,
    },
    /// The pooled output of a task model, one row for each sequence.
    Pooled,
}

impl DropoutPlace {
    fn number(self) -> u64 {
        match self {
            Self::Embeddings => 0,
            Self::AttentionWeights { layer } => 1 + 3 * layer as u64,
            Self::AttentionOutput { layer } => 2 + 3 * layer as u64,
            Self::FeedForwardOutput { layer } => 3 + 3 * layer as u64,
            // The last of 16 bits, behind any layer.
            Self::Pooled => 0xFFFF,
        }
    }
}

/// One forward pass.
pub(crate) struct Pass<'a> {
    /// The real tokens of the batch: the rows of all hidden values. Padding is left out of the whole pass.
    pub(crate) layout: Arc<TokenLayout>,
    /// How matrix products are computed.
    pub(crate) products: Products,
    /// What is dropped, if anything is.
    pub(crate) dropout: Option<PassDropout>,
    /// Who looks on, if anyone does.
    pub(crate) observer: Option<&'a mut dyn Observer>,
}

impl Pass<'_> {
    /// Dropout of hidden values `[1, tokens, columns]` at a place.
    pub(crate) fn hidden_dropout(
        &self,
        place: DropoutPlace,
        columns: usize,
    ) -> Option<HiddenDropout> {
        let (stream, dropout) = self.stream(place, |dropout| dropout.hidden)?;
        Some(HiddenDropout {
            dropout: residual::Dropout {
                probability: dropout.hidden as f32,
                stream,
                first_sequence: dropout.first_sequence,
                elements_per_sequence: self.layout.length() * columns,
            },
            row_index: self.layout.places().cloned(),
        })
    }

    /// Dropout of the pooled output `[sequences, columns]`.
    pub(crate) fn pooled_dropout(&self, columns: usize) -> Option<HiddenDropout> {
        let (stream, dropout) = self.stream(DropoutPlace::Pooled, |dropout| dropout.hidden)?;
        Some(HiddenDropout {
            dropout: residual::Dropout {
                probability: dropout.hidden as f32,
                stream,
                first_sequence: dropout.first_sequence,
                elements_per_sequence: columns,
            },
            row_index: None,
        })
    }

    /// Dropout of attention weights at a place.
    pub(crate) fn attention_dropout(&self, place: DropoutPlace) -> Option<attention::Dropout> {
        let (stream, dropout) = self.stream(place, |dropout| dropout.attention)?;
        Some(attention::Dropout {
            probability: dropout.attention as f32,
            stream,
            first_sequence: dropout.first_sequence,
        })
    }

    /// The stream of a place: 16 bits of the stream's step number the places, the others the optimizer step.
    fn stream(
        &self,
        place: DropoutPlace,
        probability: impl FnOnce(&PassDropout) -> f64,
    ) -> Option<(Stream, PassDropout)> {
        let dropout = self.dropout.filter(|dropout| probability(dropout) > 0.0)?;
        let step = (dropout.key.step << 16) | place.number();
        Some((
            Stream::new(dropout.key.seed, Purpose::Dropout, step),
            dropout,
        ))
    }

    /// Shows the output of a module to the observer.
    pub(crate) fn output<const D: usize>(
        &mut self,
        name: impl FnOnce() -> String,
        tensor: &Tensor<D>,
    ) {
        if let Some(observer) = &mut self.observer {
            observer.output(&name(), values(&primitive(tensor.clone())));
        }
    }

    /// Shows the input of the activation at a place, and the bias that is to be added to it, to the observer.
    pub(crate) fn activation_input<const D: usize>(
        &mut self,
        place: Place,
        tensor: &Tensor<D>,
        bias: Option<&Tensor<1>>,
    ) {
        if let Some(observer) = &mut self.observer {
            let tensor = primitive(tensor.clone());
            let bias = bias.map(|bias| primitive(bias.clone()));
            observer.activation_input(place, values(&tensor), bias.as_ref().map(values));
        }
    }
}
