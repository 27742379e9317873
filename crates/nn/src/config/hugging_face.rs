//! The configuration as `config.json`, with Hugging Face's keys where there is one.

use pliant_activation::ActivationSpec;
use serde::{Deserialize, Serialize};

use super::{Initialisation, ModelConfig, NormPlacement, Positions, Sites};

/// The value of `model_type`.
pub(crate) const MODEL_TYPE: &str = "pliant";

/// The document; keys in the order in which they are written.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ConfigDocument {
    model_type: String,
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    position_embedding_type: Positions,
    norm_placement: NormPlacement,
    embedding_norm: bool,
    layer_norm_eps: f64,
    hidden_dropout_prob: f64,
    attention_probs_dropout_prob: f64,
    initialisation: Initialisation,
    activation: ActivationSpec,
    activation_sites: Sites,
    hidden_act: ActivationSpec,
    pooler_act: ActivationSpec,
}

impl ConfigDocument {
    /// The document of a configuration.
    pub(crate) fn of(config: &ModelConfig) -> Self {
        Self {
            model_type: MODEL_TYPE.to_owned(),
            vocab_size: config.vocabulary_size,
            hidden_size: config.hidden_size,
            num_hidden_layers: config.layers,
            num_attention_heads: config.heads,
            intermediate_size: config.intermediate_size,
            max_position_embeddings: config.max_positions,
            type_vocab_size: config.type_vocabulary_size,
            position_embedding_type: config.positions,
            norm_placement: config.norm,
            embedding_norm: config.embedding_norm,
            layer_norm_eps: config.norm_epsilon,
            hidden_dropout_prob: config.dropout,
            attention_probs_dropout_prob: config.attention_dropout,
            initialisation: config.initialisation,
            activation: config.activation.clone(),
            activation_sites: config.sites.clone(),
            hidden_act: config.fixed_activation.clone(),
            pooler_act: config.fixed_pooler_activation.clone(),
        }
    }

    /// The configuration, if the document is one of ours.
    pub(crate) fn into_config(self) -> Result<ModelConfig, String> {
        if self.model_type != MODEL_TYPE {
            return Err(format!(
                "model_type is \"{}\", not \"{MODEL_TYPE}\"",
                self.model_type
            ));
        }
        Ok(ModelConfig {
            vocabulary_size: self.vocab_size,
            hidden_size: self.hidden_size,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            intermediate_size: self.intermediate_size,
            max_positions: self.max_position_embeddings,
            type_vocabulary_size: self.type_vocab_size,
            positions: self.position_embedding_type,
            norm: self.norm_placement,
            embedding_norm: self.embedding_norm,
            norm_epsilon: self.layer_norm_eps,
            dropout: self.hidden_dropout_prob,
            attention_dropout: self.attention_probs_dropout_prob,
            initialisation: self.initialisation,
            activation: self.activation,
            fixed_activation: self.hidden_act,
            sites: self.activation_sites,
            fixed_pooler_activation: self.pooler_act,
        })
    }
}
