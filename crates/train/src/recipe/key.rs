//! The declaration of recipe keys: each stands in exactly one place, from which come the parser, the refusal of unknown
//! keys, the saved recipe, the reference and the schema.

use super::error::RecipeError;
use super::limits::Limits;
use super::value::{Kind, Located, Origin, RecipeValue, Value, Values};

/// A recipe key as declared.
#[derive(Clone, Debug)]
pub struct Key {
    /// Full name, e.g. `train.batch`.
    pub path: String,
    /// What it accepts.
    pub kind: Kind,
    /// Allowed numbers.
    pub limits: Limits,
    /// Value when nobody says otherwise; none: unset.
    pub default: Option<Value>,
    /// Whether it may stay unset.
    pub optional: bool,
    /// What it means.
    pub documentation: &'static str,
}

/// Reads one key from the merged values, or takes its default.
pub fn read<T: RecipeValue>(
    values: &Values,
    path: &str,
    limits: Limits,
    default: impl FnOnce() -> T,
) -> Result<T, RecipeError> {
    let Some(Located { value, origin }) = values.get(path) else {
        return Ok(default());
    };
    let out_of_range = || RecipeError::OutOfRange {
        key: path.to_owned(),
        origin: origin.clone(),
        found: value.to_string(),
        allowed: limits.to_string(),
    };
    let numbers = match value {
        Value::List(list) => list.iter().filter_map(Value::number).collect(),
        other => other.number().into_iter().collect::<Vec<_>>(),
    };
    if T::kind() != Kind::Text && numbers.iter().any(|number| !limits.allow(*number)) {
        return Err(out_of_range());
    }
    if let Some((message, remedy)) = T::explain(value) {
        return Err(RecipeError::Text {
            key: path.to_owned(),
            origin: origin.clone(),
            message,
            remedy,
        });
    }
    T::read(value).ok_or_else(|| RecipeError::WrongType {
        key: path.to_owned(),
        origin: origin.clone(),
        found: match value {
            Value::Settings(_) => "a table".to_owned(),
            Value::List(_) => format!("the list {value}"),
            _ => format!("{} ({value})", value.type_name()),
        },
        expected: T::kind().to_string(),
    })
}

/// Name of a field without the mark of a raw identifier.
pub fn plain(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// Source of a key's value.
pub fn origin(values: &Values, path: &str) -> Origin {
    values
        .get(path)
        .map_or(Origin::Default, |located| located.origin.clone())
}

/// Declares a table of the recipe: a struct whose fields are the keys.
///
/// Each field has its documentation, a type, a default and its limits.
#[macro_export]
macro_rules! recipe_table {
    (
        $(#[doc = $table_doc:literal])+
        pub struct $name:ident in $table:literal {
            $( $(#[doc = $doc:literal])+ $field:ident: $type:ty = $default:expr, $limits:expr; )+
        }
    ) => {
        $(#[doc = $table_doc])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $field: $type, )+
        }

        impl $name {
            /// Documentation of the table.
            pub(crate) const DOCUMENTATION: &'static str = concat!($($table_doc, "\n"),+);

            /// The declared keys, in order.
            pub(crate) fn keys() -> Vec<$crate::recipe::Key> {
                vec![$( $crate::recipe::Key {
                    path: format!("{}.{}", $table, $crate::recipe::field_name(stringify!($field))),
                    kind: <$type as $crate::recipe::RecipeValue>::kind(),
                    limits: $limits,
                    default: {
                        let default: $type = $default;
                        $crate::recipe::RecipeValue::write(&default)
                    },
                    optional: <$type as $crate::recipe::RecipeValue>::OPTIONAL,
                    documentation: concat!($($doc, "\n"),+),
                }, )+]
            }

            /// Reads the table from merged values.
            pub(crate) fn read(
                values: &$crate::recipe::Values,
            ) -> Result<Self, $crate::recipe::RecipeError> {
                Ok(Self { $(
                    $field: $crate::recipe::read_key(
                        values,
                        &format!("{}.{}", $table, $crate::recipe::field_name(stringify!($field))),
                        $limits,
                        || $default,
                    )?,
                )+ })
            }

            /// The values of all keys, in order; none where unset.
            pub(crate) fn entries(&self) -> Vec<(&'static str, Option<$crate::recipe::Value>)> {
                vec![$( (
                    $crate::recipe::field_name(stringify!($field)),
                    $crate::recipe::RecipeValue::write(&self.$field),
                ), )+]
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )+ }
            }
        }
    };
}
