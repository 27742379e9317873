//! From bytes to chunks of text with document ends.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use sha2::{Digest, Sha256};

use super::archive::{self, Format};
use super::files::TextFile;
use crate::DataError;

/// Bytes read at a time. Chunks are cut at line ends; a longer line is cut at white space.
const CHUNK: usize = 1 << 20;

/// A piece of the corpus: trimmed lines, each followed by a line feed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) text: String,
    /// Byte offsets in `text` at which a document ends; text behind the last one belongs to a document that goes on.
    pub(crate) ends: Vec<usize>,
    /// For each end, a hash of the document; empty unless asked for.
    pub(crate) hashes: Vec<u64>,
}

/// Reads one file in chunks. How it is cut depends on its content alone.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a state of its own: they occur in all combinations"
)]
pub(crate) struct TextReader {
    path: PathBuf,
    format: Format,
    input: Box<dyn Read + Send>,
    /// Bytes read and not yet handed out.
    pending: Vec<u8>,
    at_start: bool,
    at_end: bool,
    /// Line feeds before `pending`.
    lines: u64,
    /// The current line had text in an earlier chunk.
    line_has_text: bool,
    /// The current document has text.
    document_has_text: bool,
    digest: Option<Sha256>,
}

impl TextReader {
    pub(crate) fn open(
        file: &TextFile,
        hash_documents: bool,
        done: Arc<AtomicU64>,
    ) -> Result<Self, DataError> {
        Ok(Self {
            path: file.path.clone(),
            format: file.format,
            input: archive::open(&file.path, file.format, done)?,
            pending: Vec::with_capacity(CHUNK),
            at_start: true,
            at_end: false,
            lines: 0,
            line_has_text: false,
            document_has_text: false,
            digest: hash_documents.then(Sha256::new),
        })
    }

    /// The next chunk; `None` at the end of the file.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Chunk>, DataError> {
        if self.at_end {
            return Ok(None);
        }
        self.fill()?;
        if self.at_start {
            self.at_start = false;
            if self.pending.starts_with(b"\xef\xbb\xbf") {
                self.pending.drain(..3);
            }
        }
        let cut = if self.at_end {
            self.pending.len()
        } else {
            cut(&self.pending)
        };
        let rest = self.pending.split_off(cut);
        let bytes = std::mem::replace(&mut self.pending, rest);
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            not_utf8(&self.path, self.lines + count_line_feeds(before) + 1)
        })?;
        let mut chunk = Chunk::default();
        chunk.text.reserve(text.len());
        for line in text.split_inclusive('\n') {
            self.line(line, &mut chunk);
        }
        self.lines += count_line_feeds(&bytes);
        if self.at_end {
            self.end_document(&mut chunk);
        }
        Ok(Some(chunk))
    }

    fn fill(&mut self) -> Result<(), DataError> {
        let wanted = CHUNK.saturating_sub(self.pending.len()).max(CHUNK / 2) as u64;
        let read = (&mut self.input)
            .take(wanted)
            .read_to_end(&mut self.pending)
            .map_err(|error| self.format.error(&self.path, error))?;
        self.at_end = (read as u64) < wanted;
        Ok(())
    }

    fn line(&mut self, line: &str, chunk: &mut Chunk) {
        let complete = line.ends_with('\n');
        let text = line.trim();
        if !text.is_empty() {
            chunk.text.push_str(text);
            chunk.text.push('\n');
            if let Some(digest) = &mut self.digest {
                digest.update(text.as_bytes());
                digest.update(b"\n");
            }
            self.line_has_text = true;
            self.document_has_text = true;
        }
        if complete {
            if !self.line_has_text {
                self.end_document(chunk);
            }
            self.line_has_text = false;
        }
    }

    fn end_document(&mut self, chunk: &mut Chunk) {
        if !std::mem::take(&mut self.document_has_text) {
            return;
        }
        chunk.ends.push(chunk.text.len());
        if let Some(digest) = &mut self.digest {
            let hash = digest.finalize_reset();
            let mut first = [0; 8];
            first.copy_from_slice(&hash[..8]);
            chunk.hashes.push(u64::from_be_bytes(first));
        }
    }
}

fn not_utf8(path: &Path, line: u64) -> DataError {
    DataError::NotUtf8 {
        path: path.to_owned(),
        line,
    }
}

fn count_line_feeds(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte == b'\n')).sum()
}

/// Where to cut a full buffer: behind its last line, else behind its last white space, else before the character at
/// its end, of which a part may be missing.
fn cut(bytes: &[u8]) -> usize {
    if let Some(last) = bytes.iter().rposition(|&byte| byte == b'\n') {
        return last + 1;
    }
    if let Some(last) = bytes
        .iter()
        .rposition(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
    {
        return last + 1;
    }
    let start = bytes.len().saturating_sub(4);
    bytes[start..]
        .iter()
        .rposition(|byte| byte & 0xc0 != 0x80)
        .map_or(bytes.len(), |last| start + last)
        .max(1)
}
