//! Reading recipe files and `--set` arguments into layers of values.

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

/// Reads the text of a recipe file.
pub(crate) fn parse_file(file: &Path, text: &str) -> Result<Layer, RecipeError> {
    let source = Text { file, text };
    let document = DeTable::parse(text).map_err(|error| {
        source.syntax(error.span().map_or(0, |span| span.start), error.message())
    })?;
    let mut layer = Layer::default();
    for (name, value) in document.get_ref() {
        let table_name = name.get_ref().as_ref();
        match (table_name, value.get_ref()) {
            ("arm", DeValue::Array(_)) => {
                let arms = tables(&source, "arm", value)?;
                layer.arms = Some(
                    arms.into_iter()
                        .map(|arm| entries(&source, "arm", arm, &table::Arm::keys()))
                        .collect::<Result<_, _>>()?,
                );
            }
            (_, DeValue::Table(content)) if is_table(table_name) => {
                for (key, value) in content {
                    if table_name == "optimizer" && key.get_ref() == "group" {
                        let groups = tables(&source, "optimizer.group", value)?;
                        layer.groups = Some(
                            groups
                                .into_iter()
                                .map(|group| {
                                    entries(
                                        &source,
                                        "optimizer.group",
                                        group,
                                        &table::Group::keys(),
                                    )
                                })
                                .collect::<Result<_, _>>()?,
                        );
                        continue;
                    }
                    let path = format!("{table_name}.{}", key.get_ref());
                    let origin = source.origin(key.span().start);
                    known(&path, &origin)?;
                    layer.values.insert(
                        path,
                        Located {
                            value: convert(&source, value)?,
                            origin,
                        },
                    );
                }
            }
            _ => return Err(unknown(table_name, source.origin(name.span().start))),
        }
    }
    Ok(layer)
}

/// Whether a table of single keys has that name.
fn is_table(name: &str) -> bool {
    all_keys().iter().any(|key| {
        key.path
            .split_once('.')
            .is_some_and(|(table, _)| table == name)
    })
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
            flatten(source, "", settings, &mut flat)?;
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
            flatten(source, &path, inner, flat)?;
        } else {
            if split_group(&path).is_none() {
                known(&path, &source.origin(key.span().start))?;
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
        return known(path, origin).map(|key| key.kind);
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

/// The declaration of a key outside of lists.
fn known(path: &str, origin: &Origin) -> Result<Key, RecipeError> {
    all_keys()
        .into_iter()
        .find(|key| key.path == path)
        .ok_or_else(|| unknown(path, origin.clone()))
}

fn unknown(path: &str, origin: Origin) -> RecipeError {
    let keys = all_keys();
    let mut names: Vec<&str> = keys.iter().map(|key| key.path.as_str()).collect();
    names.extend(["optimizer.group", "arm"]);
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

/// The known name most like `given`, compared whole and by its last part, if one is near enough to be meant.
pub(crate) fn nearest<'k>(given: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
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
