//! Pliant over HTTP: the live page of runs ([`watch`]), and the answers of a finished model ([`inference`]).

mod error;
mod host;
pub mod inference;
mod listen;
pub mod watch;

pub use error::ServeError;
pub use listen::until;
