//! The layers of the encoder as Burn modules. A configuration builds its module: `XConfig::init` asks a
//! [`ParameterSource`] for tensors by their Hugging Face names.

mod attention;
mod embeddings;
mod encoder;
mod feed_forward;
mod layer;
mod linear;
mod masked_lm_head;
mod norm;
mod pass;
mod pooler;
mod source;

pub(crate) use embeddings::{Embeddings, EmbeddingsConfig};
pub(crate) use encoder::{Encoder, EncoderConfig};
pub(crate) use masked_lm_head::{MaskedLmHead, MaskedLmHeadConfig, MaskedTarget};
pub(crate) use pass::{Observer, Pass, PassDropout};
pub use pooler::Pooler;
pub(crate) use pooler::PoolerConfig;
pub(crate) use source::{ParameterSource, Slice, trainable};
