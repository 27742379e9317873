//! Comma- and tab-separated files whose fields may stand in quotation marks and run over several lines.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use super::lines::{self, fields_reason, finish};
use super::quoting::Scan;
use super::{Row, Table, Wanted};
use crate::DataError;
use crate::task::TaskError;

/// A tab-separated file, quoted or not.
pub(super) fn read_tabs(
    path: &Path,
    text: &str,
    wanted: &[Wanted<'_>],
) -> Result<Table, DataError> {
    let scan = Scan::of(text, b'\t');
    if scan.is_quoted() {
        return read(path, text, b'\t', wanted);
    }
    let mut table = lines::read(path, text, None, wanted)?;
    if scan.is_doubtful() {
        table.notes.push(format!(
            "{}: quotation marks around fields are read as text",
            path.display()
        ));
    }
    Ok(table)
}

/// A comma-separated file.
pub(super) fn read_commas(
    path: &Path,
    text: &str,
    wanted: &[Wanted<'_>],
) -> Result<Table, DataError> {
    if let Some(misfit) = Scan::of(text, b',').misfit {
        let reason = if misfit.goes_on {
            "text after the closing quotation mark of a field"
        } else {
            "a quotation mark is never closed"
        };
        return Err(TaskError::Malformed {
            path: path.to_owned(),
            line: misfit.line,
            format: "CSV",
            reason: reason.into(),
        }
        .into());
    }
    read(path, text, b',', wanted)
}

fn read(path: &Path, text: &str, delimiter: u8, wanted: &[Wanted<'_>]) -> Result<Table, DataError> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let mut next = |record: &mut StringRecord| {
        reader
            .read_record(record)
            .map_err(|error| TaskError::Malformed {
                path: path.to_owned(),
                line: error.position().map_or(0, |place| place.line() as usize),
                format: "CSV",
                reason: error.to_string(),
            })
    };
    if !next(&mut record)? {
        return Err(TaskError::NoRows(path.to_owned()).into());
    }
    let columns: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
    let places = Table::places(path, &columns, wanted)?;
    let mut table = Table::new(path);
    while next(&mut record)? {
        let line = record.position().map_or(0, |position| {
            // The position is where the reader stood, before empty lines that it skips.
            let skipped = text.as_bytes()[position.byte() as usize..]
                .iter()
                .take_while(|byte| matches!(byte, b'\n' | b'\r'))
                .filter(|byte| **byte == b'\n')
                .count();
            position.line() as usize + skipped
        });
        if record.len() != columns.len() {
            table
                .malformed
                .add(line, fields_reason(record.len(), columns.len()));
            continue;
        }
        table.rows.push(Row {
            line,
            fields: places
                .iter()
                .map(|place| place.map(|place| record[place].to_owned()))
                .collect(),
        });
    }
    finish(table)
}
