//! Activation functions, fixed and learnable: formula, gradients, start values, fit and kernels.
//!
//! A family writes its formula once, generic over [`number::Number`]. Read with `f64` it is the reference, with `f32` it is
//! the body of the vector kernels, with [`dual::Dual`] it checks its own derivatives, and with
//! [`expression::Expression`] it prints itself. A new activation is one file in `src/family/` and one line in the list
//! there.
//!
//! ```
//! use pliant_activation::{Activation, ActivationSpec};
//! let spec: ActivationSpec = "rational(5/4, share=group(8))".parse()?;
//! assert_eq!(spec.to_string(), "rational(share=group(8))");
//! let activation = Activation::new(&spec)?;
//! let coefficients = activation.start_coefficients(16)?; // numerator [2, 6], denominator [2, 4]
//! let x = vec![0.5_f32; 32];
//! let mut y = vec![0.0_f32; 32];
//! activation.forward(&coefficients, &x, None, 16, &mut y);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![allow(
    clippy::inline_always,
    reason = "formulas are compiled once per instruction set, inside the kernel that has it"
)]
#![allow(
    clippy::extra_unused_type_parameters,
    reason = "every vector body takes its arithmetic"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "a lane is the same index into several vectors"
)]
#![allow(clippy::doc_markdown, reason = "names of people, papers and libraries")]

pub mod activation;
pub mod bench;
pub mod check;
pub mod dual;
pub mod entropy;
pub mod error;
pub mod expression;
mod family;
pub mod fit;
mod fold;
pub mod gated;
pub mod import;
mod kernel;
pub mod library;
pub mod list;
pub mod number;
pub mod onnx;
pub mod pytorch;
pub mod spec;
pub mod table;

pub use activation::{Activation, CoefficientTensor};
pub use error::ActivationError;
pub use fold::Fold;
pub use spec::{ActivationSpec, DenominatorForm, ParseError, RationalOptions, Share};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
