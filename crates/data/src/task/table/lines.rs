//! Tab-separated lines in which a quotation mark is text.

use std::path::Path;

use super::{Row, Table, Wanted};
use crate::DataError;
use crate::task::TaskError;

pub(super) fn read(
    path: &Path,
    text: &str,
    unnamed: Option<&[&str]>,
    wanted: &[Wanted<'_>],
) -> Result<Table, DataError> {
    // Not `str::lines`, which takes a carriage return only before a line feed: files from elsewhere end in either.
    let mut lines = text
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .zip(1..)
        .peekable();
    let first: Vec<&str> = lines
        .peek()
        .map(|(line, _)| line.split('\t').map(str::trim).collect())
        .unwrap_or_default();
    let is_name = |field: &&str| wanted.iter().any(|wanted| wanted.names.contains(field));
    let names = match unnamed {
        Some(unnamed) if !first.iter().any(is_name) => unnamed.to_vec(),
        _ => {
            lines.next();
            first
        }
    };
    let columns: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let places = Table::places(path, &columns, wanted)?;
    let mut table = Table::new(path);
    // An empty line is malformed, unless nothing but empty lines follows.
    let mut empty: Vec<usize> = Vec::new();
    for (line, number) in lines {
        if line.is_empty() {
            empty.push(number);
            continue;
        }
        for number in empty.drain(..) {
            table.malformed.add(number, "empty");
        }
        let fields: Vec<&str> = line.split('\t').collect();
        if fields.len() != columns.len() {
            table
                .malformed
                .add(number, fields_reason(fields.len(), columns.len()));
            continue;
        }
        table.rows.push(Row {
            line: number,
            fields: places
                .iter()
                .map(|place| place.map(|place| fields[place].to_owned()))
                .collect(),
        });
    }
    finish(table)
}

pub(super) fn fields_reason(found: usize, expected: usize) -> String {
    let ending = if found == 1 { "" } else { "s" };
    format!("{found} field{ending}, {expected} expected")
}

/// A table without a line that can be read is an error that says why.
pub(super) fn finish(table: Table) -> Result<Table, DataError> {
    if table.rows.is_empty() {
        table
            .malformed
            .verdict(&table.path, table.malformed.count())?;
        return Err(TaskError::NoRows(table.path).into());
    }
    Ok(table)
}
