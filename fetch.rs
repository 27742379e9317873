//! One file from the Hub into the cache.
//!
//! hf-hub 0.5 is not used for this: it compares no checksum, appends whatever a server sends to a part of a file, and asks for
//! every file anew; its layout of the cache is.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use ureq::http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, RANGE};
use ureq::http::{HeaderMap, Method};

use super::cache::{Cached, make_folder, remove};
use super::checksum::Checksum;
use super::client::{Asked, Client, Subject, broken_io, escaped};
use super::{RepositoryError, Sink, Transfer};

/// What the Hub says about a file before it sends it.
struct Announced {
    checksum: String,
    size: u64,
}

/// A file on its way.
struct Download<'a> {
    client: &'a Client<'a>,
    subject: Subject<'a>,
    url: &'a str,
    file: &'a str,
    announced: &'a Announced,
    /// What has come so far.
    part: &'a Path,
}

/// Makes a file of a commit be in the cache.
pub(super) fn fetch(
    client: &Client<'_>,
    cached: &Cached,
    subject: Subject<'_>,
    commit: &str,
    file: &str,
    sink: &mut Sink<'_>,
) -> Result<(), RepositoryError> {
    let pointer = cached.snapshot(commit).join(file);
    if pointer.is_file() {
        return Ok(());
    }
    let subject = Subject {
        file: Some(file),
        ..subject
    };
    let url = format!(
        "{}/{}{}/resolve/{commit}/{}",
        client.settings.endpoint,
        subject.kind.address(),
        subject.name.repository,
        escaped(file)
    );
    let announced = announced(client, &url, subject, commit, sink)?;
    let blob = cached.blob(&announced.checksum);
    let _lock = cached.lock(&announced.checksum)?;
    // Another revision may have the same content.
    if !fs::metadata(&blob).is_ok_and(|blob| blob.len() == announced.size) {
        make_folder(&blob).map_err(|error| RepositoryError::io("write", &blob, error))?;
        let part = blob.with_extension("incomplete");
        let download = Download {
            client,
            subject,
            url: &url,
            file,
            announced: &announced,
            part: &part,
        };
        if let Err(error) = download.run(sink) {
            // A link of an older copy with this content leads nowhere good either.
            if matches!(error, RepositoryError::Checksum { .. }) {
                let _ = remove(&pointer).and_then(|()| remove(&blob));
            }
            return Err(error);
        }
        fs::rename(&part, &blob).map_err(|error| RepositoryError::io("write", &blob, error))?;
    }
    cached.link(commit, file, &announced.checksum)
}

