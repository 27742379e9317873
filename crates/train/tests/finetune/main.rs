//! Fine-tuning of generated tasks: what moves, what is recorded, what is refused, and that interruptions leave no trace.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod learning;
mod modes;
mod predicting;
mod real;
mod refused;
mod resume;
mod seeds;
mod spans;
mod together;
mod world;
