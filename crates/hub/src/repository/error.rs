//! Why a repository cannot be read or written.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A failure with a repository of the Hub.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// No name of a repository.
    #[error("{name} names no repository: {reason}")]
    Name {
        /// What was given.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No place for the cache.
    #[error("there is no folder for the Hub's cache: no home folder is known")]
    NoHome,
    /// No server answers.
    #[error("{url} cannot be reached: {reason}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// Why not.
        reason: String,
    },
    /// The server is silent.
    #[error("{url} does not answer in time: {reason}")]
    Timeout {
        /// What was asked for.
        url: String,
        /// On what was waited.
        reason: String,
    },
    /// A transfer that ended early, time and again.
    #[error("the transfer of {url} broke off after {done} of {size} bytes: {reason}")]
    BrokenOff {
        /// What was asked for.
        url: String,
        /// Bytes that came.
        done: u64,
        /// Bytes that there are.
        size: u64,
        /// Why.
        reason: String,
    },
    /// The server wants to know who asks, or does not like who it is.
    #[error("the Hub refuses {action} {repository} (status {status})")]
    Refused {
        /// `reading` or `writing`.
        action: &'static str,
        /// `owner/name`.
        repository: String,
        /// 401 or 403.
        status: u16,
        /// Whether a token was sent.
        with_token: bool,
    },
    /// No such repository.
    #[error("the Hub has no {kind} {repository}, or shows it to others only")]
    NoRepository {
        /// `model` or `data set`.
        kind: &'static str,
        /// `owner/name`.
        repository: String,
        /// Whether a token was sent.
        with_token: bool,
    },
    /// No such branch, tag or commit.
    #[error("{repository} has no revision {revision}")]
    NoRevision {
        /// `owner/name`.
        repository: String,
        /// What was asked for.
        revision: String,
    },
    /// No such file or folder, or none of a kind that is of use.
    #[error("{repository} at {revision} has no {wanted}")]
    NoFile {
        /// `owner/name`.
        repository: String,
        /// Which state.
        revision: String,
        /// A path, or a kind of file.
        wanted: String,
        /// Files or folders that are there.
        found: Vec<String>,
    },
    /// Another answer than expected.
    #[error("{url} answers with status {status}{}", after(message))]
    Status {
        /// What was asked for.
        url: String,
        /// The number.
        status: u16,
        /// What the server says to it.
        message: String,
    },
    /// An answer that cannot be understood.
    #[error("the answer of {url} cannot be understood: {reason}")]
    Answer {
        /// What was asked for.
        url: String,
        /// Why not.
        reason: String,
    },
    /// What came is not what the server announced.
    #[error("{file} of {repository} has the wrong {what}: {expected} was announced, {found} came")]
    Differs {
        /// `owner/name`.
        repository: String,
        /// The file in it.
        file: String,
        /// `checksum` or `size`.
        what: &'static str,
        /// As the server announced it.
        expected: String,
        /// As it came.
        found: String,
    },
    /// No network is wanted, and the cache has not all.
    #[error("{missing} of {repository} at {revision} is not in {}, and HF_HUB_OFFLINE is set", cache.display())]
    Offline {
        /// `owner/name`.
        repository: String,
        /// Which state.
        revision: String,
        /// What is not there.
        missing: String,
        /// Where was looked.
        cache: PathBuf,
    },
    /// Nothing says who writes.
    #[error("writing to the Hub needs a token, and there is none")]
    NoToken,
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl RepositoryError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_path_buf(),
            source,
        }
    }

    /// What may go better a moment later.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::BrokenOff { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500..),
            _ => false,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Name { .. } => {
                "write hub:owner/name, with @REVISION and /PATH/INSIDE behind it where needed"
            }
            Self::NoHome => "set HF_HOME to a folder",
            Self::Unreachable { .. } => {
                "is there a network, and is HF_ENDPOINT right? HF_HUB_OFFLINE=1 uses what was fetched earlier"
            }
            Self::Timeout { .. } => {
                "try again later, or set HF_HUB_DOWNLOAD_TIMEOUT to more seconds"
            }
            Self::BrokenOff { .. } => "run it again: it goes on where it broke off",
            Self::Refused {
                with_token: false, ..
            } => "set HF_TOKEN to a token of https://huggingface.co/settings/tokens",
            Self::Refused { .. } => {
                "the token may not do that: look at its rights, and accept the conditions on the repository's page if it has any"
            }
            Self::NoRepository {
                with_token: false, ..
            } => "check owner and name; if it is private, set HF_TOKEN",
            Self::NoRepository { .. } => "check owner and name, and the rights of the token",
            Self::NoRevision { .. } => {
                "give a branch, a tag or a commit that it has, or none for main"
            }
            Self::NoFile { found, .. } if found.is_empty() => return None,
            Self::NoFile { found, .. } => return Some(format!("there is: {}", found.join(", "))),
            Self::Status { .. } => "try again later",
            Self::Answer { .. } => "is HF_ENDPOINT the address of a Hugging Face Hub?",
            Self::Differs { .. } => {
                "what came was thrown away: try again, and without the proxy or mirror in between"
            }
            Self::Offline { .. } => "unset HF_HUB_OFFLINE once to fetch it",
            Self::NoToken => {
                "set HF_TOKEN to a token with the right to write, of https://huggingface.co/settings/tokens"
            }
            Self::Io { .. } => "look at the disk and at the permissions of the folder",
        };
        Some(hint.to_owned())
    }

    /// What is wrong is what the user gave, not the machine or the network.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Name { .. }
                | Self::Refused { .. }
                | Self::NoRepository { .. }
                | Self::NoRevision { .. }
                | Self::NoFile { .. }
                | Self::Offline { .. }
                | Self::NoToken
        )
    }
}

fn after(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    }
}
