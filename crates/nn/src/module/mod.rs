//! The layers of the encoder as Burn modules. Each is built by its `init`, or by that of its
//! configuration where it has one, from a [`ParameterSource`] that it asks for tensors by their Hugging Face names.

mod activation;
mod attention;
mod embeddings;
mod encoder;
mod feed_forward;
mod head;
mod layer;
mod linear;
mod low_rank;
mod masked_lm_head;
mod norm;
mod pass;
mod placed;
mod pooler;
mod source;
mod task_output;

pub use activation::{LearnableActivation, LearnableActivationConfig};
pub(crate) use embeddings::Embeddings;
pub(crate) use encoder::{Encoder, EncoderConfig};
pub use head::Head;
pub use masked_lm_head::MaskedLmHead;
pub(crate) use masked_lm_head::MaskedTarget;
pub(crate) use pass::{Observer, Pass, PassDropout};
pub(crate) use pooler::Pooler;
pub(crate) use source::{ParameterSource, Slice, tracked};
pub use task_output::TaskOutput;
