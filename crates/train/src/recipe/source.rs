//! Reading recipe files and `--set` arguments into layers of values.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::error::RecipeError;
use super::key::Key;
use super::value::{Kind, Located, Origin, Value, Values};
use super::{all_keys, table};

/// What one source says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    /// Values by full key.
    pub(crate) values: Values,
    /// The list of groups, if the source has one.
    pub(crate) groups: Option<Vec<Values>>,
    /// Changes of single keys of named groups.
    pub(crate) group_settings: Vec<GroupSetting>,
    /// The list of arms, if the source has one.
    pub(crate) arms: Option<Vec<Values>>,
}

/// `optimizer.group.NAME.KEY = VALUE`.
#[derive(Clone, Debug)]
pub(crate) struct GroupSetting {
    pub(crate) group: String,
    pub(crate) key: String,
    pub(crate) located: Located,
}

/// Turns byte offsets into lines and columns.
struct Text<'t> {
    file: &'t Path,
    text: &'t str,
}

impl Text<'_> {
    fn origin(&self, offset: usize) -> Origin {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Origin::File {
            file: self.file.to_path_buf(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or("").chars().count() + 1,
        }
    }

    fn syntax(&self, offset: usize, message: impl Into<String>) -> RecipeError {
        RecipeError::Syntax {
            origin: self.origin(offset),
            message: message.into(),
        }
    }
}

/// What a document may hold: single keys in tables, and lists of tables.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Keys outside of lists, by full name.
    pub keys: Vec<Key>,
    /// Lists of tables, by full name (`arm`, `optimizer.group`), with the keys of their elements.
    pub lists: Vec<(&'static str, Vec<Key>)>,
}

/// What a document says.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Values outside of lists, by full key.
    pub values: Values,
    /// The lists that are there, each element's values by full key.
    pub lists: BTreeMap<&'static str, Vec<Values>>,
}

impl Form {
    /// The form of a recipe of a run.
    pub(crate) fn of_a_run() -> Self {
        Self {
            keys: all_keys(),
            lists: vec![
                ("optimizer.group", table::Group::keys()),
                ("arm", table::Arm::keys()),
            ],
        }
    }

    fn list(&self, name: &str) -> Option<&(&'static str, Vec<Key>)> {
        self.lists.iter().find(|(known, _)| *known == name)
    }

    /// Whether a table of single keys has that name.
    fn is_table(&self, name: &str) -> bool {
        let table = |path: &str| path.split_once('.').is_some_and(|(table, _)| table == name);
        self.keys.iter().any(|key| table(&key.path))
    }

    /// The declaration of a key outside of lists.
    fn known(&self, path: &str, origin: &Origin) -> Result<&Key, RecipeError> {
        self.keys
            .iter()
            .find(|key| key.path == path)
            .ok_or_else(|| self.unknown(path, origin.clone()))
    }

    fn unknown(&self, path: &str, origin: Origin) -> RecipeError {
        let mut names: Vec<&str> = self.keys.iter().map(|key| key.path.as_str()).collect();
        names.extend(self.lists.iter().map(|(name, _)| *name));
        let mut tables: Vec<&str> = names
            .iter()
            .map(|name| name.split('.').next().unwrap_or(name))
            .collect();
        tables.dedup();
        let candidates = if path.contains('.') {
            names
        } else {
            [tables, names].concat()
        };
        RecipeError::UnknownKey {
            nearest: nearest(path, candidates.into_iter()),
            key: path.to_owned(),
            origin,
        }
    }
}

/// Reads a TOML text of a form; `file` stands for it in messages.
///
/// # Errors
/// No TOML, or a key that the form does not have, named with its line and the nearest known one.
pub fn read_document(file: &Path, text: &str, form: &Form) -> Result<Document, RecipeError> {
    let source = Text { file, text };
    let parsed = DeTable::parse(text).map_err(|error| {
        source.syntax(error.span().map_or(0, |span| span.start), error.message())
    })?;
    let mut document = Document::default();
    for (name, value) in parsed.get_ref() {
        let table_name = name.get_ref().as_ref();
        if let Some((list, keys)) = form.list(table_name) {
            let elements = elements(&source, form, list, keys, value)?;
            document.lists.insert(list, elements);
            continue;
        }
        let DeValue::Table(content) = value.get_ref() else {
            return Err(form.unknown(table_name, source.origin(name.span().start)));
        };
        if !form.is_table(table_name) {
            return Err(form.unknown(table_name, source.origin(name.span().start)));
        }
        for (key, value) in content {
            let path = format!("{table_name}.{}", key.get_ref());
            if let Some((list, keys)) = form.list(&path) {
                let elements = elements(&source, form, list, keys, value)?;
                document.lists.insert(list, elements);
                continue;
            }
            let origin = source.origin(key.span().start);
            form.known(&path, &origin)?;
            let value = convert(&source, value)?;
            document.values.insert(path, Located { value, origin });
        }
    }
    Ok(document)
}

