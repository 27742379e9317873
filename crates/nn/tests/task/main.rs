//! Task models: losses, gradients, what trains, adapters, folders.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod adapters;
mod fill_mask;
mod folders;
mod golden;
mod gradients;
mod inputs;
mod observation;
#[path = "../support/mod.rs"]
mod support;
mod trainable;
