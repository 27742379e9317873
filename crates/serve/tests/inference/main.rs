//! The inference server over real HTTP on 127.0.0.1, with small random models.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod client;
mod documents;
mod endpoints;
mod limits;
mod refusals;
mod stop;
mod together;
mod world;
