//! The outside world's formats: [`tensorboard`] event files of a run.

mod error;
pub mod tensorboard;

pub use error::HubError;
