//! Which files a commit has.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::client::{Asked, Client, Subject, escaped_revision};
use super::name::{is_commit, is_inside};
use super::{RepositoryError, Sink};

/// The files of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listing {
    /// The commit's hash.
    pub(super) commit: String,
    /// Paths inside the repository, sorted.
    pub(super) files: Vec<String>,
}

/// The Hub's answer.
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
    /// Asks the Hub which files the revision of a name has.
    pub(super) fn ask(
        client: &Client<'_>,
        subject: Subject<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<Self, RepositoryError> {
        let url = format!(
            "{}/api/{}/{}/revision/{}",
            client.settings.endpoint,
            subject.kind.plural(),
            subject.name.repository,
            escaped_revision(subject.name.revision())
        );
        let answer: Answer = client.json(&Asked::get(&url), subject, sink)?;
        let strange = |reason: String| RepositoryError::Answer {
            url: url.clone(),
            reason,
        };
        if !is_commit(&answer.sha) {
            return Err(strange(format!("{:?} is no commit", answer.sha)));
        }
        if subject.name.commit().is_some_and(|commit| commit != answer.sha) {
            return Err(strange(format!("it is about the commit {}", answer.sha)));
        }
        let files: BTreeSet<String> = answer.siblings.into_iter().map(|file| file.rfilename).collect();
        if let Some(outside) = files.iter().find(|path| !is_inside(path)) {
            return Err(strange(format!("{outside:?} leads out of the repository")));
        }
        Ok(Self {
            commit: answer.sha,
            files: files.into_iter().collect(),
        })
    }

    /// A listing as it was kept; `None` where it is damaged.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let listing: Self = serde_json::from_slice(bytes).ok()?;
        listing.files.iter().all(|path| is_inside(path)).then_some(listing)
    }

    /// Whether the path is a file.
    pub(super) fn has(&self, path: &str) -> bool {
        self.files.binary_search_by(|file| file.as_str().cmp(path)).is_ok()
    }

    /// Files directly in a folder (`""` for the root), by their names in it.
    pub(super) fn names<'l>(&'l self, folder: &'l str) -> impl Iterator<Item = &'l str> {
        self.below(folder).filter(|name| !name.contains('/'))
    }

    /// Folders directly in a folder, sorted.
    pub(super) fn folders<'l>(&'l self, folder: &'l str) -> Vec<&'l str> {
        let mut folders: Vec<&str> =
            self.below(folder).filter_map(|path| Some(path.split_once('/')?.0)).collect();
        folders.dedup();
        folders
    }

    fn below<'l>(&'l self, folder: &'l str) -> impl Iterator<Item = &'l str> {
        self.files.iter().filter_map(move |path| match folder {
            "" => Some(path.as_str()),
            folder => path.strip_prefix(folder)?.strip_prefix('/'),
        })
    }

    /// Files and folders directly in a folder, for messages.
    pub(super) fn content(&self, folder: &str) -> Vec<String> {
        let folders = self.folders(folder).into_iter().map(|name| format!("{name}/"));
        folders.chain(self.names(folder).map(ToOwned::to_owned)).collect()
    }
}
