//! Checksums as the Hub announces them: SHA-256 of a large file, git's SHA-1 of another.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// Which kind a text is, by its length; none where it is neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// SHA-1 over `blob SIZE\0` and the content.
    Git,
    /// SHA-256 of the content.
    Sha256,
}

impl Kind {
    pub(super) fn of(text: &str) -> Option<Self> {
        let is_hexadecimal = text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match text.len() {
            40 if is_hexadecimal => Some(Self::Git),
            64 if is_hexadecimal => Some(Self::Sha256),
            _ => None,
        }
    }

    /// The checksum of a file.
    pub(super) fn of_file(self, path: &Path) -> io::Result<String> {
        let file = File::open(path)?;
        match self {
            Self::Git => {
                let mut digest = Sha1::new();
                digest.update(format!("blob {}\0", file.metadata()?.len()));
                digested(file, digest)
            }
            Self::Sha256 => digested(file, Sha256::new()),
        }
    }
}

fn digested<D: Digest>(mut file: File, mut digest: D) -> io::Result<String> {
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
    }
    let mut text = String::new();
    for byte in digest.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::Kind;

    /// The values are those of `git hash-object` and `sha256sum`.
    #[test]
    fn as_git_and_sha256sum_say() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hello");
        std::fs::write(&path, "hello\n").unwrap();
        assert_eq!(
            Kind::Git.of_file(&path).unwrap(),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
        assert_eq!(
            Kind::Sha256.of_file(&path).unwrap(),
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        );
        assert_eq!(Kind::of("abc"), None);
    }
}
