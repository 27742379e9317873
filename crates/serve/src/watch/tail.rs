//! Follows a file that another process appends to, cuts back, replaces or removes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes read in one go.
const CHUNK: usize = 4 << 20;
/// A longer line is no event of a run.
const LONGEST_LINE: usize = 64 << 20;
/// Bytes before the place of reading that must still be the same.
const ANCHOR: usize = 256;

/// What reading on brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Whole lines, without their ends; whether more is there to read.
    Lines(Vec<Vec<u8>>, bool),
    /// What was read before is no longer so: reading begins anew.
    Rewritten,
    /// The file is not there.
    Missing,
}

/// A place in a growing file of lines.
#[derive(Debug)]
pub(crate) struct Tail {
    path: PathBuf,
    /// Bytes read.
    offset: u64,
    /// The last bytes read, to see that the file was cut back and has grown past `offset` again.
    anchor: Vec<u8>,
    /// A line whose end is not written yet.
    torn: Vec<u8>,
}

impl Tail {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            offset: 0,
            anchor: Vec::new(),
            torn: Vec::new(),
        }
    }

    fn start_over(&mut self) {
        *self = Self::new(&self.path);
    }

    /// Whole lines since the last call; a torn last one is waited for.
    pub(crate) fn read(&mut self) -> io::Result<News> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(News::Missing);
            }
            Err(error) => return Err(error),
        };
        if !self.continues(&mut file)? {
            self.start_over();
            return Ok(News::Rewritten);
        }
        let mut chunk = Vec::new();
        file.take(CHUNK as u64).read_to_end(&mut chunk)?;
        self.offset += chunk.len() as u64;
        self.anchor
            .extend_from_slice(&chunk[chunk.len().saturating_sub(ANCHOR)..]);
        self.anchor
            .drain(..self.anchor.len().saturating_sub(ANCHOR));
        let mut lines = Vec::new();
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            // The front of an endless line is kept, so that it counts as broken once it ends.
            let room = LONGEST_LINE.saturating_sub(self.torn.len());
            match piece.strip_suffix(b"\n") {
                Some(end) => {
                    self.torn.extend_from_slice(&end[..end.len().min(room)]);
                    lines.push(std::mem::take(&mut self.torn));
                }
                None => self.torn.extend_from_slice(&piece[..piece.len().min(room)]),
            }
        }
        Ok(News::Lines(lines, chunk.len() == CHUNK))
    }

    /// Whether the bytes before the place of reading are still those that were read; the file stands there then.
    fn continues(&self, file: &mut File) -> io::Result<bool> {
        if file.metadata()?.len() < self.offset {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(self.offset - self.anchor.len() as u64))?;
        let mut found = vec![0; self.anchor.len()];
        match file.read_exact(&mut found) {
            Ok(()) => Ok(found == self.anchor),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    fn lines(news: News) -> Vec<String> {
        let News::Lines(lines, false) = news else {
            return vec![format!("{news:?}")];
        };
        lines
            .into_iter()
            .map(|line| String::from_utf8(line).unwrap())
            .collect()
    }

    #[test]
    fn a_torn_line_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut tail = Tail::new(&path);
        assert_eq!(tail.read().unwrap(), News::Missing);
        fs::write(&path, "one\ntw").unwrap();
        assert_eq!(lines(tail.read().unwrap()), ["one"]);
        assert!(lines(tail.read().unwrap()).is_empty());
        File::options()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"o\nthree\n")
            .unwrap();
        assert_eq!(lines(tail.read().unwrap()), ["two", "three"]);
    }

    #[test]
    fn a_file_cut_back_is_read_anew_even_when_it_has_grown_past_the_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        fs::write(&path, "one\ntwo\nthree\n").unwrap();
        let mut tail = Tail::new(&path);
        assert_eq!(lines(tail.read().unwrap()).len(), 3);
        fs::write(&path, "one\n").unwrap();
        assert_eq!(tail.read().unwrap(), News::Rewritten);
        assert_eq!(lines(tail.read().unwrap()), ["one"]);
        fs::write(&path, "another\nand longer\n").unwrap();
        assert_eq!(tail.read().unwrap(), News::Rewritten);
        assert_eq!(lines(tail.read().unwrap()), ["another", "and longer"]);
    }
}
