//! What a model is made of.

mod additions;
mod choice;
mod feed_forward;
mod hugging_face;
mod place;
mod preset;
mod sites;

use pliant_activation::{Activation, ActivationSpec};
use pliant_kernels::attention::Rotary;
use serde::{Deserialize, Serialize};

pub use additions::Additions;
pub use choice::{Initialisation, NormPlacement, Positions};
pub(crate) use feed_forward::FeedForwardActivation;
pub(crate) use hugging_face::ConfigDocument;
pub use place::Place;
pub use preset::Preset;
pub use sites::Sites;

use crate::error::ModelError;

/// Base of the rotation frequencies (Su et al. 2021).
const ROTARY_BASE: f64 = 10_000.0;

/// Shape, placement and functions of an encoder with a masked-language-model head.
///
/// [`Preset::config`] gives a complete one; its fields can then be changed, and [`ModelConfig::validate`] says whether they
/// fit each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Number of tokens known.
    pub vocabulary_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Number of encoder layers.
    pub layers: usize,
    /// Number of attention heads; divides the hidden size.
    pub heads: usize,
    /// Width of the feed-forward layer; one with a gate has [two thirds](Self::inner_size) of it.
    pub intermediate_size: usize,
    /// Longest sequence, in tokens.
    pub max_positions: usize,
    /// Number of token types (segments).
    pub type_vocabulary_size: usize,
    /// How a token knows where it stands.
    pub positions: Positions,
    /// Where the layer norms stand.
    pub norm: NormPlacement,
    /// Whether the embeddings are normalised.
    pub embedding_norm: bool,
    /// Added to the variance in every layer norm.
    pub norm_epsilon: f64,
    /// Probability of dropping a hidden value.
    pub dropout: f64,
    /// Probability of dropping an attention weight.
    pub attention_dropout: f64,
    /// How weights are drawn.
    pub initialisation: Initialisation,
    /// The activation of the sites.
    pub activation: ActivationSpec,
    /// The activation of the other layers.
    pub fixed_activation: ActivationSpec,
    /// Which layers (and whether the pooler) have `activation`.
    pub sites: Sites,
    /// The activation of a pooler that is no site.
    pub fixed_pooler_activation: ActivationSpec,
    /// What the layers have that BERT's have not.
    pub additions: Additions,
}

impl ModelConfig {
    /// Reads and checks `config.json` of a model folder.
    ///
    /// # Errors
    /// The file cannot be read, or describes no model of this program.
    pub fn load(folder: &std::path::Path) -> Result<Self, ModelError> {
        Ok(crate::model::load_config(folder)?.config)
    }

    /// Channels of one attention head.
    pub fn head_size(&self) -> usize {
        self.hidden_size / self.heads.max(1)
    }

    /// The angles by which queries and keys are turned; none with learned positions.
    pub fn rotary(&self) -> Option<Rotary> {
        (self.positions == Positions::Rotary)
            .then(|| Rotary::new(self.max_positions, self.head_size(), ROTARY_BASE))
    }

    /// The factor on the residual stream: `(2N)^¼` for `DeepNorm` with N layers, else 1.
    pub fn residual_factor(&self) -> f32 {
        match self.norm {
            NormPlacement::DeepNorm => (2.0 * self.layers as f64).powf(0.25) as f32,
            NormPlacement::Post | NormPlacement::Pre => 1.0,
        }
    }

    /// The activation of each layer.
    ///
    /// # Errors
    /// [`ModelError::SiteOutOfRange`] if the sites name a layer that does not exist, [`ModelError::LayerFunctions`] if the
    /// activation names functions for another number of layers.
    pub fn layer_activations(&self) -> Result<Vec<&ActivationSpec>, ModelError> {
        let selected = self.sites.resolve(self.layers)?;
        for spec in [&self.activation, &self.fixed_activation] {
            if let Some(functions) = spec.of_each_layer()
                && functions.len() != self.layers
            {
                return Err(ModelError::LayerFunctions {
                    functions: functions.len(),
                    layers: self.layers,
                });
            }
        }
        Ok(selected
            .into_iter()
            .enumerate()
            .map(|(layer, site)| {
                let spec = if site {
                    &self.activation
                } else {
                    &self.fixed_activation
                };
                spec.of_layer(layer).unwrap_or(spec)
            })
            .collect())
    }

    /// The activation of the pooler (which is no part of the masked-language model).
    pub fn pooler_activation(&self) -> &ActivationSpec {
        if self.sites.pooler() {
            &self.activation
        } else {
            &self.fixed_pooler_activation
        }
    }

    /// Checks that the fields fit each other.
    ///
    /// # Errors
    /// The first fault found, naming the key.
    pub fn validate(&self) -> Result<(), ModelError> {
        // Far beyond any encoder, so that a wrong number is refused before memory is asked for.
        let sizes = [
            ("vocabulary_size", self.vocabulary_size, 1 << 24),
            ("hidden_size", self.hidden_size, 1 << 16),
            ("layers", self.layers, 1_000),
            ("heads", self.heads, 1 << 10),
            ("intermediate_size", self.intermediate_size, 1 << 18),
            ("max_positions", self.max_positions, 1 << 20),
            ("type_vocabulary_size", self.type_vocabulary_size, 1 << 10),
        ];
        for (key, value, most) in sizes {
            if value == 0 {
                return Err(ModelError::Zero { key });
            }
            if value > most {
                return Err(ModelError::TooLarge { key, value, most });
            }
        }
        if !self.hidden_size.is_multiple_of(self.heads) {
            return Err(ModelError::Heads {
                heads: self.heads,
                hidden_size: self.hidden_size,
            });
        }
        if self.positions == Positions::Rotary && !self.head_size().is_multiple_of(2) {
            return Err(ModelError::RotaryHeadSize {
                heads: self.heads,
                hidden_size: self.hidden_size,
            });
        }
        for (key, value) in [
            ("dropout", self.dropout),
            ("attention_dropout", self.attention_dropout),
        ] {
            if !(0.0..1.0).contains(&value) {
                return Err(ModelError::OutOfRange {
                    key,
                    value,
                    expected: "at least 0 and below 1",
                });
            }
        }
        if !(self.norm_epsilon > 0.0 && self.norm_epsilon.is_finite()) {
            return Err(ModelError::OutOfRange {
                key: "norm_epsilon",
                value: self.norm_epsilon,
                expected: "above 0",
            });
        }
        if let Initialisation::Normal { deviation } = self.initialisation
            && !(deviation > 0.0 && deviation.is_finite())
        {
            return Err(ModelError::OutOfRange {
                key: "initialisation",
                value: deviation,
                expected: "a deviation above 0",
            });
        }
        for (layer, spec) in self.layer_activations()?.into_iter().enumerate() {
            self.feed_forward(spec, &Place::FeedForward { layer }.site())?;
        }
        self.validate_additions()?;
        let pooler = Place::Pooler.site();
        resolve_activation(self.pooler_activation(), self.hidden_size, &pooler).map(|_| ())
    }
}

/// Resolves an activation for a site with `channels` channels.
pub(crate) fn resolve_activation(
    spec: &ActivationSpec,
    channels: usize,
    site: &str,
) -> Result<Activation, ModelError> {
    let named = |source| ModelError::Activation {
        site: site.to_owned(),
        source,
    };
    let activation = Activation::new(spec).map_err(named)?;
    activation.coefficient_tensors(channels).map_err(named)?;
    Ok(activation)
}
