//! Repositories of the Hub: what comes, what is kept, what is sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod fetching;
mod pushing;
mod server;
