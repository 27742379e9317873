//! Text files: plain, or compressed by xz, zstd or gzip, each with any number of concatenated members; tables of text.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::rows;
use crate::DataError;

/// How a text file is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Plain,
    Xz,
    Zstd,
    Gzip,
    /// A table with a column `text`.
    Parquet,
    /// One JSON object a line, with a key `text`.
    JsonLines,
}

impl Format {
    /// By the ending of the file's name; `None` where it is no text file.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        [
            (".txt", Self::Plain),
            (".txt.xz", Self::Xz),
            (".txt.zst", Self::Zstd),
            (".txt.gz", Self::Gzip),
            (".parquet", Self::Parquet),
            (".jsonl", Self::JsonLines),
        ]
        .into_iter()
        .find_map(|(ending, format)| name.ends_with(ending).then_some(format))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "txt",
            Self::Xz => "xz",
            Self::Zstd => "zst",
            Self::Gzip => "gz",
            Self::Parquet => "parquet",
            Self::JsonLines => "jsonl",
        }
    }

    /// The error of a read from a file of this format.
    pub(crate) fn error(self, path: &Path, error: io::Error) -> DataError {
        // Plain files fail for the system's reasons; a decoder's failure means damaged content.
        if self == Self::Plain {
            return DataError::io("read", path)(error);
        }
        let reason = match error.kind() {
            io::ErrorKind::UnexpectedEof => "it ends early".to_owned(),
            _ => error.to_string(),
        };
        DataError::Archive {
            path: path.to_owned(),
            format: self.name(),
            reason,
        }
    }
}

/// Opens a text file for decompressed reading; `done` counts the bytes read from the disk.
pub(crate) fn open(
    path: &Path,
    format: Format,
    done: Arc<AtomicU64>,
) -> Result<Box<dyn Read + Send>, DataError> {
    let file = match format {
        Format::Parquet => return rows::open_parquet(path, done),
        _ => File::open(path).map_err(DataError::io("read", path))?,
    };
    let mut input = BufReader::with_capacity(1 << 17, Counting { file, done });
    if !matches!(format, Format::Plain | Format::JsonLines) {
        let start = input.fill_buf().map_err(DataError::io("read", path))?;
        if start.is_empty() {
            return Err(format.error(path, io::ErrorKind::UnexpectedEof.into()));
        }
    }
    Ok(match format {
        // A Parquet table is opened above.
        Format::Plain | Format::Parquet => Box::new(input),
        Format::JsonLines => rows::json_lines(Box::new(input)),
        Format::Xz => Box::new(lzma_rust2::XzReader::new(input, true)),
        Format::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
        Format::Zstd => Box::new(Zstd::new(input)),
    })
}

struct Counting {
    file: File,
    done: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.done.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Zstandard frames one after the other, skippable frames skipped, checksums compared.
struct Zstd<R> {
    input: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: BufRead> Zstd<R> {
    fn new(input: R) -> Self {
        Self {
            input,
            decoder: FrameDecoder::new(),
            in_frame: false,
        }
    }

    /// Starts the next frame; false at the end of the file.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            if self.input.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.input) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let skipped =
                        io::copy(&mut (&mut self.input).take(length.into()), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.in_frame {
                self.in_frame = self.next_frame()?;
                if !self.in_frame {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.input, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            self.in_frame = false;
            if let Some(expected) = self.decoder.get_checksum_from_data()
                && self.decoder.get_calculated_checksum() != Some(expected)
            {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "wrong checksum"));
            }
        }
    }
}
