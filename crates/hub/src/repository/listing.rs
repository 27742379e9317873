//! Which files a repository has: from the Hub, or from what lies in the cache.

use std::fs;
use std::path::Path;

use hf_hub::RepoType;
use serde::Deserialize;

use super::client::{Client, Subject};
use super::name::is_path;
use super::{RepositoryError, RepositoryName};

/// One state of a repository.
#[derive(Debug)]
pub(super) struct Listing {
    /// The commit's hash.
    pub(super) commit: String,
    /// Paths of its files, in order.
    pub(super) files: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    sha: String,
    #[serde(default)]
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
}

impl Listing {
    /// Asks the Hub.
    pub(super) fn ask(
        client: &Client<'_>,
        name: &RepositoryName,
        kind: RepoType,
        subject: Subject<'_>,
    ) -> Result<Self, RepositoryError> {
        let folder = match kind {
            RepoType::Dataset => "datasets",
            _ => "models",
        };
        let revision = name.revision().replace('/', "%2F");
        let url = client.url(&format!("api/{folder}/{}/revision/{revision}", name.id));
        let answer: Answer = client.document(&url, subject)?;
        if !is_commit(&answer.sha) {
            return Err(RepositoryError::Answer {
                url,
                reason: format!("{:?} is no hash of a commit", answer.sha),
            });
        }
        let files = answer.siblings.into_iter().map(|file| file.rfilename);
        Ok(Self {
            commit: answer.sha,
            // A name that leaves its folder could be written anywhere; none is wanted that no address can hold as it is.
            files: sorted(files.filter(|file| is_path(file)).collect()),
        })
    }

    /// What lies in the cache of a commit.
    pub(super) fn cached(commit: String, snapshot: &Path) -> Result<Self, RepositoryError> {
        let mut files = Vec::new();
        collect(snapshot, "", &mut files)?;
        Ok(Self {
            commit,
            files: sorted(files),
        })
    }
}

/// Whether a text is a commit's full hash.
pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn sorted(mut files: Vec<String>) -> Vec<String> {
    files.sort();
    files
}

fn collect(folder: &Path, above: &str, files: &mut Vec<String>) -> Result<(), RepositoryError> {
    for entry in fs::read_dir(folder).map_err(RepositoryError::io("read", folder))? {
        let path = entry.map_err(RepositoryError::io("read", folder))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if path.is_dir() {
            collect(&path, &format!("{above}{name}/"), files)?;
        } else if path.exists() {
            files.push(format!("{above}{name}"));
        }
    }
    Ok(())
}
