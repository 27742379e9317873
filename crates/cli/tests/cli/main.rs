//! The program `pliant` from outside: its text, its exit codes, its files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

mod act;
mod additions;
mod bad_input;
mod bad_input_tasks;
mod bench;
mod compare;
mod convert;
mod eafo;
mod eval_task;
mod export;
mod finetune;
mod freeze;
mod gated;
mod help;
mod hub;
#[path = "../../../hub/tests/repository/server.rs"]
mod hub_server;
mod json;
mod levels;
mod models;
mod pipe;
mod predict;
mod recipe;
mod resume;
mod row_activation;
mod rows;
mod runs;
mod score;
mod serve;
mod signals;
mod single_steps;
mod sweep;
mod tensorboard;
#[cfg(target_os = "linux")]
mod terminal;
mod tokenize;
mod usage;
mod watch;
mod workplace;
