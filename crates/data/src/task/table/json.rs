//! One JSON object a line.

use std::path::Path;

use serde_json::{Map, Value};

use super::lines::finish;
use super::{Row, Table, Wanted};
use crate::DataError;
use crate::task::TaskError;

pub(super) fn read(path: &Path, text: &str, wanted: &[Wanted<'_>]) -> Result<Table, DataError> {
    let mut objects: Vec<(usize, Map<String, Value>)> = Vec::new();
    // Keys in the order in which they occur; files have few, so a list will do.
    let mut columns: Vec<String> = Vec::new();
    for (line, number) in text.split('\n').zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let object: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| TaskError::Malformed {
                path: path.to_owned(),
                line: number,
                format: "JSON",
                reason: reason_in_line(&error),
            })?;
        for key in object.keys() {
            if !columns.contains(key) {
                columns.push(key.clone());
            }
        }
        objects.push((number, object));
    }
    if objects.is_empty() {
        return Err(TaskError::NoRows(path.to_owned()).into());
    }
    let places = Table::places(path, &columns, wanted)?;
    let mut table = Table::new(path);
    'rows: for (line, object) in objects {
        let mut fields = Vec::with_capacity(places.len());
        for place in &places {
            let value = place.and_then(|place| object.get(&columns[place]));
            fields.push(match value {
                None | Some(Value::Null) => None,
                Some(Value::String(text)) => Some(text.clone()),
                Some(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
                Some(Value::Array(_) | Value::Object(_)) => {
                    let column = place.map_or("", |place| &columns[place]);
                    table
                        .malformed
                        .add(line, format!("{column} is neither text nor a number"));
                    continue 'rows;
                }
            });
        }
        table.rows.push(Row { line, fields });
    }
    finish(table)
}

/// The reason without the place in the line, which `serde_json` counts as if the line were a file.
pub(crate) fn reason_in_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((reason, _)) => format!("{reason}, column {}", error.column()),
        None => text,
    }
}
