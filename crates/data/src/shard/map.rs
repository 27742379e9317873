//! The memory map, the one place of this crate that needs `unsafe`.
#![allow(unsafe_code)]

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;

use crate::DataError;

/// A file's content, read where it lies.
#[derive(Debug)]
pub(super) struct Mapped(Mmap);

impl Mapped {
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let file = File::open(path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                DataError::Corrupt {
                    path: path.to_owned(),
                    reason: "it is missing".into(),
                }
            } else {
                DataError::io("open", path)(error)
            }
        })?;
        // SAFETY: a map is unsound only while someone changes or truncates the file under it. Shards are written to
        // a temporary folder, set read-only and synced before the folder gets the name under which they are
        // opened, and nothing in this program opens them for writing afterwards; preparing anew makes new files.
        // The bytes have no invariants: every pattern is a valid `u8`, and each token is decoded by value.
        let map = unsafe { Mmap::map(&file) }.map_err(DataError::io("map", path))?;
        Ok(Self(map))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
