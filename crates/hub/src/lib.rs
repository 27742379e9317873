//! The outside world's formats: [`tensorboard`] event files of a run, [`hugging_face`] folders and [`onnx`] files of a model,
//! [`repository`]: what the Hugging Face Hub has.

mod error;
pub mod hugging_face;
pub mod onnx;
pub mod repository;
pub mod tensorboard;

pub use error::HubError;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
