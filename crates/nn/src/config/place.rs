//! Where in the network an activation stands.

/// A place of an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Between the two projections of a feed-forward layer.
    FeedForward {
        /// The encoder layer.
        layer: usize,
    },
    /// Before the up-projection of a feed-forward layer.
    FeedForwardInput {
        /// The encoder layer.
        layer: usize,
    },
    /// Between the heads of an attention and its output projection.
    AttentionOutput {
        /// The encoder layer.
        layer: usize,
    },
    /// Behind the matrix of the pooler.
    Pooler,
}

impl Place {
    /// What the site there is called: `layer.0`, `layer.0.attention_output`, …, `pooler`.
    pub fn site(self) -> String {
        match self {
            Self::FeedForward { layer } => format!("layer.{layer}"),
            Self::FeedForwardInput { layer } => format!("layer.{layer}.feed_forward_input"),
            Self::AttentionOutput { layer } => format!("layer.{layer}.attention_output"),
            Self::Pooler => "pooler".to_owned(),
        }
    }

    /// The module to which the coefficients belong: their names are `{module}.activation.…`.
    pub(crate) fn module(self) -> String {
        match self {
            Self::FeedForward { layer } => format!("bert.encoder.layer.{layer}.intermediate"),
            Self::FeedForwardInput { layer } => {
                format!("bert.encoder.layer.{layer}.intermediate.input")
            }
            Self::AttentionOutput { layer } => {
                format!("bert.encoder.layer.{layer}.attention.output")
            }
            Self::Pooler => "bert.pooler".to_owned(),
        }
    }
}
