//! Writing shards.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{HEADER, header};
use crate::DataError;
use crate::checksum::sha256;
use crate::manifest::ShardEntry;

/// Tokens of a full shard.
const SHARD_TOKENS: usize = 1 << 24;

/// Collects sequences and writes a file whenever one is full.
pub(crate) struct ShardWriter {
    folder: PathBuf,
    part: &'static str,
    width: u32,
    sequence: usize,
    most: u64,
    buffer: Vec<u8>,
    sequences: u64,
    entries: Vec<ShardEntry>,
}

impl ShardWriter {
    pub(crate) fn new(folder: &Path, part: &'static str, width: u32, sequence: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            part,
            width,
            sequence,
            most: (SHARD_TOKENS / sequence).max(1) as u64,
            buffer: vec![0; HEADER],
            sequences: 0,
            entries: Vec::new(),
        }
    }

    /// Appends one sequence.
    pub(crate) fn push(&mut self, ids: &[u32]) -> Result<(), DataError> {
        debug_assert_eq!(ids.len(), self.sequence);
        if self.width == 16 {
            self.buffer
                .extend(ids.iter().flat_map(|&id| (id as u16).to_le_bytes()));
        } else {
            self.buffer
                .extend(ids.iter().flat_map(|&id| id.to_le_bytes()));
        }
        self.sequences += 1;
        if self.sequences == self.most {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Writes what is left and gives the list of files.
    pub(crate) fn finish(mut self) -> Result<Vec<ShardEntry>, DataError> {
        if self.sequences > 0 {
            self.flush()?;
        }
        Ok(self.entries)
    }

    fn flush(&mut self) -> Result<(), DataError> {
        self.buffer[..HEADER].copy_from_slice(&header(self.width, self.sequence, self.sequences));
        let file = format!("{}-{:05}.tokens", self.part, self.entries.len());
        let path = self.folder.join(&file);
        write_synced(&path, &self.buffer)?;
        self.entries.push(ShardEntry {
            file,
            sequences: self.sequences,
            bytes: self.buffer.len() as u64,
            sha256: sha256(&self.buffer),
        });
        self.sequences = 0;
        self.buffer.truncate(HEADER);
        Ok(())
    }
}

/// Writes a file that is not changed again, down to the disk.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let write = || -> std::io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        let mut permissions = file.metadata()?.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions)?;
        file.sync_all()
    };
    write().map_err(DataError::io("write", path))
}
