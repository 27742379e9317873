//! The text form of an activation: one syntax in recipes, on the command line, in checkpoints and reports.
//!
//! `name` or `name(argument, …)`. A family lists its parameters; the arguments are given by position or as `key=value`,
//! and those equal to the default are left out when printed.

mod error;
mod parse;
mod value;

pub use error::{ParseError, ParseErrorKind};
pub(crate) use value::{Degrees, Parameter, ParameterKind, Value};
pub use value::{DenominatorForm, Real, Share};

use crate::family::{self, Family};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// A parsed activation: a family and its arguments. Two specs are equal when they mean the same.
///
/// ```
/// use pliant_activation::ActivationSpec;
/// let spec: ActivationSpec = "rational(5/4, form=b, start=gelu)".parse()?;
/// assert_eq!(spec.to_string(), "rational(form=b)");
/// # Ok::<(), pliant_activation::ParseError>(())
/// ```
#[derive(Clone)]
pub struct ActivationSpec {
    family: &'static dyn Family,
    values: Vec<Value>,
}

/// The options of a rational activation, as resolved from its text form.
#[derive(Clone, Debug, PartialEq)]
pub struct RationalOptions {
    /// Degree m of the numerator; it has m + 1 coefficients.
    pub numerator_degree: usize,
    /// Degree n of the denominator; it has n coefficients, n + 1 in form C.
    pub denominator_degree: usize,
    /// What keeps the denominator away from zero.
    pub form: DenominatorForm,
    /// The function that the start values are fitted to.
    pub start: ActivationSpec,
    /// Which channels share a set of coefficients.
    pub share: Share,
    /// One numerator for all groups (KAT).
    pub shared_numerator: bool,
    /// Where the start is fitted.
    pub range: (f64, f64),
    /// R of the variable x/R that the coefficients belong to; usually 1.
    pub scale: f64,
}

impl ActivationSpec {
    pub(crate) fn new(family: &'static dyn Family, values: Vec<Value>) -> Self {
        Self { family, values }
    }

    /// The family with all its defaults.
    pub(crate) fn plain(family: &'static dyn Family) -> Self {
        let defaults = family.parameters().iter().map(Parameter::default_value);
        Self::new(family, defaults.collect())
    }

    pub(crate) fn resolved_family(&self) -> &'static dyn Family {
        self.family
    }

    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    /// The family's name, e.g. `rational`.
    pub fn name(&self) -> &'static str {
        self.family.name()
    }

    /// Whether the activation has coefficients to learn.
    pub fn is_learnable(&self) -> bool {
        self.family.is_learnable(&self.values)
    }

    /// The function of the gate, if this is no function of one input but a gated feed-forward layer, e.g. `glu(silu)`.
    pub fn gated(&self) -> Option<&ActivationSpec> {
        self.family.gated(&self.values)
    }

    /// The function that is applied to single values: that of the gate, or the activation itself.
    pub fn elementwise(&self) -> &ActivationSpec {
        self.gated().unwrap_or(self)
    }

    /// The same with another [`elementwise`](Self::elementwise) function, which must be none with a gate itself.
    #[must_use]
    pub fn with_elementwise(&self, function: ActivationSpec) -> Self {
        let Some(own) = self.gated() else {
            return function;
        };
        let replaced = self.values.iter().map(|value| match value {
            Value::Function(inner) if **inner == *own => {
                Value::Function(Box::new(function.clone()))
            }
            other => other.clone(),
        });
        Self::new(self.family, replaced.collect())
    }

    /// The function of layer `layer`, from 0: the spec itself unless it names one for each layer; `None` if it names fewer.
    pub fn of_layer(&self, layer: usize) -> Option<&Self> {
        match self.of_each_layer() {
            None => Some(self),
            Some(functions) => functions.get(layer),
        }
    }

    /// The functions of the layers, if the spec names one for each: `layers([…])`.
    pub fn of_each_layer(&self) -> Option<&[Self]> {
        self.family.layers(&self.values)
    }

    /// `layers([…])` of these; themselves where all are equal.
    ///
    /// # Errors
    /// [`ParseError`] without functions, or if one is itself a list of them.
    pub fn for_layers(functions: &[Self]) -> Result<Self, ParseError> {
        match functions {
            [first, others @ ..] if others.iter().all(|other| other == first) => Ok(first.clone()),
            _ => {
                let list: Vec<String> = functions.iter().map(ToString::to_string).collect();
                format!("layers([{}])", list.join(", ")).parse()
            }
        }
    }

    /// This learnable activation held at `coefficients`, those of one group in the order of its tensors.
    ///
    /// # Errors
    /// [`ParseError`] if it has no coefficients, or another number of them.
    pub fn frozen(&self, coefficients: &[f32]) -> Result<Self, ParseError> {
        let numbers: Vec<String> = coefficients.iter().map(ToString::to_string).collect();
        format!("{}({self}, [{}])", family::FROZEN, numbers.join(", ")).parse()
    }

    /// Whether an output depends on its whole row of channels: no function of one input.
    pub fn is_over_rows(&self) -> bool {
        self.family.is_over_rows(&self.values)
    }

    /// Whether it is a fixed function for each group of channels: no function of one input either.
    pub fn is_by_channel(&self) -> bool {
        self.family.is_by_channel(&self.values)
    }

    /// The options of a rational, `None` for every other family.
    pub fn rational(&self) -> Option<RationalOptions> {
        family::rational::options(self)
    }
}

impl FromStr for ActivationSpec {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse::parse(text)
    }
}

impl fmt::Display for ActivationSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.family.name())?;
        let mut separator = "(";
        let mut positional = true;
        for (parameter, value) in self.family.parameters().iter().zip(&self.values) {
            if *value == parameter.default_value() {
                positional = false;
                continue;
            }
            if parameter.positional && positional {
                write!(f, "{separator}{value}")?;
            } else {
                write!(f, "{separator}{}={value}", parameter.name)?;
            }
            separator = ", ";
        }
        if separator == ", " {
            f.write_str(")")
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for ActivationSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActivationSpec({self})")
    }
}

impl PartialEq for ActivationSpec {
    fn eq(&self, other: &Self) -> bool {
        self.family.name() == other.family.name() && self.values == other.values
    }
}

impl Eq for ActivationSpec {}

impl Hash for ActivationSpec {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.family.name().hash(state);
        self.values.hash(state);
    }
}

impl Serialize for ActivationSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ActivationSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|error: ParseError| match error.hint() {
                Some(hint) => de::Error::custom(format_args!("{error}\nhint: {hint}")),
                None => de::Error::custom(error),
            })
    }
}
