//! Named parameters: what each tensor is called, how it is shaped, what part it plays.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ModelError;

/// The part a parameter plays. Optimizer groups, decay, freezing and counts select by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Coefficients of a learnable activation function.
    Activation,
    /// Weight or bias of a layer norm, wherever it stands.
    Norm,
    /// Bias vector of a linear layer or of the vocabulary projection.
    Bias,
    /// Table of word, position or type embeddings.
    Embedding,
    /// Weight matrix of the encoder.
    Weight,
    /// Weight matrix of a head (its biases and norms are `bias` and `norm`, so that decay by role stays right).
    Head,
    /// Added by parameter-efficient tuning.
    Adapter,
}

impl Role {
    /// All roles, in the order in which they are printed.
    pub const ALL: [Self; 7] = [
        Self::Activation,
        Self::Norm,
        Self::Bias,
        Self::Embedding,
        Self::Weight,
        Self::Head,
        Self::Adapter,
    ];

    /// The role's name in recipes and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::Norm => "norm",
            Self::Bias => "bias",
            Self::Embedding => "embedding",
            Self::Weight => "weight",
            Self::Head => "head",
            Self::Adapter => "adapter",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| ModelError::UnknownChoice {
                what: "role",
                given: text.to_owned(),
                known: "activation, norm, bias, embedding, weight, head, adapter",
                nearest: nearest_name(text, Self::ALL.into_iter().map(Role::name)),
            })
    }
}

/// Name, role and shape of one parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParameterInfo {
    /// Hugging Face name, e.g. `bert.encoder.layer.0.intermediate.dense.weight`.
    pub name: String,
    /// The part it plays.
    pub role: Role,
    /// Its shape in the layout of `PyTorch` (a linear weight is `[outputs, inputs]`).
    pub shape: Vec<usize>,
}

impl ParameterInfo {
    /// Number of values.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Number of values by role; roles that do not occur are absent.
pub fn parameter_counts(parameters: &[ParameterInfo]) -> BTreeMap<Role, usize> {
    let mut counts = BTreeMap::new();
    for parameter in parameters {
        *counts.entry(parameter.role).or_insert(0) += parameter.count();
    }
    counts
}

/// The candidate that is most like `given`, if one is near enough to be meant.
pub(crate) fn nearest_name<'a>(
    given: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<String> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(given, candidate), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().div_ceil(3))
        .map(|(_, candidate)| candidate.to_owned())
}
