//! Which positions are masked, and what stands there instead (BERT, Devlin et al. 2019, section 3.1).

use serde::{Deserialize, Serialize};

/// Masking rates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Masking {
    /// Probability that an ordinary token is chosen.
    pub probability: f64,
    /// Share of the chosen ones replaced by `[MASK]`.
    pub mask: f64,
    /// Share of the chosen ones replaced by a random ordinary token; the rest stays as it is.
    pub random: f64,
}

impl Default for Masking {
    /// 15 %, of these 80 % `[MASK]`, 10 % random, 10 % unchanged.
    fn default() -> Self {
        Self {
            probability: 0.15,
            mask: 0.8,
            random: 0.1,
        }
    }
}
