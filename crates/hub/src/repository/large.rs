//! Large files go to a storage of their own: Git LFS's batch interface, with the Hub's uploads in parts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};
use ureq::SendBody;

use super::client::{Client, Subject, read, text};
use super::{RepositoryError, Transfer};

const MEDIA: &str = "application/vnd.git-lfs+json";

/// A file to send.
#[derive(Debug)]
pub(super) struct Large {
    /// Its path in the repository.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) size: u64,
    pub(super) sha256: String,
}

#[derive(Deserialize)]
struct Batch {
    objects: Vec<Object>,
}

/// What the storage says of a file.
#[derive(Deserialize)]
struct Object {
    oid: String,
    actions: Option<Actions>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Actions {
    upload: Option<Action>,
    verify: Option<Action>,
}

#[derive(Deserialize)]
struct Action {
    href: String,
    #[serde(default)]
    header: BTreeMap<String, Value>,
}

/// Sends the files that the storage does not have yet.
pub(super) fn upload(
    client: &Client<'_>,
    subject: Subject<'_>,
    files: &[Large],
    tell: &mut dyn FnMut(&Transfer),
) -> Result<(), RepositoryError> {
    if files.is_empty() {
        return Ok(());
    }
    let objects: Vec<Value> = files
        .iter()
        .map(|file| json!({"oid": file.sha256, "size": file.size}))
        .collect();
    let body = json!({
        "operation": "upload",
        "transfers": ["basic", "multipart"],
        "objects": objects,
        "hash_algo": "sha256",
        "ref": {"name": subject.revision},
    });
    let url = client.url(&format!(
        "{}.git/info/lfs/objects/batch",
        subject.repository
    ));
    let batch: Batch = client.patiently(|| {
        let request = client.agent.post(&url).header("accept", MEDIA);
        let request = request.header("content-type", MEDIA);
        let sent = client.signed(request).send(body.to_string().as_str());
        read(&url, client.checked(&url, subject, sent)?)
    })?;
    for file in files {
        let object = batch
            .objects
            .iter()
            .find(|object| object.oid == file.sha256);
        let refused = |reason| RepositoryError::Answer {
            url: url.clone(),
            reason,
        };
        let object =
            object.ok_or_else(|| refused(format!("it says nothing about {}", file.name)))?;
        if let Some(error) = &object.error {
            return Err(refused(format!("{} is refused: {error}", file.name)));
        }
        // Without an action the storage has it.
        let Some(actions) = &object.actions else {
            continue;
        };
        if let Some(action) = &actions.upload {
            tell(&Transfer {
                file: file.name.clone(),
                repository: subject.repository.to_owned(),
                bytes: file.size,
            });
            send(client, subject, file, action)?;
        }
        if let Some(verify) = &actions.verify {
            let body = json!({"oid": file.sha256, "size": file.size});
            client.patiently(|| {
                let request = client.signed(client.agent.post(&verify.href));
                let sent = request
                    .header("content-type", MEDIA)
                    .send(body.to_string().as_str());
                client.checked(&verify.href, subject, sent)
            })?;
        }
    }
    Ok(())
}

fn send(
    client: &Client<'_>,
    subject: Subject<'_>,
    file: &Large,
    action: &Action,
) -> Result<(), RepositoryError> {
    let part_size = action.header.get("chunk_size").and_then(|size| match size {
        Value::String(text) => text.parse().ok(),
        size => size.as_u64(),
    });
    let Some(part_size) = part_size.filter(|&size: &u64| size > 0) else {
        return part(client, subject, file, &action.href, 0, file.size).map(drop);
    };
    // The parts' addresses stand under their numbers, from 00001 on.
    let mut addresses: Vec<(u64, &str)> = action
        .header
        .iter()
        .filter_map(|(name, href)| Some((name.parse().ok()?, href.as_str()?)))
        .collect();
    addresses.sort_unstable();
    let mut parts = Vec::new();
    for (index, (number, href)) in (0..).zip(addresses) {
        let start = index * part_size;
        let size = part_size.min(file.size.saturating_sub(start));
        let etag = part(client, subject, file, href, start, size)?;
        let etag = etag.ok_or_else(|| RepositoryError::Answer {
            url: href.to_owned(),
            reason: "it confirms no part: there is no etag".to_owned(),
        })?;
        parts.push(json!({"partNumber": number, "etag": etag}));
    }
    let body = json!({"oid": file.sha256, "parts": parts}).to_string();
    client.patiently(|| {
        let request = client.agent.post(&action.href).header("accept", MEDIA);
        let sent = request.header("content-type", MEDIA).send(body.as_str());
        client.checked(&action.href, subject, sent)
    })?;
    Ok(())
}

/// Sends a part of a file; the storage's name for it. The address itself is the permission: no token goes there.
fn part(
    client: &Client<'_>,
    subject: Subject<'_>,
    file: &Large,
    href: &str,
    start: u64,
    size: u64,
) -> Result<Option<String>, RepositoryError> {
    client.patiently(|| {
        let failed = RepositoryError::io("read", &file.path);
        let open = || {
            let mut input = File::open(&file.path)?;
            input.seek(SeekFrom::Start(start))?;
            Ok(input.take(size))
        };
        let mut input = open().map_err(failed)?;
        let request = client
            .agent
            .put(href)
            .header("content-length", size.to_string());
        let sent = request.send(SendBody::from_reader(&mut input));
        let response = client.checked(href, subject, sent)?;
        Ok(text(response.headers(), "etag"))
    })
}
