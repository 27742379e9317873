//! The Transformer encoder on Burn, with operations that have their own backward.
//!
//! [`MaskedLanguageModel`] is a BERT encoder whose activation functions may learn, with the masked-language-model head;
//! [`TaskModel`] the same encoder with a head for classification, regression or spans, of which a selection of parameters
//! or an adapter trains. Both are a [`Model`], built from a [`ModelConfig`] and a seed, and take slices and give slices.

mod adapter;
mod config;
mod error;
mod head;
mod initialisation;
mod model;
mod module;
mod operation;
mod parameter;

pub use adapter::AdapterKind;
pub use config::{
    Additions, Initialisation, ModelConfig, NormPlacement, Place, Positions, Preset, Sites,
};
pub use error::ModelError;
pub use head::TaskHead;
pub use model::{
    AnyModel, DropoutKey, FrozenSite, Gradients, MaskedLanguageModel, Model, ModelInput, Site,
    TaskInput, TaskModel, TaskScore, TaskTarget,
};
pub use module::{Head, LearnableActivation, LearnableActivationConfig, MaskedLmHead, TaskOutput};
pub use operation::{OperationTimes, TensorMemory, time_operations};
pub use parameter::{ParameterInfo, Role, parameter_counts};
pub use pliant_kernels::attention::Rotary;
pub use pliant_kernels::masked_lm::Score;
pub use pliant_kernels::{Precision, TokenLayout};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
