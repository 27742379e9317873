//! Values of a sweep's recipe with a form of their own: tasks, modes, sizes, the order of cells.

use std::fmt;
use std::str::FromStr;

use pliant_train::recipe::{Kind, RecipeValue, Value, nearest};

use super::names;
use crate::SeedList;

/// How many training examples a cell is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// So many, drawn by the cell's seed.
    Examples(usize),
    /// All there are.
    All,
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Examples(count) => write!(formatter, "{count}"),
            Self::All => formatter.write_str("all"),
        }
    }
}

/// A direction of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// Seeds.
    Seed,
    /// Numbers of examples.
    Size,
    /// Which parameters train.
    Mode,
    /// Tasks.
    Task,
    /// Arms.
    Model,
}

impl Dimension {
    /// All directions, in the default order: every seed goes through the whole grid before the next, so that whenever a sweep stops
    /// its tables have about equally many seeds; arms are innermost, so that pairs are complete.
    pub const ALL: [Self; 5] = [Self::Seed, Self::Size, Self::Mode, Self::Task, Self::Model];
    const NAMES: [&'static str; 5] = ["seed", "size", "mode", "task", "model"];
}

impl fmt::Display for Dimension {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = Self::ALL.iter().position(|dimension| dimension == self);
        formatter.write_str(place.map_or("", |place| Self::NAMES[place]))
    }
}

impl FromStr for Dimension {
    type Err = (String, Option<String>);

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Self::NAMES.iter().position(|name| *name == text) {
            Some(place) => Ok(Self::ALL[place]),
            None => Err((
                format!("`{text}` is no direction of the grid"),
                Some(suggestion(text, &Self::NAMES)),
            )),
        }
    }
}

/// The name that was meant, or all names.
fn suggestion(given: &str, names: &[&str]) -> String {
    match nearest(given, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("one of {}", names.join(", ")),
    }
}

/// A list of items with a text form, each checked by `check`.
fn explain_texts(
    value: &Value,
    check: impl Fn(&str) -> Result<String, (String, Option<String>)>,
) -> Option<(String, Option<String>)> {
    let Value::List(list) = value else {
        return None;
    };
    list.iter().find_map(|item| match item {
        Value::Text(text) => check(text).err(),
        _ => None,
    })
}

/// Tasks by their text form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tasks(pub Vec<String>);

/// Modes by their text form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Modes(pub Vec<String>);

/// Lists of names; `$form` gives the text form of each.
macro_rules! texts {
    ($type:ty, $form:expr) => {
        impl RecipeValue for $type {
            fn kind() -> Kind {
                Kind::Texts
            }
            fn read(value: &Value) -> Option<Self> {
                let names = Vec::<String>::read(value)?;
                let forms = names.iter().map(|name| $form(name).ok());
                forms.collect::<Option<_>>().map(Self)
            }
            fn write(&self) -> Option<Value> {
                self.0.write()
            }
            fn explain(value: &Value) -> Option<(String, Option<String>)> {
                explain_texts(value, $form)
            }
        }
    };
}
texts!(Tasks, names::task);
texts!(Modes, names::mode);

/// Sizes, in the order given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sizes(pub Vec<Size>);

impl RecipeValue for Sizes {
    fn kind() -> Kind {
        Kind::IntegersOr(&["all"])
    }
    fn read(value: &Value) -> Option<Self> {
        let Value::List(list) = value else {
            return None;
        };
        let size = |item: &Value| match item {
            Value::Text(text) if text == "all" => Some(Size::All),
            Value::Integer(count) => usize::try_from(*count).ok().map(Size::Examples),
            _ => None,
        };
        list.iter().map(size).collect::<Option<_>>().map(Self)
    }
    fn write(&self) -> Option<Value> {
        let item = |size: &Size| match size {
            Size::Examples(count) => Value::Integer(*count as i64),
            Size::All => Value::Text("all".to_owned()),
        };
        Some(Value::List(self.0.iter().map(item).collect()))
    }
}

/// The order of cells, the outermost direction first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order(pub Vec<Dimension>);

impl RecipeValue for Order {
    fn kind() -> Kind {
        Kind::Choices(&Dimension::NAMES)
    }
    fn read(value: &Value) -> Option<Self> {
        let names = Vec::<String>::read(value)?;
        let dimensions = names.iter().map(|name| name.parse().ok());
        dimensions.collect::<Option<_>>().map(Self)
    }
    fn write(&self) -> Option<Value> {
        let names = self
            .0
            .iter()
            .map(|dimension| Value::Text(dimension.to_string()));
        Some(Value::List(names.collect()))
    }
    fn explain(value: &Value) -> Option<(String, Option<String>)> {
        explain_texts(value, |text| {
            text.parse::<Dimension>()
                .map(|dimension| dimension.to_string())
        })
    }
}

/// Seeds as a text (`"1-10"`) or a list of whole numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeds(pub SeedList);

impl RecipeValue for Seeds {
    fn kind() -> Kind {
        Kind::Text
    }
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => text.parse().ok().map(Self),
            Value::List(list) => {
                let seeds = list.iter().map(u64::read).collect::<Option<Vec<_>>>()?;
                SeedList::new(seeds).ok().map(Self)
            }
            _ => None,
        }
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Text(self.0.to_string()))
    }
    fn explain(value: &Value) -> Option<(String, Option<String>)> {
        let error = match value {
            Value::Text(text) => text.parse::<SeedList>().err()?,
            Value::List(list) => {
                let seeds = list.iter().map(u64::read).collect::<Option<Vec<_>>>()?;
                SeedList::new(seeds).err()?
            }
            _ => return None,
        };
        Some((error.to_string(), error.hint()))
    }
}
