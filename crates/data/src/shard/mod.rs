//! Token shards: packed sequences in files that are written once and memory-mapped.
//!
//! A file is a header of 64 bytes and the token ids, little-endian, sequence after sequence:
//!
//! | offset | bytes | content |
//! |---|---|---|
//! | 0 | 8 | `PLIANTTK` |
//! | 8 | 4 | version, 1 |
//! | 12 | 4 | bits per token, 16 or 32 |
//! | 16 | 8 | tokens per sequence |
//! | 24 | 8 | sequences in this file |
//! | 32 | 32 | zero |

mod map;
mod pack;
mod write;

use std::path::Path;

use crate::DataError;
use crate::manifest::ShardEntry;

pub(crate) use pack::Packer;
pub(crate) use write::{ShardWriter, write_synced};

use map::Mapped;

pub(crate) const HEADER: usize = 64;
const MAGIC: [u8; 8] = *b"PLIANTTK";
const VERSION: u32 = 1;

/// Bits per token that a vocabulary needs.
pub(crate) fn width(vocabulary_size: usize) -> u32 {
    if vocabulary_size <= 1 << 16 { 16 } else { 32 }
}

fn header(width: u32, sequence: usize, sequences: u64) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[12..16].copy_from_slice(&width.to_le_bytes());
    header[16..24].copy_from_slice(&(sequence as u64).to_le_bytes());
    header[24..32].copy_from_slice(&sequences.to_le_bytes());
    header
}

/// The packed sequences of one part, in corpus order.
#[derive(Debug)]
pub struct Shards {
    sequence: usize,
    /// Bytes per token.
    bytes: usize,
    files: Vec<Mapped>,
    /// Index of the first sequence of each file, and behind the last the number of all.
    starts: Vec<u64>,
}

impl Shards {
    /// Maps the files and checks size, header and checksum of each.
    pub(crate) fn open(
        folder: &Path,
        entries: &[ShardEntry],
        sequence: usize,
        width: u32,
        verified: &mut dyn FnMut(u64),
    ) -> Result<Self, DataError> {
        let mut starts = vec![0];
        let mut files = Vec::with_capacity(entries.len());
        for entry in entries {
            let path = folder.join(&entry.file);
            let corrupt = |reason: String| DataError::Corrupt {
                path: path.clone(),
                reason,
            };
            let mapped = Mapped::open(&path)?;
            let bytes = mapped.bytes();
            if bytes.len() as u64 != entry.bytes {
                return Err(corrupt(format!(
                    "it has {} bytes instead of {}",
                    bytes.len(),
                    entry.bytes
                )));
            }
            if !bytes.starts_with(&header(width, sequence, entry.sequences)) {
                return Err(corrupt("its header does not fit the manifest".into()));
            }
            let expected = HEADER as u64 + entry.sequences * sequence as u64 * u64::from(width / 8);
            if expected != entry.bytes {
                return Err(corrupt("its size does not fit its header".into()));
            }
            if crate::checksum::sha256(bytes) != entry.sha256 {
                return Err(corrupt("its checksum does not fit the manifest".into()));
            }
            verified(entry.bytes);
            starts.push(starts[starts.len() - 1] + entry.sequences);
            files.push(mapped);
        }
        Ok(Self {
            sequence,
            bytes: width as usize / 8,
            files,
            starts,
        })
    }

    /// Number of sequences.
    pub fn sequences(&self) -> u64 {
        self.starts[self.starts.len() - 1]
    }

    /// Tokens per sequence.
    pub fn sequence_length(&self) -> usize {
        self.sequence
    }

    /// Writes the ids of sequence `index` to `ids` (`[sequence]`): `[CLS]`, text with `[SEP]` between documents,
    /// `[SEP]`; the last sequence is filled up with `[PAD]`.
    ///
    /// # Panics
    /// Where `index` is not below [`sequences`](Self::sequences) or `ids` has another length than a sequence.
    pub fn read(&self, index: u64, ids: &mut [u32]) {
        assert!(
            index < self.sequences(),
            "sequence {index} of {}",
            self.sequences()
        );
        assert_eq!(ids.len(), self.sequence, "length of the buffer");
        let file = self.starts.partition_point(|&start| start <= index) - 1;
        let row = self.sequence * self.bytes;
        let start = HEADER + (index - self.starts[file]) as usize * row;
        let bytes = &self.files[file].bytes()[start..start + row];
        if self.bytes == 2 {
            for (id, pair) in ids.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *id = u32::from(u16::from_le_bytes(*pair));
            }
        } else {
            for (id, four) in ids.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *id = u32::from_le_bytes(*four);
            }
        }
    }
}
