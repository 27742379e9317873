//! Rows of tabular files: tab-separated, CSV, JSON lines, Parquet.

mod json;
mod lines;
mod malformed;
mod parquet;
mod quoted;
mod quoting;

use std::fs;
use std::path::{Path, PathBuf};

use super::TaskError;
use crate::DataError;

pub(crate) use json::reason_in_line;
pub(super) use malformed::Malformed;

/// How a file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Tab-separated, a quotation mark is text, as in GLUE. Some files have no line of names: they are then these, unless
    /// the first line holds the name of a wanted column.
    Lines {
        /// Names for a file without any.
        unnamed: Option<&'static [&'static str]>,
    },
    /// Tab-separated, quoted or not: the file tells (see [`quoting`]).
    Tabs,
    /// Comma-separated, quoted.
    Commas,
    /// One JSON object a line.
    JsonLines,
    /// Parquet.
    Parquet,
}

impl Format {
    /// The format that the user's own file has by its name.
    pub(super) fn of(path: &Path) -> Result<Self, TaskError> {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        match ending.to_lowercase().as_str() {
            "csv" => Ok(Self::Commas),
            "tsv" => Ok(Self::Tabs),
            "jsonl" | "ndjson" => Ok(Self::JsonLines),
            "parquet" => Ok(Self::Parquet),
            _ => Err(TaskError::UnknownFormat(path.to_owned())),
        }
    }
}

/// A column to read: any of these names will do, the first that is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) names: &'a [&'a str],
    /// Whether a file without it is an error.
    pub(super) needed: bool,
}

/// The wanted columns of a file, or of a Parquet table in several files.
#[derive(Debug)]
pub(super) struct Table {
    /// The (first) file.
    pub(super) path: PathBuf,
    pub(super) rows: Vec<Row>,
    /// Lines left out so far.
    pub(super) malformed: Malformed,
    /// What else there is to say about the reading.
    pub(super) notes: Vec<String>,
}

/// One row.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// Where it begins in its file; see [`Example::row`](super::Example::row).
    pub(super) line: usize,
    /// The wanted columns in their order; none where the column or the value is not there.
    pub(super) fields: Vec<Option<String>>,
}

impl Table {
    fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            rows: Vec::new(),
            malformed: Malformed::default(),
            notes: Vec::new(),
        }
    }

    /// Reads `paths`, of which only a Parquet table has several.
    pub(super) fn read(
        paths: &[PathBuf],
        format: Format,
        wanted: &[Wanted<'_>],
    ) -> Result<Self, DataError> {
        let path = paths.first().map_or(Path::new(""), PathBuf::as_path);
        match format {
            Format::Parquet => parquet::read(paths, wanted),
            Format::Lines { unnamed } => lines::read(path, &text_of(path)?, unnamed, wanted),
            Format::Tabs => quoted::read_tabs(path, &text_of(path)?, wanted),
            Format::Commas => quoted::read_commas(path, &text_of(path)?, wanted),
            Format::JsonLines => json::read(path, &text_of(path)?, wanted),
        }
    }

    /// Places of the wanted columns among those there are.
    fn places(
        path: &Path,
        columns: &[String],
        wanted: &[Wanted<'_>],
    ) -> Result<Vec<Option<usize>>, TaskError> {
        wanted
            .iter()
            .map(|wanted| {
                let place = wanted
                    .names
                    .iter()
                    .find_map(|name| columns.iter().position(|column| column == name));
                if place.is_none() && wanted.needed {
                    return Err(TaskError::missing_column(path, wanted.names, columns));
                }
                Ok(place)
            })
            .collect()
    }
}

/// The text of a file, without a byte-order mark.
fn text_of(path: &Path) -> Result<String, DataError> {
    let bytes = fs::read(path).map_err(DataError::io("read", path))?;
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        DataError::NotUtf8 {
            path: path.to_owned(),
            line: valid.split(|byte| *byte == b'\n').count() as u64,
        }
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}
