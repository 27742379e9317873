//! Numerical kernels on plain slices: fast code and its f64 reference side by side.
//!
//! Every operation is a free function on row-major `f32` slices, parallel over fixed chunks on the current rayon
//! pool and vectorised at run time ([`dispatch`]). Results are the same bytes at any number of threads. Each operation
//! has a `reference` module with the same mathematics in plain `f64` loops; the tests hold the two together.
//!
//! Slice lengths are internal invariants, not user input: a mismatch panics at the entry of the operation.

// Bodies must be inlined into the functions that enable the instructions, or they are compiled without these; and each
// takes the arithmetic of its level, whether it multiplies or not.
#![allow(clippy::inline_always, clippy::extra_unused_type_parameters)]

pub mod adamw;
pub mod attention;
pub mod columns;
pub mod dispatch;
mod dropout;
pub mod embedding;
pub mod gather;
pub mod linear;
pub mod masked_lm;
pub mod math;
pub mod norm;
pub mod parallel;
mod permission;
mod precision;
mod prefetch;
mod product;
pub mod random;
pub mod residual;
pub mod residual_norm;
pub mod scratch;
#[cfg(test)]
mod testing;
mod tokens;

pub use precision::{Precision, UnknownPrecision};
pub use prefetch::{prefetch, prefetch_ahead};
pub use product::{Engine, bf16_is_fast};
pub use tokens::TokenLayout;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
