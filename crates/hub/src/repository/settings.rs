//! Where the Hub is, where its files are kept, and who asks.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::RepositoryError;

/// A secret, which no message and no debug output shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token, as the Hub gave it; none where there is no text.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The header that carries it.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// How to reach the Hub.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server, without a `/` at the end.
    pub endpoint: String,
    /// The folder of the cache.
    pub cache: PathBuf,
    /// Who asks; public repositories need none.
    pub token: Option<Token>,
    /// Use what lies in the cache, and no network.
    pub offline: bool,
    /// How often a request is tried that the server is too busy for, or that is cut off.
    pub attempts: u32,
    /// The wait before the second try; it doubles with each.
    pub pause: Duration,
    /// How long nothing may come.
    pub patience: Duration,
}

impl Settings {
    /// As the variables say that Python's `huggingface_hub` reads: `HF_ENDPOINT`, `HF_HUB_CACHE`, `HF_HOME`, `HF_TOKEN`,
    /// `HUGGING_FACE_HUB_TOKEN`, `HF_TOKEN_PATH`, `HF_HUB_OFFLINE`, `HF_HUB_DOWNLOAD_TIMEOUT`.
    ///
    /// # Errors
    /// No variable and no home tells where the cache is.
    pub fn from_environment() -> Result<Self, RepositoryError> {
        let path = |name: &str| path(env::var_os(name));
        let home = path("HF_HOME")
            .or_else(|| Some(path("XDG_CACHE_HOME")?.join("huggingface")))
            .or_else(|| Some(env::home_dir()?.join(".cache/huggingface")));
        let cache = path("HF_HUB_CACHE")
            .or_else(|| path("HUGGINGFACE_HUB_CACHE"))
            .or_else(|| Some(home.as_ref()?.join("hub")))
            .ok_or(RepositoryError::NoHome)?;
        let text = |name: &str| env::var(name).ok().filter(|text| !text.trim().is_empty());
        let token_file = path("HF_TOKEN_PATH").or_else(|| Some(home.as_ref()?.join("token")));
        let token = text("HF_TOKEN")
            .or_else(|| text("HUGGING_FACE_HUB_TOKEN"))
            .or_else(|| fs::read_to_string(token_file?).ok())
            .and_then(|text| Token::new(&text));
        let endpoint = text("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned());
        let patience = text("HF_HUB_DOWNLOAD_TIMEOUT")
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(30);
        Ok(Self {
            endpoint: endpoint.trim().trim_end_matches('/').to_owned(),
            cache,
            token,
            offline: text("HF_HUB_OFFLINE").is_some_and(|text| is_yes(&text)),
            attempts: 5,
            pause: Duration::from_secs(1),
            patience: Duration::from_secs(patience),
        })
    }
}

/// As Python reads a variable that is a yes or a no.
fn is_yes(text: &str) -> bool {
    ["1", "on", "yes", "true"].contains(&text.trim().to_ascii_lowercase().as_str())
}

/// A path in a variable; `~` at its start is the home.
fn path(value: Option<OsString>) -> Option<PathBuf> {
    let path = PathBuf::from(value.filter(|value| !value.is_empty())?);
    match path.strip_prefix("~") {
        Ok(rest) => Some(env::home_dir()?.join(rest)),
        Err(_) => Some(path),
    }
}
