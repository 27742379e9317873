//! Tables with a column `text`, Parquet and JSON lines, as the text of a plain file.
//!
//! Rows are lines where the first of them, up to [`FIRST`] in the first row group, have an empty one among them, as in `WikiText`,
//! and none of several lines; empty rows then separate documents. Otherwise each row is a document.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::column::reader::ColumnReader;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::DataError;

/// The column.
const COLUMN: &str = "text";

/// Rows of a text file that are looked at, and read, in one go.
const FIRST: usize = 1024;

/// Rows of a table, a few at a time.
trait Rows {
    /// The next rows, at least one; none at the end.
    fn next_rows(&mut self) -> io::Result<Option<Vec<Vec<u8>>>>;
}

/// The rows of a table as text.
struct Text<R> {
    rows: R,
    /// Whether rows are lines; unknown before the first are read.
    lines: Option<bool>,
    buffer: Vec<u8>,
    /// How much of the buffer is handed out.
    taken: usize,
}

impl<R: Rows> Text<R> {
    fn new(rows: R) -> Self {
        Self {
            rows,
            lines: None,
            buffer: Vec::new(),
            taken: 0,
        }
    }
}

/// Whether rows are lines of a text, rather than texts.
fn are_lines(first: &[Vec<u8>]) -> bool {
    let mut trimmed = first.iter().map(|row| row.trim_ascii());
    trimmed.clone().any(<[u8]>::is_empty) && !trimmed.any(|row| row.contains(&b'\n'))
}

impl<R: Rows> Read for Text<R> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.buffer.len() {
            let Some(rows) = self.rows.next_rows()? else {
                return Ok(0);
            };
            let lines = *self
                .lines
                .get_or_insert_with(|| are_lines(&rows[..rows.len().min(FIRST)]));
            self.buffer.clear();
            self.taken = 0;
            for row in rows {
                // An empty line within a row ends no document.
                for line in row.split(|&byte| byte == b'\n') {
                    if !line.trim_ascii().is_empty() {
                        self.buffer.extend_from_slice(line);
                        self.buffer.push(b'\n');
                    }
                }
                if !lines || row.trim_ascii().is_empty() {
                    self.buffer.push(b'\n');
                }
            }
        }
        let length = output.len().min(self.buffer.len() - self.taken);
        output[..length].copy_from_slice(&self.buffer[self.taken..self.taken + length]);
        self.taken += length;
        Ok(length)
    }
}

/// A Parquet table, row group by row group.
struct ParquetRows {
    reader: SerializedFileReader<File>,
    /// Place of the column among the leaves.
    column: usize,
    group: usize,
    done: Arc<AtomicU64>,
}

impl ParquetRows {
    fn group(&self) -> Result<Vec<Vec<u8>>, ParquetError> {
        let group = self.reader.get_row_group(self.group)?;
        let wanted = usize::try_from(group.metadata().num_rows())?;
        let ColumnReader::ByteArrayColumnReader(mut reader) =
            group.get_column_reader(self.column)?
        else {
            return Err(ParquetError::General(format!("{COLUMN} is no text")));
        };
        let (mut levels, mut values) = (Vec::new(), Vec::<ByteArray>::new());
        let mut rows = 0;
        while rows < wanted {
            let (read, _, _) =
                reader.read_records(wanted - rows, Some(&mut levels), None, &mut values)?;
            if read == 0 {
                return Err(ParquetError::EOF(format!(
                    "row group {} ends after {rows} of {wanted} rows",
                    self.group
                )));
            }
            rows += read;
        }
        let mut values = values.into_iter().map(|value| value.data().to_vec());
        // Without levels every row has a value; a level of 0 is a row without one.
        Ok(if levels.is_empty() {
            values.collect()
        } else {
            levels
                .iter()
                .map(|&level| {
                    if level == 0 {
                        Vec::new()
                    } else {
                        values.next().unwrap_or_default()
                    }
                })
                .collect()
        })
    }
}

impl Rows for ParquetRows {
    fn next_rows(&mut self) -> io::Result<Option<Vec<Vec<u8>>>> {
        while self.group < self.reader.num_row_groups() {
            let rows = self.group().map_err(io::Error::other)?;
            let size = self
                .reader
                .metadata()
                .row_group(self.group)
                .compressed_size();
            self.done
                .fetch_add(size.try_into().unwrap_or(0), Ordering::Relaxed);
            self.group += 1;
            if !rows.is_empty() {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }
}

/// Opens a Parquet file as text; `done` counts the bytes read.
pub(super) fn open_parquet(
    path: &Path,
    done: Arc<AtomicU64>,
) -> Result<Box<dyn Read + Send>, DataError> {
    let file = File::open(path).map_err(DataError::io("read", path))?;
    let reader = SerializedFileReader::new(file).map_err(|error| DataError::Archive {
        path: path.to_owned(),
        format: "parquet",
        reason: error.to_string(),
    })?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let columns = schema.columns();
    let column = columns.iter().position(|column| {
        column.path().parts() == [COLUMN]
            && column.max_rep_level() == 0
            && column.physical_type() == parquet::basic::Type::BYTE_ARRAY
    });
    let Some(column) = column else {
        let found = columns.iter().map(|column| column.path().string());
        return Err(DataError::NoTextColumn {
            path: path.to_owned(),
            columns: found.collect(),
        });
    };
    Ok(Box::new(Text::new(ParquetRows {
        reader,
        column,
        group: 0,
        done,
    })))
}

/// JSON lines.
struct JsonRows {
    input: BufReader<Box<dyn Read + Send>>,
    line: usize,
}

/// What is read of a line; a row may have other keys.
#[derive(serde::Deserialize)]
struct JsonRow {
    text: Option<String>,
}

impl Rows for JsonRows {
    fn next_rows(&mut self) -> io::Result<Option<Vec<Vec<u8>>>> {
        let mut rows = Vec::new();
        let mut line = String::new();
        while rows.len() < FIRST {
            line.clear();
            if self.input.read_line(&mut line)? == 0 {
                break;
            }
            self.line += 1;
            if line.trim().is_empty() {
                continue;
            }
            let row: JsonRow = serde_json::from_str(&line).map_err(|error| {
                let reason = format!("line {}: {error}", self.line);
                io::Error::new(io::ErrorKind::InvalidData, reason)
            })?;
            rows.push(row.text.unwrap_or_default().into_bytes());
        }
        Ok((!rows.is_empty()).then_some(rows))
    }
}

/// JSON lines with the key `text`, as text.
pub(super) fn json_lines(input: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
    Box::new(Text::new(JsonRows {
        input: BufReader::new(input),
        line: 0,
    }))
}
