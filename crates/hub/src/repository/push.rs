//! A folder becomes a commit of a repository.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::checksum::Kind;
use super::client::{Client, Subject, read};
use super::large::{self, Large};
use super::{RepositoryError, RepositoryName, Settings, Transfer};

/// Bytes at a file's beginning that the Hub wants to see, to know how to keep it.
const SAMPLE: u64 = 512;

/// A commit that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    /// Its page.
    #[serde(rename(deserialize = "commitUrl"))]
    pub url: String,
    /// Its hash.
    #[serde(rename(deserialize = "commitOid"))]
    pub commit: String,
}

/// How the Hub wants a file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mode {
    path: String,
    upload_mode: String,
}

#[derive(Deserialize)]
struct Modes {
    files: Vec<Mode>,
}

/// Commits `files` of `folder` to a branch of a repository of models, creating both where they are missing.
///
/// # Errors
/// See [`RepositoryError`]; there must be a token.
pub fn push(
    folder: &Path,
    files: &[String],
    name: &RepositoryName,
    private: bool,
    settings: &Settings,
    tell: &mut dyn FnMut(&Transfer),
) -> Result<Pushed, RepositoryError> {
    if settings.token.is_none() {
        return Err(RepositoryError::NoToken);
    }
    let push = Push {
        client: &Client::new(settings),
        name,
        folder,
    };
    push.create(private)?;
    let mut lines = vec![json!({
        "key": "header",
        "value": {"summary": "Upload a model of Pliant", "description": ""},
    })];
    let (large, small): (Vec<Mode>, Vec<Mode>) = push
        .modes(files)?
        .into_iter()
        .partition(|file| file.upload_mode == "lfs");
    let large = large
        .into_iter()
        .map(|file| push.large(file.path))
        .collect::<Result<Vec<Large>, _>>()?;
    large::upload(push.client, push.subject(), &large, tell)?;
    for file in large {
        let value =
            json!({"path": file.name, "algo": "sha256", "oid": file.sha256, "size": file.size});
        lines.push(json!({"key": "lfsFile", "value": value}));
    }
    for file in small {
        let path = push.path(&file.path);
        let content = fs::read(&path).map_err(RepositoryError::io("read", &path))?;
        let content = STANDARD.encode(content);
        let value = json!({"path": file.path, "encoding": "base64", "content": content});
        lines.push(json!({"key": "file", "value": value}));
    }
    let url = push.api(&format!("commit/{}", push.revision()));
    let body: Vec<String> = lines.iter().map(Value::to_string).collect();
    let request = push
        .client
        .agent
        .post(&url)
        .header("content-type", "application/x-ndjson");
    // Not tried again: the Hub may have made the commit and the answer alone be lost.
    let sent = push.client.signed(request).send(body.join("\n").as_str());
    read(&url, push.client.checked(&url, push.subject(), sent)?)
}

struct Push<'a> {
    client: &'a Client<'a>,
    name: &'a RepositoryName,
    folder: &'a Path,
}

impl Push<'_> {
    fn subject(&self) -> Subject<'_> {
        Subject {
            kind: "model",
            repository: &self.name.id,
            revision: self.name.revision(),
            file: None,
            action: "writing",
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    fn revision(&self) -> String {
        self.name.revision().replace('/', "%2F")
    }

    fn api(&self, path: &str) -> String {
        self.client
            .url(&format!("api/models/{}/{path}", self.name.id))
    }

    /// Makes sure that repository and branch are there.
    fn create(&self, private: bool) -> Result<(), RepositoryError> {
        let there = |revision: &str| {
            let url = self.api(&format!("revision/{revision}"));
            match self.client.document::<Value>(&url, self.subject()) {
                Ok(_) => Ok(true),
                Err(RepositoryError::NoRepository { .. } | RepositoryError::NoRevision { .. }) => {
                    Ok(false)
                }
                Err(error) => Err(error),
            }
        };
        if there(&self.revision())? {
            return Ok(());
        }
        if !there("main")? {
            let (owner, name) = self.name.id.split_once('/').unwrap_or_default();
            let body = json!({"name": name, "organization": owner, "private": private});
            self.post(&self.client.url("api/repos/create"), &body)?;
        }
        if self.name.revision() != "main" {
            self.post(
                &self.api(&format!("branch/{}", self.revision())),
                &json!({}),
            )?;
        }
        Ok(())
    }

    /// Asks for what is there afterwards; that it is there already is as good.
    fn post(&self, url: &str, body: &Value) -> Result<(), RepositoryError> {
        let sent = self.client.patiently(|| {
            let sent = self
                .client
                .signed(self.client.agent.post(url))
                .send_json(body);
            self.client.checked(url, self.subject(), sent)
        });
        match sent {
            Ok(_) | Err(RepositoryError::Status { status: 409, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Which files go to the storage for large files, and which into the commit.
    fn modes(&self, files: &[String]) -> Result<Vec<Mode>, RepositoryError> {
        let described = files
            .iter()
            .map(|file| {
                let path = self.path(file);
                let failed = |error| RepositoryError::io("read", &path)(error);
                let input = fs::File::open(&path).map_err(failed)?;
                let size = input.metadata().map_err(failed)?.len();
                let mut sample = Vec::new();
                input
                    .take(SAMPLE)
                    .read_to_end(&mut sample)
                    .map_err(failed)?;
                Ok(json!({"path": file, "size": size, "sample": STANDARD.encode(sample)}))
            })
            .collect::<Result<Vec<Value>, RepositoryError>>()?;
        let url = self.api(&format!("preupload/{}", self.revision()));
        let body = json!({"files": described});
        let modes: Modes = self.client.patiently(|| {
            let sent = self
                .client
                .signed(self.client.agent.post(&url))
                .send_json(&body);
            read(&url, self.client.checked(&url, self.subject(), sent)?)
        })?;
        // What the Hub says nothing about would be left out of the commit.
        let missing = files
            .iter()
            .find(|file| !modes.files.iter().any(|mode| mode.path == **file));
        match missing {
            None => Ok(modes.files),
            Some(file) => Err(RepositoryError::Answer {
                url,
                reason: format!("it does not say how it wants {file}"),
            }),
        }
    }

    fn large(&self, name: String) -> Result<Large, RepositoryError> {
        let path = self.path(&name);
        let failed = |error| RepositoryError::io("read", &path)(error);
        let size = fs::metadata(&path).map_err(failed)?.len();
        let sha256 = Kind::Sha256.of_file(&path).map_err(failed)?;
        Ok(Large {
            name,
            path,
            size,
            sha256,
        })
    }
}
