//! JSON schema of the recipe, for editors.

use serde_json::{Map, Value as Json, json};

use super::key::Key;
use super::reference::documented;
use super::value::Kind;

/// JSON schema (2020-12) of a recipe file.
pub fn schema() -> Json {
    let mut tables = Map::new();
    let mut group = Json::Null;
    for (name, documentation, keys) in documented() {
        let mut table = json!({
            "type": "object",
            "description": one_line(documentation),
            "additionalProperties": false,
            "properties": keys.iter().map(property).collect::<Map<_, _>>(),
        });
        match name {
            "[[optimizer.group]]" => {
                table["required"] = json!(["name"]);
                group = json!({ "type": "array", "items": table });
            }
            "[[arm]]" => {
                table["required"] = json!(["name", "set"]);
                tables.insert("arm".to_owned(), json!({ "type": "array", "items": table }));
            }
            _ => {
                tables.insert(name.trim_matches(['[', ']']).to_owned(), table);
            }
        }
    }
    if let Some(optimizer) = tables.get_mut("optimizer") {
        optimizer["properties"]["group"] = group;
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Pliant recipe",
        "type": "object",
        "additionalProperties": false,
        "properties": tables,
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn property(key: &Key) -> (String, Json) {
    let mut schema = match &key.kind {
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Integer => limited("integer", key),
        Kind::Number | Kind::FractionOrSteps => limited("number", key),
        Kind::Text | Kind::Path => json!({ "type": "string" }),
        Kind::Choice(choices) => json!({ "enum": choices }),
        Kind::ChoiceOrNumber(choices) => {
            json!({ "anyOf": [{ "enum": choices }, limited("number", key)] })
        }
        Kind::Numbers(count) => {
            json!({ "type": "array", "items": limited("number", key), "minItems": count, "maxItems": count })
        }
        Kind::NumberList => json!({ "type": "array", "items": limited("number", key) }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::IntegersOr(texts) => {
            json!({ "type": "array", "items": { "anyOf": [{ "enum": texts }, limited("integer", key)] } })
        }
        Kind::Choices(choices) => json!({ "type": "array", "items": { "enum": choices } }),
        Kind::Settings => json!({ "type": "object" }),
    };
    schema["description"] = one_line(key.documentation).into();
    if let Some(default) = &key.default
        && !key.path.starts_with("optimizer.group.")
        && !key.path.starts_with("arm.")
    {
        schema["default"] = default.to_json();
    }
    (key.path.rsplit('.').next().unwrap_or("").to_owned(), schema)
}

fn limited(kind: &str, key: &Key) -> Json {
    let mut schema = json!({ "type": kind });
    if let Some((minimum, excluded)) = key.limits.minimum() {
        schema[if excluded {
            "exclusiveMinimum"
        } else {
            "minimum"
        }] = number(kind, minimum);
    }
    if let Some((maximum, excluded)) = key.limits.maximum() {
        schema[if excluded {
            "exclusiveMaximum"
        } else {
            "maximum"
        }] = number(kind, maximum);
    }
    schema
}

fn number(kind: &str, value: f64) -> Json {
    if kind == "integer" {
        json!(value as i64)
    } else {
        json!(value)
    }
}