/// Reads the text of a recipe file of a run.
pub(crate) fn parse_file(file: &Path, text: &str) -> Result<Layer, RecipeError> {
    let mut document = read_document(file, text, &Form::of_a_run())?;
    Ok(Layer {
        values: document.values,
        groups: document.lists.remove("optimizer.group"),
        group_settings: Vec::new(),
        arms: document.lists.remove("arm"),
    })
}

/// The elements of a list of tables.
fn elements(
    source: &Text<'_>,
    form: &Form,
    name: &str,
    keys: &[Key],
    value: &toml::Spanned<DeValue<'_>>,
) -> Result<Vec<Values>, RecipeError> {
    tables(source, name, value)?
        .into_iter()
        .map(|table| entries(source, form, name, table, keys))
        .collect()
}

/// The tables of a list of tables.
fn tables<'v, 'i>(
    source: &Text<'_>,
    name: &str,
    value: &'v toml::Spanned<DeValue<'i>>,
) -> Result<Vec<&'v DeTable<'i>>, RecipeError> {
    let refused = || {
        source.syntax(
            value.span().start,
            format!("`{name}` is a list of tables: write [[{name}]]"),
        )
    };
    let DeValue::Array(list) = value.get_ref() else {
        return Err(refused());
    };
    list.iter()
        .map(|item| {
            if let DeValue::Table(table) = item.get_ref() {
                Ok(table)
            } else {
                Err(refused())
            }
        })
        .collect()
}

/// The keys of one element of a list of tables.
fn entries(
    source: &Text<'_>,
    form: &Form,
    name: &str,
    table: &DeTable<'_>,
    keys: &[Key],
) -> Result<Values, RecipeError> {
    let mut values = Values::new();
    for (key, value) in table {
        let path = format!("{name}.{}", key.get_ref());
        let origin = source.origin(key.span().start);
        let Some(declared) = keys.iter().find(|known| known.path == path) else {
            return Err(RecipeError::UnknownKey {
                nearest: nearest(&path, keys.iter().map(|key| key.path.as_str())),
                key: path,
                origin,
            });
        };
        let value = if declared.kind == Kind::Settings {
            let DeValue::Table(settings) = value.get_ref() else {
                return Err(source.syntax(
                    value.span().start,
                    format!("`{path}` is a table of recipe keys"),
                ));
            };
            let mut flat = Vec::new();
            flatten(source, form, "", settings, &mut flat)?;
            Value::Settings(flat)
        } else {
            convert(source, value)?
        };
        values.insert(path, Located { value, origin });
    }
    Ok(values)
}

/// Dotted keys of nested tables; each must be a recipe key.
fn flatten(
    source: &Text<'_>,
    form: &Form,
    prefix: &str,
    table: &DeTable<'_>,
    flat: &mut Vec<(String, Value)>,
) -> Result<(), RecipeError> {
    for (key, value) in table {
        let path = if prefix.is_empty() {
            key.get_ref().to_string()
        } else {
            format!("{prefix}.{}", key.get_ref())
        };
        if let DeValue::Table(inner) = value.get_ref() {
            flatten(source, form, &path, inner, flat)?;
        } else {
            if split_group(&path).is_none() {
                form.known(&path, &source.origin(key.span().start))?;
            }
            flat.push((path, convert(source, value)?));
        }
    }
    Ok(())
}

/// A TOML value as a recipe value.
fn convert(source: &Text<'_>, value: &toml::Spanned<DeValue<'_>>) -> Result<Value, RecipeError> {
    plain_value(value.get_ref()).map_err(|message| source.syntax(value.span().start, message))
}

