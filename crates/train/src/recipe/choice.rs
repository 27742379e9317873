//! Recipe values with a text form of their own: choices, activations, sites, roles, warm-up.

use std::fmt;
use std::str::FromStr;

use pliant_activation::{ActivationSpec, library};
use pliant_nn::{
    Initialisation, ModelError, NormPlacement, Positions, Precision, Preset, Role, Sites,
};

use super::value::{Kind, RecipeValue, Value};

/// How a learning rate falls after warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleShape {
    /// In a straight line to zero at the end of the run.
    Linear,
    /// Not at all.
    Constant,
    /// Along half a cosine to zero at the end of the run.
    Cosine,
}

impl ScheduleShape {
    const ALL: [(&'static str, Self); 3] = [
        ("linear", Self::Linear),
        ("constant", Self::Constant),
        ("cosine", Self::Cosine),
    ];
}

/// What weight decay pulls towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecayTowards {
    /// Zero, the usual decay.
    Zero,
    /// The values before training: for activations, their start shape.
    Start,
}

impl DecayTowards {
    const ALL: [(&'static str, Self); 2] = [("zero", Self::Zero), ("start", Self::Start)];
}

macro_rules! named_choice {
    ($type:ty) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let name = Self::ALL
                    .iter()
                    .find(|(_, choice)| choice == self)
                    .map_or("", |(name, _)| name);
                f.write_str(name)
            }
        }
        impl FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL
                    .iter()
                    .find(|(name, _)| *name == text)
                    .map(|(_, choice)| *choice)
                    .ok_or_else(|| format!("`{text}` is not known"))
            }
        }
    };
}
named_choice!(ScheduleShape);
named_choice!(DecayTowards);

/// How long a learning rate rises from zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Warmup {
    /// A fraction of the run.
    Fraction(f64),
    /// A number of steps.
    Steps(u64),
}

impl RecipeValue for Warmup {
    fn kind() -> Kind {
        Kind::FractionOrSteps
    }
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Float(fraction) => Some(Self::Fraction(*fraction)),
            Value::Integer(steps) => u64::try_from(*steps).ok().map(Self::Steps),
            _ => None,
        }
    }
    fn write(&self) -> Option<Value> {
        match self {
            Self::Fraction(fraction) => Some(Value::Float(*fraction)),
            Self::Steps(steps) => i64::try_from(*steps).ok().map(Value::Integer),
        }
    }
}

/// Values that parse from and print as a text; `hint` says what to do about an error of theirs.
macro_rules! text_form {
    ($type:ty, $kind:expr $(, $hint:expr)?) => {
        impl RecipeValue for $type {
            fn kind() -> Kind {
                $kind
            }
            fn read(value: &Value) -> Option<Self> {
                if let Value::Text(text) = value { text.parse().ok() } else { None }
            }
            fn write(&self) -> Option<Value> {
                Some(Value::Text(self.to_string()))
            }
            $(fn explain(value: &Value) -> Option<(String, Option<String>)> {
                let Value::Text(text) = value else { return None };
                text.parse::<Self>().err().map(|error| (error.to_string(), $hint(&error)))
            })?
        }
    };
}

text_form!(
    ScheduleShape,
    Kind::Choice(&["linear", "constant", "cosine"])
);
text_form!(DecayTowards, Kind::Choice(&["zero", "start"]));
text_form!(
    Preset,
    Kind::Choice(&["tiny", "mini", "small", "medium", "base"])
);
text_form!(Positions, Kind::Choice(&["learned", "rotary"]));
text_form!(NormPlacement, Kind::Choice(&["post", "pre", "deepnorm"]));
text_form!(Precision, Kind::Choice(&["f32", "bf16"]));
text_form!(Sites, Kind::Text, ModelError::hint);

/// Also by its name in a library; the saved recipe has the text form.
impl RecipeValue for ActivationSpec {
    fn kind() -> Kind {
        Kind::Text
    }
    fn read(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value {
            library::resolve(text).ok()
        } else {
            None
        }
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Text(self.to_string()))
    }
    fn explain(value: &Value) -> Option<(String, Option<String>)> {
        let Value::Text(text) = value else {
            return None;
        };
        let error = library::resolve(text).err()?;
        Some((error.to_string(), error.hint()))
    }
}

impl RecipeValue for Initialisation {
    fn kind() -> Kind {
        Kind::ChoiceOrNumber(&[
            "fan_in",
            "released_raft",
            "released_equal",
            "variance_preserving",
        ])
    }
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => text.parse().ok(),
            other => other.number().map(|deviation| Self::Normal { deviation }),
        }
    }
    fn write(&self) -> Option<Value> {
        Some(match self {
            Self::Normal { deviation } => Value::Float(*deviation),
            other => Value::Text(other.to_string()),
        })
    }
}

impl RecipeValue for Vec<Role> {
    fn kind() -> Kind {
        Kind::Choices(&[
            "activation",
            "norm",
            "bias",
            "embedding",
            "weight",
            "head",
            "adapter",
        ])
    }
    fn read(value: &Value) -> Option<Self> {
        let Value::List(list) = value else {
            return None;
        };
        list.iter()
            .map(|role| {
                if let Value::Text(text) = role {
                    text.parse().ok()
                } else {
                    None
                }
            })
            .collect()
    }
    fn write(&self) -> Option<Value> {
        Some(Value::List(
            self.iter()
                .map(|role| Value::Text(role.to_string()))
                .collect(),
        ))
    }
}

/// Recipe keys with values, as an arm of a comparison sets them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings(pub Vec<(String, Value)>);

impl RecipeValue for Settings {
    fn kind() -> Kind {
        Kind::Settings
    }
    fn read(value: &Value) -> Option<Self> {
        if let Value::Settings(settings) = value {
            Some(Self(settings.clone()))
        } else {
            None
        }
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Settings(self.0.clone()))
    }
}
