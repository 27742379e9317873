//! Values of recipe keys and where they came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// A TOML value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a decimal point or exponent.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Dotted keys with their values.
    Settings(Vec<(String, Value)>),
}

impl Value {
    /// The type in words.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Settings(_) => "a table",
        }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(integer) => Some(*integer as f64),
            Self::Float(float) => Some(*float),
            _ => None,
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Boolean(boolean) => (*boolean).into(),
            Self::Integer(integer) => (*integer).into(),
            Self::Float(float) => (*float).into(),
            Self::Text(text) => text.clone().into(),
            Self::List(list) => list.iter().map(Self::to_json).collect(),
            Self::Settings(settings) => settings
                .iter()
                .map(|(key, value)| (key.clone(), value.to_json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }
}

/// TOML text of the value.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(boolean) => write!(f, "{boolean}"),
            Self::Integer(integer) => write!(f, "{integer}"),
            // The shortest text that reads back as the same number; always with a point or an exponent.
            Self::Float(float) => write!(f, "{float:?}"),
            Self::Text(text) => write!(f, "{}", toml::Value::String(text.clone())),
            Self::List(list) => {
                write!(f, "[")?;
                for (index, value) in list.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{value}")?;
                }
                write!(f, "]")
            }
            Self::Settings(settings) => {
                write!(f, "{{")?;
                for (index, (key, value)) in settings.iter().enumerate() {
                    let separator = if index == 0 { " " } else { ", " };
                    write!(f, "{separator}{key} = {value}")?;
                }
                write!(f, " }}")
            }
        }
    }
}

/// Where a value came from; its text stands in error messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said otherwise.
    Default,
    /// The model preset of that name.
    Preset(String),
    /// The model in that folder, with which the run begins.
    Start(PathBuf),
    /// A recipe file.
    File {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// An argument `key=value`, as given.
    Setting(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(f, "default"),
            Self::Preset(name) => write!(f, "preset {name}"),
            Self::Start(folder) => write!(f, "the model in {}", folder.display()),
            Self::File { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Self::Setting(text) => write!(f, "--set {text}"),
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// The value.
    pub value: Value,
    /// Its source.
    pub origin: Origin,
}

/// Values by full key, e.g. `train.batch`.
pub type Values = BTreeMap<String, Located>;

/// What a key accepts, for the reference and the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A text.
    Text,
    /// A file or folder.
    Path,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// One of these texts, or a number.
    ChoiceOrNumber(&'static [&'static str]),
    /// A list of that many numbers.
    Numbers(usize),
    /// A list of any number of numbers.
    NumberList,
    /// A list of texts.
    Texts,
    /// A list of whole numbers or these texts.
    IntegersOr(&'static [&'static str]),
    /// A list of texts of which each is one of these.
    Choices(&'static [&'static str]),
    /// A fraction (with a decimal point) or a whole number of steps.
    FractionOrSteps,
    /// Dotted keys with values.
    Settings,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |choices: &[&str]| {
            choices
                .iter()
                .map(|choice| format!("\"{choice}\""))
                .collect::<Vec<_>>()
                .join(", ")
        };
        match self {
            Self::Boolean => write!(f, "true or false"),
            Self::Integer => write!(f, "a whole number"),
            Self::Number => write!(f, "a number"),
            Self::Text => write!(f, "a text"),
            Self::Path => write!(f, "a path"),
            Self::Choice(choices) => write!(f, "one of {}", quoted(choices)),
            Self::ChoiceOrNumber(choices) => write!(f, "one of {}, or a number", quoted(choices)),
            Self::Numbers(count) => write!(f, "a list of {count} numbers"),
            Self::NumberList => write!(f, "a list of numbers"),
            Self::Texts => write!(f, "a list of texts"),
            Self::IntegersOr(texts) => write!(f, "a list of whole numbers or {}", quoted(texts)),
            Self::Choices(choices) => write!(f, "a list of {}", quoted(choices)),
            Self::FractionOrSteps => {
                write!(f, "a fraction (0.1) or a whole number of steps (100)")
            }
            Self::Settings => write!(f, "a table of recipe keys"),
        }
    }
}