/// Asks for checksum and size of a file.
fn announced(
    client: &Client<'_>,
    url: &str,
    subject: Subject<'_>,
    commit: &str,
    sink: &mut Sink<'_>,
) -> Result<Announced, RepositoryError> {
    let asked = Asked {
        method: Method::HEAD,
        // Compressed on its way, a file would have another size.
        headers: vec![("accept-encoding", "identity".to_owned())],
        // Where the content lies elsewhere, the Hub itself says what it is.
        leaves: false,
        ..Asked::get(url)
    };
    let response = client.send(&asked, sink)?;
    if !response.status().is_success() && !response.status().is_redirection() {
        return Err(client.refusal(url, response, subject));
    }
    let headers = response.headers();
    let strange = |reason: String| RepositoryError::Answer {
        url: url.to_owned(),
        reason,
    };
    if let Some(other) = text(headers, "x-repo-commit").filter(|other| *other != commit) {
        return Err(strange(format!("it is about the commit {other}")));
    }
    let checksum = text(headers, "x-linked-etag")
        .or_else(|| text(headers, ETAG.as_str()))
        .ok_or_else(|| strange("it has no checksum".to_owned()))?;
    let checksum = checksum.trim_start_matches("W/").trim_matches('"').to_owned();
    if Checksum::like(&checksum, 0).is_none() {
        return Err(strange(format!("{checksum:?} is no checksum")));
    }
    let size = text(headers, "x-linked-size")
        .or_else(|| text(headers, CONTENT_LENGTH.as_str()))
        .and_then(|size| size.parse().ok())
        .ok_or_else(|| strange("it has no size".to_owned()))?;
    Ok(Announced { checksum, size })
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

impl Download<'_> {
    /// Brings the part to its full size, however often the connection breaks, and compares its checksum.
    fn run(&self, sink: &mut Sink<'_>) -> Result<(), RepositoryError> {
        let mut was_resumed = self.here() > 0;
        let mut failures = 0;
        loop {
            let before = self.here();
            let error = match self.more(sink) {
                Ok(()) => match self.verify() {
                    // The part that was here before may be what is damaged.
                    Err(RepositoryError::Checksum { .. }) if was_resumed => {
                        was_resumed = false;
                        continue;
                    }
                    Err(error) => return Err(error),
                    Ok(()) => break,
                },
                Err(Broken::Lasting(error)) => return Err(error),
                Err(Broken::Passing(error)) => error,
            };
            // What moves is not stuck.
            failures = if self.here() > before { 0 } else { failures + 1 };
            if failures > self.client.settings.retries {
                return Err(error);
            }
            self.client.pause(failures, None, &error, sink);
            was_resumed |= self.here() > 0;
        }
        sink(&Transfer::Done {
            file: self.file,
            size: self.announced.size,
        });
        Ok(())
    }

    /// Bytes that have come so far.
    fn here(&self) -> u64 {
        fs::metadata(self.part).map_or(0, |part| part.len())
    }

    /// Asks for what is missing and appends it.
    fn more(&self, sink: &mut Sink<'_>) -> Result<(), Broken> {
        let size = self.announced.size;
        let mut start = self.here();
        if start > size {
            remove(self.part).map_err(|error| self.disk(error))?;
            start = 0;
        }
        if start == size && size > 0 {
            return Ok(());
        }
        let mut asked = Asked::get(self.url);
        asked.headers.push(("accept-encoding", "identity".to_owned()));
        if start > 0 {
            asked.headers.push((RANGE.as_str(), format!("bytes={start}-")));
        }
        let response = self.client.send(&asked, sink).map_err(Broken::Lasting)?;
        let status = response.status();
        if status.as_u16() == 416 {
            // The server knows no such place; the next request asks for everything.
            remove(self.part).map_err(|error| self.disk(error))?;
            return Err(Broken::Passing(self.client.refusal(self.url, response, self.subject)));
        }
        if !status.is_success() {
            return Err(Broken::Lasting(self.client.refusal(self.url, response, self.subject)));
        }
        let wanted = format!("bytes {start}-");
        let is_rest = status.as_u16() == 206
            && text(response.headers(), CONTENT_RANGE.as_str())
                .is_some_and(|range| range.starts_with(&wanted));
        if !is_rest {
            // A server may send everything, whatever was asked for.
            start = 0;
        }
        let mut part = File::options()
            .create(true)
            .write(true)
            .append(is_rest)
            .truncate(!is_rest)
            .open(self.part)
            .map_err(|error| self.disk(error))?;
        sink(&Transfer::Begin {
            file: self.file,
            size,
            from: start,
        });
        let body = response.into_body().into_reader();
        self.copy(body, &mut part, start, sink)?;
        part.sync_all().map_err(|error| self.disk(error))
    }

    fn copy(
        &self,
        mut body: impl Read,
        part: &mut File,
        start: u64,
        sink: &mut Sink<'_>,
    ) -> Result<(), Broken> {
        let size = self.announced.size;
        let mut done = start;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Broken::Passing(broken_io(self.url, &error))),
            };
            done += count as u64;
            if done > size {
                let _ = remove(self.part);
                return Err(Broken::Lasting(self.size(done)));
            }
            part.write_all(&buffer[..count]).map_err(|error| self.disk(error))?;
            sink(&Transfer::Moved {
                file: self.file,
                done,
                size,
            });
        }
        if done < size {
            return Err(Broken::Passing(self.size(done)));
        }
        Ok(())
    }

    /// Compares the checksum; what is damaged is removed.
    fn verify(&self) -> Result<(), RepositoryError> {
        let expected = &self.announced.checksum;
        let io = |error| RepositoryError::io("read", self.part, error);
        let Some(mut checksum) = Checksum::like(expected, self.announced.size) else {
            return Ok(());
        };
        checksum.read(File::open(self.part).map_err(io)?).map_err(io)?;
        let found = checksum.finish();
        if found == *expected {
            return Ok(());
        }
        remove(self.part).map_err(|error| RepositoryError::io("remove", self.part, error))?;
        Err(RepositoryError::Checksum {
            repository: self.subject.name.repository.clone(),
            file: self.file.to_owned(),
            expected: expected.clone(),
            found,
        })
    }

    fn size(&self, found: u64) -> RepositoryError {
        RepositoryError::Size {
            repository: self.subject.name.repository.clone(),
            file: self.file.to_owned(),
            expected: self.announced.size,
            found,
        }
    }

    fn disk(&self, error: io::Error) -> Broken {
        Broken::Lasting(RepositoryError::io("write", self.part, error))
    }
}

/// A download that stopped.
enum Broken {
    /// Trying again may help.
    Passing(RepositoryError),
    Lasting(RepositoryError),
}