fn plain_value(value: &DeValue<'_>) -> Result<Value, String> {
    Ok(match value {
        DeValue::Boolean(boolean) => Value::Boolean(*boolean),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map(Value::Integer)
            .map_err(|_| format!("the whole number {integer} does not fit"))?,
        DeValue::Float(float) => float
            .as_str()
            .parse()
            .map(Value::Float)
            .map_err(|_| format!("the number {float} does not fit"))?,
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Array(list) => Value::List(
            list.iter()
                .map(|item| plain_value(item.get_ref()))
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Datetime(_) => return Err("no recipe key takes a date".to_owned()),
        DeValue::Table(_) => return Err("a table is not expected here".to_owned()),
    })
}

/// Splits a `key=value` argument. A value that is no TOML, or that stands unquoted where a text belongs, is a text.
pub(crate) fn parse_setting(text: &str) -> Result<(String, Value), RecipeError> {
    let origin = Origin::Setting(text.to_owned());
    let Some((path, value)) = text.split_once('=') else {
        return Err(RecipeError::Syntax {
            origin,
            message: "there is no `=`".to_owned(),
        });
    };
    let (path, value) = (path.trim(), value.trim());
    let kind = declared_kind(path, &origin)?;
    let is_quoted = value.starts_with(['"', '\'']);
    let is_text = matches!(kind, Kind::Text | Kind::Path | Kind::Choice(_)) && !is_quoted;
    let parsed = if is_text {
        Value::Text(value.to_owned())
    } else {
        DeValue::parse(value)
            .ok()
            .and_then(|parsed| plain_value(parsed.get_ref()).ok())
            .unwrap_or_else(|| Value::Text(value.to_owned()))
    };
    Ok((path.to_owned(), parsed))
}

/// A setting, and the text that messages show for it.
pub(crate) struct Setting {
    pub(crate) path: String,
    pub(crate) value: Value,
    pub(crate) text: String,
}

/// A layer of settings, as from `--set` or from an arm; later ones override earlier ones.
pub(crate) fn settings_layer(settings: Vec<Setting>) -> Result<Layer, RecipeError> {
    let mut layer = Layer::default();
    for Setting { path, value, text } in settings {
        let origin = Origin::Setting(text);
        declared_kind(&path, &origin)?;
        let located = Located { value, origin };
        if let Some((group, key)) = split_group(&path) {
            let (group, key) = (group.to_owned(), key.to_owned());
            layer.group_settings.push(GroupSetting {
                group,
                key,
                located,
            });
            continue;
        }
        for (clock, other) in super::CLOCKS {
            if path == clock {
                layer.values.remove(other);
            }
        }
        layer.values.insert(path, located);
    }
    Ok(layer)
}

/// The kind of a key that a setting names.
fn declared_kind(path: &str, origin: &Origin) -> Result<Kind, RecipeError> {
    let Some((_, key)) = split_group(path) else {
        return Form::of_a_run()
            .known(path, origin)
            .map(|key| key.kind.clone());
    };
    let full = format!("optimizer.group.{key}");
    let keys = table::Group::keys();
    keys.iter()
        .find(|known| known.path == full)
        .map(|known| known.kind.clone())
        .ok_or_else(|| RecipeError::UnknownKey {
            key: path.to_owned(),
            origin: origin.clone(),
            nearest: nearest(&full, keys.iter().map(|key| key.path.as_str())),
        })
}

/// Group and key of `optimizer.group.NAME.KEY`.
fn split_group(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("optimizer.group.")?.rsplit_once('.')
}

/// The known name most like `given`, compared whole and by its last part, if one is near enough to be meant.
pub fn nearest<'k>(given: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or("").to_owned();
    known
        .map(|name| {
            let whole = strsim::damerau_levenshtein(given, name);
            let part = strsim::damerau_levenshtein(&last(given), &last(name));
            // The right key in the wrong table is near, too; the whole name decides between equals.
            (whole.min(part + 1), whole, name)
        })
        .min()
        .filter(|(distance, _, _)| *distance <= last(given).chars().count().div_ceil(3) + 1)
        .map(|(_, _, name)| name.to_owned())
}
