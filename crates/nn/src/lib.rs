//! The Transformer encoder on Burn, with operations that have their own backward.
//!
//! [`MaskedLanguageModel`] is the whole of it: a BERT encoder whose activation functions may learn, with the
//! masked-language-model head. It is built from a [`ModelConfig`] and a seed, takes slices and gives slices.

mod config;
mod error;
mod initialisation;
mod model;
mod module;
mod operation;
mod parameter;

pub use config::{Initialisation, ModelConfig, NormPlacement, Positions, Preset, Sites};
pub use error::ModelError;
pub use model::{DropoutKey, Gradients, MaskedLanguageModel, ModelInput, Site};
pub use module::Pooler;
pub use operation::{OperationTimes, TensorMemory, time_operations};
pub use parameter::{ParameterInfo, Role, parameter_counts};
pub use pliant_kernels::masked_lm::Score;
pub use pliant_kernels::{Precision, TokenLayout};
mod task_surface;
pub use task_surface::*;
