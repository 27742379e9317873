//! The program `pliant` from outside: its text, its exit codes, its files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

mod act;
mod bad_input;
mod bench;
mod compare;
mod help;
mod json;
mod levels;
mod pipe;
mod recipe;
mod resume;
mod score;
mod signals;
mod single_steps;
mod sweep;
mod usage;
mod workplace;
