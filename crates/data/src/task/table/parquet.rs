//! Parquet.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::{Type, TypePtr};

use super::lines::finish;
use super::{Row, Table, Wanted};
use crate::DataError;
use crate::task::TaskError;

pub(super) fn read(paths: &[PathBuf], wanted: &[Wanted<'_>]) -> Result<Table, DataError> {
    let mut table = Table::new(paths.first().map_or(Path::new(""), PathBuf::as_path));
    let mut number = 0;
    for path in paths {
        read_file(path, wanted, &mut number, &mut table)?;
    }
    finish(table)
}

fn read_file(
    path: &Path,
    wanted: &[Wanted<'_>],
    number: &mut usize,
    table: &mut Table,
) -> Result<(), DataError> {
    let unreadable = |error: ParquetError| TaskError::Parquet {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let file = File::open(path).map_err(DataError::io("read", path))?;
    let reader = SerializedFileReader::new(file).map_err(unreadable)?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let schema = schema.root_schema();
    let fields: &[TypePtr] = schema.get_fields();
    let columns: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
    let places = Table::places(path, &columns, wanted)?;
    // Only the wanted columns are decoded, in the order of the file.
    let mut taken: Vec<usize> = places.iter().copied().flatten().collect();
    taken.sort_unstable();
    taken.dedup();
    let projection = Type::group_type_builder(schema.name())
        .with_fields(
            taken
                .iter()
                .map(|&place| Arc::clone(&fields[place]))
                .collect(),
        )
        .build()
        .map_err(unreadable)?;
    let rows = reader.get_row_iter(Some(projection)).map_err(unreadable)?;
    'rows: for row in rows {
        *number += 1;
        let values: Vec<Field> = row
            .map_err(unreadable)?
            .into_columns()
            .into_iter()
            .map(|(_, value)| value)
            .collect();
        let mut fields = Vec::with_capacity(places.len());
        for place in &places {
            let value = place
                .and_then(|place| taken.binary_search(&place).ok())
                .and_then(|index| values.get(index));
            match text(value) {
                Ok(text) => fields.push(text),
                Err(kind) => {
                    let column = place.map_or("", |place| &columns[place]);
                    table.malformed.add(
                        *number,
                        format!("{column} is {kind}, neither text nor a number"),
                    );
                    continue 'rows;
                }
            }
        }
        table.rows.push(Row {
            line: *number,
            fields,
        });
    }
    Ok(())
}

fn text(value: Option<&Field>) -> Result<Option<String>, &'static str> {
    Ok(Some(match value {
        None | Some(Field::Null) => return Ok(None),
        Some(Field::Str(text)) => text.clone(),
        Some(Field::Bool(value)) => value.to_string(),
        Some(Field::Byte(value)) => value.to_string(),
        Some(Field::Short(value)) => value.to_string(),
        Some(Field::Int(value)) => value.to_string(),
        Some(Field::Long(value)) => value.to_string(),
        Some(Field::UByte(value)) => value.to_string(),
        Some(Field::UShort(value)) => value.to_string(),
        Some(Field::UInt(value)) => value.to_string(),
        Some(Field::ULong(value)) => value.to_string(),
        Some(Field::Float16(value)) => value.to_string(),
        Some(Field::Float(value)) => value.to_string(),
        Some(Field::Double(value)) => value.to_string(),
        // Text that the file does not declare to be text.
        Some(Field::Bytes(bytes)) => {
            String::from_utf8(bytes.data().to_vec()).map_err(|_| "bytes that are not UTF-8")?
        }
        Some(Field::Group(_)) => return Err("a structure"),
        Some(Field::ListInternal(_)) => return Err("a list"),
        Some(Field::MapInternal(_)) => return Err("a map"),
        Some(_) => return Err("a date or a decimal"),
    }))
}
