//! One file of a repository becomes a blob of the cache, once its size and checksum are as announced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::checksum::Kind;
use super::client::{Client, Subject, text};
use super::{RepositoryError, Transfer};

/// Redirections to another name of the repository that are followed.
const RENAMINGS: usize = 5;

/// A file of the Hub.
#[derive(Debug)]
pub(super) struct Remote<'a> {
    pub(super) client: &'a Client<'a>,
    pub(super) subject: Subject<'a>,
    pub(super) file: &'a str,
    pub(super) url: String,
}

/// What the Hub announces of a file.
#[derive(Debug)]
pub(super) struct Announced {
    /// Its name among the blobs: the checksum.
    pub(super) etag: String,
    kind: Kind,
    size: u64,
}

/// What a transfer in one go did.
enum Went {
    ToTheEnd,
    /// The server wants it begun again.
    Nowhere,
}

impl Remote<'_> {
    /// Asks for size and checksum.
    pub(super) fn announced(&self) -> Result<Announced, RepositoryError> {
        self.client.patiently(|| {
            let mut url = self.url.clone();
            for _ in 0..RENAMINGS {
                // Without an encoding, so that the size is that of the file.
                let request = self
                    .client
                    .direct
                    .head(&url)
                    .header("accept-encoding", "identity");
                let sent = self.client.signed(request).call();
                let response = self.client.checked(&url, self.subject, sent)?;
                let headers = response.headers();
                let location = text(headers, "location");
                // A redirection on the Hub itself leads to another name of the repository, any other to the storage.
                if let Some(path) = location.filter(|location| location.starts_with('/')) {
                    url = self.client.url(path.trim_start_matches('/'));
                    continue;
                }
                let linked = |linked, plain| text(headers, linked).or_else(|| text(headers, plain));
                let etag = linked("x-linked-etag", "etag").unwrap_or_default();
                let etag = etag.trim_start_matches("W/").trim_matches('"').to_owned();
                let size = linked("x-linked-size", "content-length");
                let size = size.and_then(|size| size.parse().ok());
                let (Some(kind), Some(size)) = (Kind::of(&etag), size) else {
                    return Err(RepositoryError::Answer {
                        url: url.clone(),
                        reason: format!("it announces no size, or no checksum: etag {etag:?}"),
                    });
                };
                return Ok(Announced { etag, kind, size });
            }
            Err(RepositoryError::Answer {
                url,
                reason: "it redirects in a circle".to_owned(),
            })
        })
    }

    /// Fetches the file as `blob`, going on where an earlier transfer broke off.
    pub(super) fn fetch(
        &self,
        announced: &Announced,
        blob: &Path,
        tell: &mut dyn FnMut(&Transfer),
    ) -> Result<(), RepositoryError> {
        let part = incomplete(blob);
        let resumed = length(&part)?;
        tell(&Transfer {
            file: self.file.to_owned(),
            repository: self.subject.repository.to_owned(),
            bytes: announced.size.saturating_sub(resumed),
        });
        self.complete(announced, &part)?;
        let mut found = self.differs(announced, &part)?;
        if found.is_some() && resumed > 0 {
            // What lay there may have been another file's beginning.
            fs::remove_file(&part).map_err(RepositoryError::io("remove", &part))?;
            self.complete(announced, &part)?;
            found = self.differs(announced, &part)?;
        }
        if let Some(error) = found {
            fs::remove_file(&part).map_err(RepositoryError::io("remove", &part))?;
            return Err(error);
        }
        fs::rename(&part, blob).map_err(RepositoryError::io("write", blob))
    }

    /// Transfers until all bytes are there; tries that bring some are not counted.
    fn complete(&self, announced: &Announced, part: &Path) -> Result<(), RepositoryError> {
        let mut before = length(part)?;
        loop {
            let brought = self.client.patiently(|| {
                let result = self.transfer(announced, part);
                let now = length(part)?;
                match result {
                    Err(error) if error.is_passing() && now > before => {
                        before = now;
                        Ok(Went::Nowhere)
                    }
                    result => result,
                }
            })?;
            if matches!(brought, Went::ToTheEnd) {
                return Ok(());
            }
        }
    }

    fn transfer(&self, announced: &Announced, part: &Path) -> Result<Went, RepositoryError> {
        let mut have = length(part)?;
        if have >= announced.size && part.exists() {
            return Ok(Went::ToTheEnd);
        }
        let request = self
            .client
            .agent
            .get(&self.url)
            .header("accept-encoding", "identity");
        let request = match have {
            0 => request,
            have => request.header("range", format!("bytes={have}-")),
        };
        let sent = self.client.signed(request).call();
        // A range that cannot be had: what lies there is too long, or not of this file.
        if have > 0
            && sent
                .as_ref()
                .is_ok_and(|response| response.status().as_u16() == 416)
        {
            fs::remove_file(part).map_err(RepositoryError::io("remove", part))?;
            return Ok(Went::Nowhere);
        }
        let response = self.client.checked(&self.url, self.subject, sent)?;
        let goes_on = response.status().as_u16() == 206
            && text(response.headers(), "content-range")
                .is_some_and(|range| range.starts_with(&format!("bytes {have}-")));
        if !goes_on {
            // The whole file comes, whatever was asked for.
            have = 0;
        }
        let mut output = OpenOptions::new()
            .create(true)
            .write(true)
            .append(goes_on)
            .truncate(!goes_on)
            .open(part)
            .map_err(RepositoryError::io("write", part))?;
        // One byte more than there should be shows that it is another file, and fills no disk.
        let limit = announced.size.saturating_sub(have) + 1;
        let mut input = response.into_body().into_reader().take(limit);
        let done = self.copy(&mut input, &mut output, part, announced.size, have)?;
        if done < announced.size {
            return Err(self.broken_off(done, announced.size, "the server closed it".to_owned()));
        }
        output
            .sync_all()
            .map_err(RepositoryError::io("write", part))?;
        Ok(Went::ToTheEnd)
    }

    /// Copies to the end, and tells how many bytes there are then.
    fn copy(
        &self,
        input: &mut dyn Read,
        output: &mut File,
        part: &Path,
        size: u64,
        mut done: u64,
    ) -> Result<u64, RepositoryError> {
        let mut buffer = vec![0; 1 << 17];
        loop {
            let read = match input.read(&mut buffer) {
                Ok(0) => return Ok(done),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.broken_off(done, size, error.to_string())),
            };
            output
                .write_all(&buffer[..read])
                .map_err(RepositoryError::io("write", part))?;
            done += read as u64;
        }
    }

    fn broken_off(&self, done: u64, size: u64, reason: String) -> RepositoryError {
        RepositoryError::BrokenOff {
            url: self.url.clone(),
            done,
            size,
            reason,
        }
    }

    /// How what came is not what was announced.
    fn differs(
        &self,
        announced: &Announced,
        part: &Path,
    ) -> Result<Option<RepositoryError>, RepositoryError> {
        let differs = |what, expected: String, found: String| {
            (expected != found).then(|| RepositoryError::Differs {
                repository: self.subject.repository.to_owned(),
                file: self.file.to_owned(),
                what,
                expected,
                found,
            })
        };
        let size = differs(
            "size",
            announced.size.to_string(),
            length(part)?.to_string(),
        );
        if size.is_some() {
            return Ok(size);
        }
        let found = announced.kind.of_file(part);
        let found = found.map_err(RepositoryError::io("read", part))?;
        Ok(differs("checksum", announced.etag.clone(), found))
    }
}

/// Where a blob grows; Python's `huggingface_hub` has the same place.
fn incomplete(blob: &Path) -> PathBuf {
    let mut name = blob.as_os_str().to_owned();
    name.push(".incomplete");
    name.into()
}

/// Bytes of a file; none where there is no file.
fn length(path: &Path) -> Result<u64, RepositoryError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(RepositoryError::io("read", path)(error)),
    }
}
