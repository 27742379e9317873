//! The outside world's formats: [`tensorboard`] event files of a run, [`hugging_face`] folders of a model,
//! [`repository`]: what the Hugging Face Hub has.

mod error;
pub mod hugging_face;
pub mod repository;
pub mod tensorboard;

pub use error::HubError;
