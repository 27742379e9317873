//! The hot operations of an encoder, each with its own backward, as extension operations of Burn.
//!
//! An operation is a value that implements [`Operation`]: its fields are the plain arguments, its `forward` and `backward`
//! unpack tensors to slices and call the kernels. [`record`] is the only place that knows Burn's autodiff.

mod activation;
mod attention;
mod bias_activation;
mod buffer;
mod columns;
mod dropout_residual;
mod embedding;
mod gated_activation;
mod gather_rows;
mod handover;
mod layer_norm;
mod linear;
mod masked_lm_loss;
mod packed;
mod pool;
mod record;
mod residual_norm;
mod task_loss;
mod timing;

pub(crate) use activation::activation;
pub(crate) use attention::{AttentionOperation, attention};
pub(crate) use bias_activation::bias_activation;
pub(crate) use buffer::{float_tensor, primitive, values};
pub(crate) use columns::{add_to_query_and_value, scale_columns};
pub(crate) use dropout_residual::{HiddenDropout, dropout, dropout_residual};
pub(crate) use embedding::{EmbeddingIds, embedding};
pub(crate) use gated_activation::gated_activation;
pub(crate) use gather_rows::gather_rows;
pub(crate) use handover::Handover;
pub(crate) use layer_norm::layer_norm;
pub(crate) use linear::{linear, linear_with_bias};
pub(crate) use masked_lm_loss::{TiedGradient, masked_lm_loss};
pub(crate) use packed::{PackedWeights, Products};
pub use pool::TensorMemory;
pub(crate) use pool::{MemoryLease, end_pass};
pub(crate) use residual_norm::{NormVectors, dropout_residual_norm};
pub(crate) use task_loss::{TaskLoss, TaskTruth, task_loss};
pub use timing::{OperationTimes, time_operations};
