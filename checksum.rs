//! The two checksums by which the Hub names contents: SHA-256 of large files, git's SHA-1 of others.

use std::fmt::Write as _;
use std::io::{self, Read};

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// A checksum that is being computed.
#[derive(Clone)]
pub(super) enum Checksum {
    /// Of a file in large file storage.
    Large(Sha256),
    /// Of a blob in git.
    Git(Sha1),
}

impl Checksum {
    /// The kind of checksum that `expected` is; `size` is that of the whole content. `None` where it is none.
    pub(super) fn like(expected: &str, size: u64) -> Option<Self> {
        let is_hexadecimal = expected.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match expected.len() {
            64 if is_hexadecimal => Some(Self::Large(Sha256::new())),
            40 if is_hexadecimal => {
                let mut digest = Sha1::new();
                digest.update(format!("blob {size}\0"));
                Some(Self::Git(digest))
            }
            _ => None,
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Large(digest) => digest.update(bytes),
            Self::Git(digest) => digest.update(bytes),
        }
    }

    /// Reads to the end; the number of bytes.
    pub(super) fn read(&mut self, mut input: impl Read) -> io::Result<u64> {
        let mut buffer = vec![0; 1 << 16];
        let mut total = 0;
        loop {
            match input.read(&mut buffer) {
                Ok(0) => return Ok(total),
                Ok(count) => {
                    self.update(&buffer[..count]);
                    total += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Hexadecimal.
    pub(super) fn finish(self) -> String {
        match self {
            Self::Large(digest) => hexadecimal(&digest.finalize()),
            Self::Git(digest) => hexadecimal(&digest.finalize()),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn known_checksums() {
        let of = |expected: &str, content: &[u8]| {
            let mut checksum = Checksum::like(expected, content.len() as u64).unwrap();
            assert_eq!(checksum.read(content).unwrap(), content.len() as u64);
            checksum.finish()
        };
        // `printf 'hello\n' | git hash-object --stdin` and `sha256sum`.
        let git = "ce013625030ba8dba906f756967f9e9ca394464a";
        assert_eq!(of(git, b"hello\n"), git);
        let large = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        assert_eq!(of(large, b"hello\n"), large);
        for none in ["", "W/\"abc\"", &git[1..], &large.to_uppercase()] {
            assert!(Checksum::like(none, 1).is_none());
        }
    }
}
