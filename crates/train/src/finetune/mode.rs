//! Which numbers of a model a fine-tuning trains.

use std::fmt;
use std::str::FromStr;

use pliant_nn::AdapterKind;
use serde::{Deserialize, Serialize};

use crate::TrainError;

/// What a fine-tuning trains, beside the head, which it always trains.
///
/// Text forms: `full`, `frozen-activations`, `bitfit`, `bitfit+activations`, `activations`, `head`, `matched-bias`, `ia3`,
/// `lora(8)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Mode {
    /// Everything.
    Full,
    /// Everything but the activation coefficients (the paper's "fixed").
    FrozenActivations,
    /// The biases of linear layers and norms (Ben Zaken et al. 2022).
    Bitfit,
    /// The biases and the activation coefficients.
    BitfitActivations,
    /// The activation coefficients.
    Activations,
    /// The head alone.
    Head,
    /// As many bias entries, drawn from the seed, as there are activation coefficients: the control for [`Mode::Activations`].
    MatchedBias,
    /// Scales on keys, values and the inner feed-forward (Liu et al. 2022, (IA)³).
    Ia3,
    /// Low-rank changes of query and value (Hu et al. 2022).
    Lora {
        /// Rank of the change.
        rank: usize,
    },
}

impl Mode {
    /// The modes without a parameter of their own.
    const PLAIN: [(&'static str, Self); 8] = [
        ("full", Self::Full),
        ("frozen-activations", Self::FrozenActivations),
        ("bitfit", Self::Bitfit),
        ("bitfit+activations", Self::BitfitActivations),
        ("activations", Self::Activations),
        ("head", Self::Head),
        ("matched-bias", Self::MatchedBias),
        ("ia3", Self::Ia3),
    ];

    /// Text forms, for help and messages.
    pub const FORMS: &'static str = "full, frozen-activations, bitfit, bitfit+activations, activations, head, matched-bias, ia3, lora(8)";

    /// Whether the mode makes no sense for a model without learnable activations.
    pub fn needs_activations(self) -> bool {
        matches!(self, Self::Activations | Self::BitfitActivations)
    }

    /// The adapter that the mode puts into the model.
    pub fn adapter(self) -> Option<AdapterKind> {
        match self {
            Self::Ia3 => Some(AdapterKind::Ia3),
            Self::Lora { rank } => Some(AdapterKind::Lora {
                rank,
                // As the paper keeps it on its GLUE models: twice the rank for 8.
                alpha: 2.0 * rank as f32,
            }),
            _ => None,
        }
    }

    /// Whether the encoder's weight matrices stay as they were.
    pub fn is_small(self) -> bool {
        !matches!(self, Self::Full | Self::FrozenActivations)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Lora { rank } = self {
            return write!(formatter, "lora({rank})");
        }
        let plain = Self::PLAIN.iter().find(|(_, mode)| mode == self);
        formatter.write_str(plain.map_or("", |(name, _)| name))
    }
}

impl FromStr for Mode {
    type Err = TrainError;

    fn from_str(text: &str) -> Result<Self, TrainError> {
        if let Some((_, mode)) = Self::PLAIN.iter().find(|(name, _)| *name == text) {
            return Ok(*mode);
        }
        let rank = text
            .strip_prefix("lora(")
            .and_then(|rest| rest.strip_suffix(')'))
            .and_then(|rank| rank.trim().parse().ok())
            .filter(|rank| *rank > 0);
        rank.map(|rank| Self::Lora { rank })
            .ok_or_else(|| TrainError::UnknownMode {
                given: text.to_owned(),
                nearest: Self::FORMS
                    .split(", ")
                    .map(|form| (strsim::damerau_levenshtein(text, form), form))
                    .min()
                    .filter(|(distance, form)| *distance <= form.len().div_ceil(3))
                    .map(|(_, form)| form.to_owned()),
            })
    }
}

impl TryFrom<String> for Mode {
    type Error = TrainError;
    fn try_from(text: String) -> Result<Self, TrainError> {
        text.parse()
    }
}

impl From<Mode> for String {
    fn from(mode: Mode) -> Self {
        mode.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_form_reads_back() {
        for form in Mode::FORMS.split(", ") {
            assert_eq!(form.parse::<Mode>().unwrap().to_string(), form);
        }
        assert_eq!("lora(4)".parse::<Mode>().unwrap(), Mode::Lora { rank: 4 });
    }

    #[test]
    fn unknown_forms_name_the_nearest() {
        for (given, near) in [
            ("bitfitt", "bitfit"),
            ("lora(0)", "lora(8)"),
            ("ia-3", "ia3"),
        ] {
            let error = given.parse::<Mode>().unwrap_err();
            assert!(error.to_string().contains(given), "{error}");
            assert!(error.hint().unwrap().contains(near), "{error}");
        }
        assert!(
            "".parse::<Mode>()
                .unwrap_err()
                .hint()
                .unwrap()
                .contains("full")
        );
    }
}
