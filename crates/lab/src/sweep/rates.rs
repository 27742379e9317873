//! The learning rates of one trial.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a trial sets; `None` leaves the task's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Multiplies the defaults of all rates, which differ from mode to mode.
    pub scale: Option<f64>,
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
        let rates = [
            ("", self.learning_rate),
            ("head ", self.head_learning_rate),
            ("activations ", self.activation_learning_rate),
            ("adapters ", self.adapter_learning_rate),
        ];
        let scale = self.scale.map(|scale| format!("default × {scale}"));
        let rates = rates
            .into_iter()
            .filter_map(|(name, rate)| Some(format!("{name}{:e}", rate?)));
        let parts: Vec<String> = scale.into_iter().chain(rates).collect();
        if parts.is_empty() {
            formatter.write_str("default")
        } else {
            formatter.write_str(&parts.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_name_what_they_change() {
        assert_eq!(Rates::default().to_string(), "default");
        let rates = Rates {
            scale: Some(0.3),
            activation_learning_rate: Some(5e-3),
            ..Rates::default()
        };
        assert_eq!(rates.to_string(), "default × 0.3, activations 5e-3");
    }
}
