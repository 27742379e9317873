//! Tasks for fine-tuning: readers, splits, windows, answers, metrics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod answers;
mod encode;
mod folder;
mod glue;
mod labelled;
mod metrics;
mod own;
mod parquet;
mod real;
mod scorer;
mod split;
mod squad;
