//! Errors of resolving and using an activation.

use thiserror::Error;

/// An activation that cannot be used as asked.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ActivationError {
    /// `group(n)` with a number of channels that n does not divide.
    #[error("{activation}: {channels} channels cannot be cut into groups of {group}")]
    Groups {
        /// Text form of the activation.
        activation: String,
        /// Channels of the layer.
        channels: usize,
        /// Channels of a group.
        group: usize,
    },
    /// Fixed functions for groups of channels in a layer of another size.
    #[error("{activation} is held for {held} channels, not for {channels}")]
    HeldChannels {
        /// Text form of the activation, without its numbers.
        activation: String,
        /// Channels that it is for.
        held: usize,
        /// Channels of the layer.
        channels: usize,
    },
    /// A layer without channels.
    #[error("{activation}: the layer has no channels")]
    NoChannels {
        /// Text form of the activation.
        activation: String,
    },
    /// The fit of the start values has a pole in its range.
    #[error("{activation}: the fitted denominator has a zero at {pole:.4}")]
    Pole {
        /// Text form of the activation.
        activation: String,
        /// Where the denominator is zero.
        pole: f64,
    },
    /// The formula has a symbol that other programs would not know.
    #[error(
        "{activation}: the formula has the symbol `{symbol}`, which is neither the input nor a coefficient"
    )]
    Inexpressible {
        /// Text form of the activation.
        activation: String,
        /// The symbol; boxed, so that errors that hold this one stay small.
        symbol: Box<str>,
    },
    /// What is no function of one input by itself.
    #[error("{activation} is no function by itself: {reason}")]
    NoFunction {
        /// Text form of the activation.
        activation: String,
        /// Why not; boxed, so that errors that hold this one stay small.
        reason: Box<str>,
    },
    /// The fit cannot be made as asked.
    #[error("cannot fit {target}: {message}")]
    Fit {
        /// Text form of the target.
        target: String,
        /// Why not.
        message: String,
    },
    /// A function that has no entropy correction.
    #[error("{activation} has no entropy correction: {reason}")]
    NoBranch {
        /// Text form of the activation.
        activation: String,
        /// Why not; boxed, so that errors that hold this one stay small.
        reason: Box<str>,
    },
    /// Inputs whose density cannot be told.
    #[error("no density can be estimated: {reason}")]
    Density {
        /// Why not.
        reason: Box<str>,
        /// What to do about it.
        hint: &'static str,
    },
}

impl ActivationError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Groups { channels, .. } => {
                let divisors: Vec<String> = [2, 4, 8, 16, 32, 64, 128, 256]
                    .iter()
                    .filter(|n| channels % *n == 0)
                    .map(ToString::to_string)
                    .collect();
                Some(if divisors.is_empty() {
                    "use share=layer or share=channel".into()
                } else {
                    format!("group sizes that fit: {}", divisors.join(", "))
                })
            }
            Self::HeldChannels { .. } => Some(
                "what was learned for groups of channels fits only where there are as many of them"
                    .into(),
            ),
            Self::Pole { .. } => {
                Some("use form a or b, another degree, or a narrower range".into())
            }
            Self::NoFunction { .. } => Some(
                "name a function of single values here; the whole text goes where the activation of a model's layers is named"
                    .into(),
            ),
            Self::NoBranch { .. } => Some(
                "start from a function without coefficients that increases where its inputs lie, e.g. relu, gelu or tanh"
                    .into(),
            ),
            Self::Density { hint, .. } => Some((*hint).into()),
            Self::NoChannels { .. } | Self::Inexpressible { .. } | Self::Fit { .. } => None,
        }
    }
}
