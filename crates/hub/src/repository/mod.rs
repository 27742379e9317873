//! Repositories of the Hugging Face Hub: [`fetch`] brings one into the cache that Python shares, [`push`] sends a folder to one.
//!
//! The layout of the cache is `hf-hub`'s. The transfer is our own over `ureq`: `hf-hub` 0.5 compares no checksums, and resumes
//! from a server that answers with the whole file. So is the upload: 0.5 has none, and 1.0 brings three hundred crates.

mod checksum;
mod client;
mod download;
mod error;
mod fetch;
mod large;
mod listing;
mod name;
mod push;
mod selection;
mod settings;

pub use error::RepositoryError;
pub use fetch::fetch;
pub use name::{PREFIX, RepositoryName};
pub use push::{Pushed, push};
pub use selection::Wanted;
pub use settings::{Settings, Token};

/// A file begins to be transferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Its path in the repository.
    pub file: String,
    /// The repository, as `owner/name`.
    pub repository: String,
    /// Bytes that are still to come or to go.
    pub bytes: u64,
}
