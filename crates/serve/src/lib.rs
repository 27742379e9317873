//! Pliant over HTTP: the live page of runs ([`watch`]), and the answers of a finished model ([`inference`]).

mod error;
mod host;
pub mod inference;
mod listen;
pub mod watch;

pub use error::ServeError;
pub use listen::until;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
