//! The kinds of argument an activation can have.

use super::ActivationSpec;
use crate::error::ActivationError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::{Hash, Hasher};

/// A finite number that can be compared and hashed; −0 is stored as 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Real(f64);

impl Real {
    /// `None` unless finite.
    pub const fn new(value: f64) -> Option<Self> {
        if value.is_finite() {
            Some(Self(if value == 0.0 { 0.0 } else { value }))
        } else {
            None
        }
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Eq for Real {}

impl Hash for Real {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// What keeps a rational's denominator away from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DenominatorForm {
    /// `1 + Σ |b_k| |x|^k`, k = 1…n: never below 1, kink at 0 (Molina et al. 2019, the authors' code).
    A,
    /// `1 + |Σ b_k x^k|`, k = 1…n: never below 1 (Molina et al. 2019, as printed).
    B,
    /// `0.1 + |Σ b_k x^k|`, k = 0…n: never below 0.1.
    C,
    /// `1 + Σ b_k x^k`, k = 1…n: smooth, poles possible.
    N,
}

impl DenominatorForm {
    /// All forms, in the order of their letters.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::N];

    /// The letter of the text form.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::N => "n",
        }
    }

    /// The form of a letter of either case.
    pub fn from_letter(letter: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|form| form.letter().eq_ignore_ascii_case(letter))
    }

    /// Coefficients of a denominator of degree n.
    pub const fn coefficients(self, degree: usize) -> usize {
        degree + matches!(self, Self::C) as usize
    }
}

impl fmt::Display for DenominatorForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.letter())
    }
}

/// Which channels share one set of coefficients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Share {
    /// All channels of the layer.
    Layer,
    /// Each run of this many neighbouring channels.
    Group(usize),
    /// None: each channel has its own.
    Channel,
}

impl Share {
    /// Channels with one set of coefficients; `None`: all.
    pub(crate) fn channels_per_group(self) -> Option<usize> {
        match self {
            Self::Layer => None,
            Self::Group(size) => Some(size),
            Self::Channel => Some(1),
        }
    }

    /// Sets of coefficients of a layer; `activation` is the text form for the error.
    pub(crate) fn groups(
        self,
        channels: usize,
        activation: &str,
    ) -> Result<usize, ActivationError> {
        if channels == 0 {
            return Err(ActivationError::NoChannels {
                activation: activation.to_owned(),
            });
        }
        match self.channels_per_group() {
            None => Ok(1),
            Some(size) if channels.is_multiple_of(size) => Ok(channels / size),
            Some(group) => Err(ActivationError::Groups {
                activation: activation.to_owned(),
                channels,
                group,
            }),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layer => f.write_str("layer"),
            Self::Group(size) => write!(f, "group({size})"),
            Self::Channel => f.write_str("channel"),
        }
    }
}

/// Degrees m/n of numerator and denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Degrees {
    pub(crate) numerator: usize,
    pub(crate) denominator: usize,
}

/// The value of an argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Number(Real),
    Integer(usize),
    Degrees(Degrees),
    Choice(&'static str),
    Share(Share),
    Function(Box<ActivationSpec>),
    /// `None`: chosen by the family.
    Range(Option<(Real, Real)>),
    /// As many as the family says; empty where none are given.
    Numbers(Vec<Real>),
    Functions(Vec<ActivationSpec>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{}", number.get()),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Degrees(degrees) => write!(f, "{}/{}", degrees.numerator, degrees.denominator),
            Self::Choice(choice) => f.write_str(choice),
            Self::Share(share) => write!(f, "{share}"),
            Self::Function(function) => write!(f, "{function}"),
            Self::Range(Some((low, high))) => write!(f, "{}..{}", low.get(), high.get()),
            Self::Range(None) => f.write_str("auto"),
            Self::Numbers(numbers) => list(numbers.iter().map(|number| number.get()), f),
            Self::Functions(functions) => list(functions.iter(), f),
        }
    }
}

/// `[first, second, …]`
fn list(items: impl Iterator<Item: fmt::Display>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("[")?;
    for (index, item) in items.enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{item}")?;
    }
    f.write_str("]")
}

/// One parameter of a family.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// May be given without its name, in the order of the list.
    pub(crate) positional: bool,
    pub(crate) kind: ParameterKind,
}

/// What a parameter takes, and its default.
pub(crate) enum ParameterKind {
    Number {
        default: f64,
    },
    Integer {
        default: usize,
        smallest: usize,
        largest: usize,
    },
    Degrees {
        default: Degrees,
        largest: Degrees,
    },
    Choice {
        default: &'static str,
        choices: &'static [&'static str],
    },
    Share,
    /// A function without coefficients, or one of the named starts.
    Function {
        default: &'static str,
    },
    /// Any function, also one with coefficients.
    AnyFunction {
        default: &'static str,
    },
    Range,
    /// A list of numbers in brackets, by default none.
    Numbers {
        most: usize,
    },
    /// A list of any functions in brackets, by default none.
    Functions {
        most: usize,
    },
}

impl Parameter {
    pub(crate) fn default_value(&self) -> Value {
        match &self.kind {
            ParameterKind::Number { default } => Value::Number(Real(*default)),
            ParameterKind::Integer { default, .. } => Value::Integer(*default),
            ParameterKind::Degrees { default, .. } => Value::Degrees(*default),
            ParameterKind::Choice { default, .. } => Value::Choice(default),
            ParameterKind::Share => Value::Share(Share::Layer),
            ParameterKind::Function { default } | ParameterKind::AnyFunction { default } => {
                Value::Function(Box::new(ActivationSpec::plain(crate::family::fixed(
                    default,
                ))))
            }
            ParameterKind::Range => Value::Range(None),
            ParameterKind::Numbers { .. } => Value::Numbers(Vec::new()),
            ParameterKind::Functions { .. } => Value::Functions(Vec::new()),
        }
    }
}