/// Something that a recipe key can hold.
pub trait RecipeValue: Sized {
    /// Whether the key may be left unset.
    const OPTIONAL: bool = false;
    /// What it accepts.
    fn kind() -> Kind;
    /// Reads it; none if the value is of another kind.
    fn read(value: &Value) -> Option<Self>;
    /// Writes it; none if unset.
    fn write(&self) -> Option<Value>;
    /// Why a text is refused and what to do, where more can be said than the kind.
    fn explain(_value: &Value) -> Option<(String, Option<String>)> {
        None
    }
}

impl RecipeValue for bool {
    fn kind() -> Kind {
        Kind::Boolean
    }
    fn read(value: &Value) -> Option<Self> {
        if let Value::Boolean(boolean) = value {
            Some(*boolean)
        } else {
            None
        }
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Boolean(*self))
    }
}

impl RecipeValue for f64 {
    fn kind() -> Kind {
        Kind::Number
    }
    fn read(value: &Value) -> Option<Self> {
        value.number()
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Float(*self))
    }
}

macro_rules! whole_numbers {
    ($($type:ty),*) => {$(
        impl RecipeValue for $type {
            fn kind() -> Kind {
                Kind::Integer
            }
            fn read(value: &Value) -> Option<Self> {
                if let Value::Integer(integer) = value { Self::try_from(*integer).ok() } else { None }
            }
            fn write(&self) -> Option<Value> {
                i64::try_from(*self).ok().map(Value::Integer)
            }
        }
    )*};
}

whole_numbers!(usize, u64);

impl RecipeValue for String {
    fn kind() -> Kind {
        Kind::Text
    }
    fn read(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value {
            Some(text.clone())
        } else {
            None
        }
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Text(self.clone()))
    }
}

impl RecipeValue for PathBuf {
    fn kind() -> Kind {
        Kind::Path
    }
    fn read(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value {
            Some(Self::from(text))
        } else {
            None
        }
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Text(self.to_string_lossy().into_owned()))
    }
}

impl RecipeValue for Vec<String> {
    fn kind() -> Kind {
        Kind::Texts
    }
    fn read(value: &Value) -> Option<Self> {
        let Value::List(list) = value else {
            return None;
        };
        list.iter().map(String::read).collect()
    }
    fn write(&self) -> Option<Value> {
        Some(Value::List(self.iter().cloned().map(Value::Text).collect()))
    }
}

impl RecipeValue for Vec<f64> {
    fn kind() -> Kind {
        Kind::NumberList
    }
    fn read(value: &Value) -> Option<Self> {
        let Value::List(list) = value else {
            return None;
        };
        list.iter().map(Value::number).collect()
    }
    fn write(&self) -> Option<Value> {
        Some(Value::List(
            self.iter().copied().map(Value::Float).collect(),
        ))
    }
}

impl RecipeValue for [f64; 2] {
    fn kind() -> Kind {
        Kind::Numbers(2)
    }
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::List(list) => match list.as_slice() {
                [first, second] => Some([first.number()?, second.number()?]),
                _ => None,
            },
            _ => None,
        }
    }
    fn write(&self) -> Option<Value> {
        Some(Value::List(
            self.iter().map(|number| Value::Float(*number)).collect(),
        ))
    }
}

impl<T: RecipeValue> RecipeValue for Option<T> {
    const OPTIONAL: bool = true;
    fn kind() -> Kind {
        T::kind()
    }
    fn read(value: &Value) -> Option<Self> {
        T::read(value).map(Some)
    }
    fn write(&self) -> Option<Value> {
        self.as_ref().and_then(T::write)
    }
    fn explain(value: &Value) -> Option<(String, Option<String>)> {
        T::explain(value)
    }
}
