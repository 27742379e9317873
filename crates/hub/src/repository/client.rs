//! Requests to the Hub: who asks, how often, and what its answers mean.

use std::thread;
use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::config::RedirectAuthHeaders;
use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body, RequestBuilder};

use super::{RepositoryError, Settings};

/// Bytes that a document of the Hub may have: the list of a repository of a hundred thousand files has fewer.
const DOCUMENT_LIMIT: u64 = 1 << 28;

/// What a request is about, for messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) kind: &'static str,
    pub(super) repository: &'a str,
    pub(super) revision: &'a str,
    /// The file, where it is about one.
    pub(super) file: Option<&'a str>,
    /// `reading` or `writing`.
    pub(super) action: &'static str,
}

/// The connection, with its settings.
#[derive(Debug)]
pub(super) struct Client<'s> {
    pub(super) settings: &'s Settings,
    pub(super) agent: Agent,
    /// As `agent`, but a redirection is the answer.
    pub(super) direct: Agent,
}

impl<'s> Client<'s> {
    pub(super) fn new(settings: &'s Settings) -> Self {
        let agent = |redirections| {
            let config = Agent::config_builder()
                .http_status_as_error(false)
                // The token is for the Hub, not for the storage that it redirects to.
                .redirect_auth_headers(RedirectAuthHeaders::SameHost)
                .max_redirects(redirections)
                .max_redirects_will_error(redirections > 0)
                .user_agent(concat!("pliant/", env!("CARGO_PKG_VERSION")))
                .timeout_connect(Some(settings.patience.min(Duration::from_secs(15))))
                .timeout_recv_response(Some(settings.patience))
                .timeout_per_read(Some(settings.patience))
                .timeout_per_write(Some(settings.patience));
            Agent::new_with_config(config.build())
        };
        Self {
            settings,
            agent: agent(10),
            direct: agent(0),
        }
    }

    /// The address of `path` on the Hub.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/{}", self.settings.endpoint, path.replace(' ', "%20"))
    }

    /// The request with the token, if there is one.
    pub(super) fn signed<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        match &self.settings.token {
            Some(token) => request.header("authorization", token.header()),
            None => request,
        }
    }

    /// Tries again, after growing waits, what may go better then.
    pub(super) fn patiently<T>(
        &self,
        mut work: impl FnMut() -> Result<T, RepositoryError>,
    ) -> Result<T, RepositoryError> {
        let mut tried = 1;
        loop {
            match work() {
                Err(error) if error.is_passing() && tried < self.settings.attempts => {
                    thread::sleep(self.settings.pause * 2_u32.saturating_pow(tried - 1));
                    tried += 1;
                }
                result => return result,
            }
        }
    }

    /// A document of the Hub's interface.
    pub(super) fn document<T: DeserializeOwned>(
        &self,
        url: &str,
        subject: Subject<'_>,
    ) -> Result<T, RepositoryError> {
        self.patiently(|| {
            let sent = self.signed(self.agent.get(url)).call();
            read(url, self.checked(url, subject, sent)?)
        })
    }

    /// The answer where it is a success or a redirection.
    pub(super) fn checked(
        &self,
        url: &str,
        subject: Subject<'_>,
        sent: Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, RepositoryError> {
        let response = sent.map_err(|error| unanswered(url, &error))?;
        let status = response.status().as_u16();
        if status < 400 {
            return Ok(response);
        }
        let with_token = self.settings.token.is_some();
        let repository = subject.repository.to_owned();
        let code = text(response.headers(), "x-error-code").unwrap_or_default();
        Err(match (status, code.as_str(), subject.file) {
            (401 | 404, "RepoNotFound", _) | (404, "", None) => RepositoryError::NoRepository {
                kind: subject.kind,
                repository,
                with_token,
            },
            (404, "RevisionNotFound", _) => RepositoryError::NoRevision {
                repository,
                revision: subject.revision.to_owned(),
            },
            (404, _, Some(file)) => RepositoryError::NoFile {
                repository,
                revision: subject.revision.to_owned(),
                wanted: file.to_owned(),
                found: Vec::new(),
            },
            (401 | 403, _, _) => RepositoryError::Refused {
                action: subject.action,
                repository,
                status,
                with_token,
            },
            _ => RepositoryError::Status {
                url: url.to_owned(),
                status,
                message: said(response),
            },
        })
    }
}

/// What the server says to a failure: a header, or the beginning of its answer.
fn said(mut response: Response<Body>) -> String {
    let message = text(response.headers(), "x-error-message").or_else(|| {
        let body = response.body_mut().with_config().limit(1 << 16);
        let body = body.read_to_string().ok()?;
        let parsed: serde_json::Value = serde_json::from_str(&body).ok()?;
        Some(parsed.get("error")?.as_str()?.to_owned())
    });
    let message: String = message.unwrap_or_default();
    message.chars().take(300).collect()
}

/// A header as text.
pub(super) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.trim().to_owned())
}

/// The answer as a JSON document.
pub(super) fn read<T: DeserializeOwned>(
    url: &str,
    mut response: Response<Body>,
) -> Result<T, RepositoryError> {
    let body = response.body_mut().with_config().limit(DOCUMENT_LIMIT);
    body.read_json().map_err(|error| match error {
        ureq::Error::Json(error) => RepositoryError::Answer {
            url: url.to_owned(),
            reason: error.to_string(),
        },
        error => unanswered(url, &error),
    })
}

/// The error of a request that got no answer.
pub(super) fn unanswered(url: &str, error: &ureq::Error) -> RepositoryError {
    let (url, reason) = (url.to_owned(), error.to_string());
    match error {
        ureq::Error::Timeout(_) => RepositoryError::Timeout { url, reason },
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            RepositoryError::Timeout { url, reason }
        }
        ureq::Error::Protocol(_) | ureq::Error::TooManyRedirects => {
            RepositoryError::Answer { url, reason }
        }
        _ => RepositoryError::Unreachable { url, reason },
    }
}
