//! The named choices of a model: positions, norm placement, initialisation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::parameter::nearest_name;

/// How a token knows where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Positions {
    /// A learned table added to the word embeddings (BERT).
    Learned,
    /// Rotation of queries and keys (Su et al. 2021, `RoFormer`), base 10,000, halves rotated against each other.
    Rotary,
}

/// Where the layer norms stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormPlacement {
    /// `x = norm(x + f(x))` (BERT).
    Post,
    /// `x = x + f(norm(x))`, and one norm at the end of the encoder.
    Pre,
    /// `x = norm((2N)^¼ · x + f(x))` for N layers (Wang et al. 2022, `DeepNet`; as in RAFT's code). The paper's scaling of the
    /// initial weights is not part of it.
    #[serde(rename = "deepnorm")]
    DeepNorm,
}

/// How weights are drawn before training. Biases start at zero, norm weights at one, activation coefficients at the start
/// of their function.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Initialisation {
    /// Normal with this standard deviation everywhere (0.02 is BERT's). Text form `0.02`.
    Normal {
        /// The standard deviation.
        deviation: f64,
    },
    /// Normal with deviation `1/√inputs` for matrices and `1/√hidden` for embedding tables: the word table is also the
    /// output projection, whose fan-in is the hidden size.
    FanIn,
    /// The unequal initialisation of the released RAFT code: feed-forward up-projections (and the pooler) are Xavier normal
    /// times `(8N)^-¼` where the activation learns, and Kaiming uniform `a = √5`, that is uniform on `±1/√inputs`, where it
    /// does not; everything else is normal with deviation 0.02.
    ReleasedRaft,
    /// What [`ReleasedRaft`](Self::ReleasedRaft) draws where the activation is fixed, also where it learns: feed-forward
    /// up-projections (and the pooler) uniform on `±1/√inputs`, everything else normal with deviation 0.02. Arms begin equal.
    ReleasedEqual,
    /// As [`FanIn`](Self::FanIn), but the matrix after an activation `f` has deviation `1/√(inputs · E[f(z)²])`, z standard normal,
    /// with the start coefficients: what it gives has the variance of what `f` is given (Yang, Wang 2025, KAT, arXiv
    /// 2409.10594, section 4.3). The arms of a comparison differ in it as their functions do.
    VariancePreserving,
}

const POSITIONS: [(&str, Positions); 2] = [
    ("learned", Positions::Learned),
    ("rotary", Positions::Rotary),
];
const PLACEMENTS: [(&str, NormPlacement); 3] = [
    ("post", NormPlacement::Post),
    ("pre", NormPlacement::Pre),
    ("deepnorm", NormPlacement::DeepNorm),
];

/// Finds a choice by name.
fn choose<T: Copy>(
    what: &'static str,
    known: &'static str,
    choices: &[(&str, T)],
    given: &str,
) -> Result<T, ModelError> {
    choices
        .iter()
        .find(|(name, _)| *name == given)
        .map(|(_, value)| *value)
        .ok_or_else(|| ModelError::UnknownChoice {
            what,
            given: given.to_owned(),
            known,
            nearest: nearest_name(given, choices.iter().map(|(name, _)| *name)),
        })
}

impl FromStr for Positions {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        choose("kind of positions", "learned, rotary", &POSITIONS, text)
    }
}

impl fmt::Display for Positions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Learned => "learned",
            Self::Rotary => "rotary",
        })
    }
}

impl FromStr for NormPlacement {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        choose("norm placement", "post, pre, deepnorm", &PLACEMENTS, text)
    }
}

impl fmt::Display for NormPlacement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Post => "post",
            Self::Pre => "pre",
            Self::DeepNorm => "deepnorm",
        })
    }
}

impl FromStr for Initialisation {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        if let Ok(deviation) = text.parse::<f64>() {
            return if deviation.is_finite() && deviation > 0.0 {
                Ok(Self::Normal { deviation })
            } else {
                Err(ModelError::OutOfRange {
                    key: "initialisation",
                    value: deviation,
                    expected: "a deviation above 0",
                })
            };
        }
        let choices = [
            ("fan_in", Self::FanIn),
            ("released_raft", Self::ReleasedRaft),
            ("released_equal", Self::ReleasedEqual),
            ("variance_preserving", Self::VariancePreserving),
        ];
        choose(
            "initialisation",
            "fan_in, released_raft, released_equal, variance_preserving, or a deviation such as 0.02",
            &choices,
            text,
        )
    }
}

impl fmt::Display for Initialisation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal { deviation } => write!(formatter, "{deviation}"),
            Self::FanIn => formatter.write_str("fan_in"),
            Self::ReleasedRaft => formatter.write_str("released_raft"),
            Self::ReleasedEqual => formatter.write_str("released_equal"),
            Self::VariancePreserving => formatter.write_str("variance_preserving"),
        }
    }
}

impl TryFrom<String> for Initialisation {
    type Error = ModelError;

    fn try_from(text: String) -> Result<Self, ModelError> {
        text.parse()
    }
}

impl From<Initialisation> for String {
    fn from(initialisation: Initialisation) -> Self {
        initialisation.to_string()
    }
}
