//! Which adapters there are.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::ModelError;

/// A small set of parameters added to a model, to be trained in the place of its own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum AdapterKind {
    /// (IA)³ (Liu et al. 2022, arXiv 2205.05638): keys, values (their biases included) and the inner values of the
    /// feed-forward layer (behind the activation) are multiplied channel by channel; the factors start at 1.
    Ia3,
    /// `LoRA` (Hu et al. 2021, arXiv 2106.09685): `alpha / rank · B A x` is added to queries and values. A starts uniform on
    /// `±1/√hidden`, as in its authors' code, and B at 0.
    Lora {
        /// Rows of A and columns of B.
        rank: usize,
        /// Numerator of the factor.
        alpha: f32,
    },
}

impl AdapterKind {
    /// Checks rank and alpha against the width of a model.
    ///
    /// # Errors
    /// [`ModelError::AdapterValue`].
    pub fn validate(&self, hidden_size: usize) -> Result<(), ModelError> {
        let Self::Lora { rank, alpha } = *self else {
            return Ok(());
        };
        let refuse = |key, value, expected| ModelError::AdapterValue {
            key,
            value,
            expected,
        };
        if !(1..=hidden_size).contains(&rank) {
            let expected = format!("from 1 to the hidden size {hidden_size}");
            return Err(refuse("rank", rank.to_string(), expected));
        }
        if !(alpha.is_finite() && alpha > 0.0) {
            return Err(refuse("alpha", alpha.to_string(), "above 0".to_owned()));
        }
        Ok(())
    }
}

/// `ia3`, `lora(8, alpha=16)`.
impl fmt::Display for AdapterKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ia3 => formatter.write_str("ia3"),
            Self::Lora { rank, alpha } => write!(formatter, "lora({rank}, alpha={alpha})"),
        }
    }
}
