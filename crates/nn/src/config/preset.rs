//! Ready-made sizes, those of the small BERT family (Turc et al. 2019).

use std::fmt;
use std::str::FromStr;

use pliant_activation::ActivationSpec;

use super::{Additions, Initialisation, ModelConfig, NormPlacement, Positions, Sites};
use crate::error::ModelError;
use crate::parameter::nearest_name;

/// A named size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preset {
    /// 2 layers, hidden size 128, 2 heads, feed-forward 512.
    Tiny,
    /// 4 layers, hidden size 256, 4 heads, feed-forward 1,024.
    Mini,
    /// 4 layers, hidden size 512, 8 heads, feed-forward 2,048.
    Small,
    /// 8 layers, hidden size 512, 8 heads, feed-forward 2,048.
    Medium,
    /// 12 layers, hidden size 768, 12 heads, feed-forward 3,072.
    Base,
}

impl Preset {
    /// All presets, smallest first.
    pub const ALL: [Self; 5] = [
        Self::Tiny,
        Self::Mini,
        Self::Small,
        Self::Medium,
        Self::Base,
    ];

    /// The preset's name in recipes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Mini => "mini",
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Base => "base",
        }
    }

    /// (layers, hidden size, heads, feed-forward size)
    const fn sizes(self) -> (usize, usize, usize, usize) {
        match self {
            Self::Tiny => (2, 128, 2, 512),
            Self::Mini => (4, 256, 4, 1024),
            Self::Small => (4, 512, 8, 2048),
            Self::Medium => (8, 512, 8, 2048),
            Self::Base => (12, 768, 12, 3072),
        }
    }

    /// A complete configuration of this size: rotary positions, norms before the sub-layers, weights by fan-in and no
    /// dropout (what lets a small model leave the plateau of word frequencies); `activation` in every layer, 512 positions.
    pub fn config(
        self,
        vocabulary_size: usize,
        activation: ActivationSpec,
    ) -> Result<ModelConfig, ModelError> {
        let (layers, hidden_size, heads, intermediate_size) = self.sizes();
        Ok(ModelConfig {
            vocabulary_size,
            hidden_size,
            layers,
            heads,
            intermediate_size,
            max_positions: 512,
            type_vocabulary_size: 2,
            positions: Positions::Rotary,
            norm: NormPlacement::Pre,
            embedding_norm: false,
            norm_epsilon: 1e-12,
            dropout: 0.0,
            attention_dropout: 0.0,
            initialisation: Initialisation::FanIn,
            activation,
            fixed_activation: fixed("gelu")?,
            sites: Sites::all(),
            fixed_pooler_activation: fixed("tanh")?,
            additions: Additions::default(),
        })
    }
}

/// Parses the name of a fixed function.
fn fixed(name: &str) -> Result<ActivationSpec, ModelError> {
    name.parse().map_err(|error| {
        ModelError::Framework(format!("the fixed activation {name} is not known: {error}"))
    })
}

impl fmt::Display for Preset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        Self::ALL
            .into_iter()
            .find(|preset| preset.name() == text)
            .ok_or_else(|| ModelError::UnknownChoice {
                what: "preset",
                given: text.to_owned(),
                known: "tiny, mini, small, medium, base",
                nearest: nearest_name(text, Self::ALL.into_iter().map(Preset::name)),
            })
    }
}
