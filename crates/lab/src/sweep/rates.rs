//! The learning rates of one trial.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a trial sets; `None` leaves the task's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Of the encoder's weights.
    pub learning_rate: Option<f64>,
    /// Of the head.
    pub head_learning_rate: Option<f64>,
    /// Of the activation coefficients.
    pub activation_learning_rate: Option<f64>,
    /// Of adapters.
    pub adapter_learning_rate: Option<f64>,
}

/// `5e-5, head 5e-3, activations 5e-4`, or `default`.
impl fmt::Display for Rates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = [
            ("", self.learning_rate),
            ("head ", self.head_learning_rate),
            ("activations ", self.activation_learning_rate),
            ("adapters ", self.adapter_learning_rate),
        ]
        .into_iter()
        .filter_map(|(name, rate)| Some(format!("{name}{:e}", rate?)))
        .collect();
        if parts.is_empty() {
            formatter.write_str("default")
        } else {
            formatter.write_str(&parts.join(", "))
        }
    }
}
