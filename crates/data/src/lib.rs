//! Text and tasks: corpora, tokenizer, token shards, masking, batches; GLUE, SQuAD, metrics.
//!
//! Data flows one way: a [`Corpus`] is read in chunks of text, a [`Tokenizer`] turns it into token ids, the ids are
//! packed to sequences and written once as [`Shards`], and a [`BatchPlan`] says, for any step, which sequences with
//! which masks. A batch is a pure function of the seed, the masking options, the batch size, the data and the step.
//!
//! Fine-tuning reads the files of a [`task`] (or the questions of [`squad`]), splits and encodes their rows, and scores
//! answers with a [`metric`].

mod batch;
mod checksum;
mod config;
mod corpus;
mod dataset;
mod error;
mod frequencies;
mod language;
mod manifest;
mod masking;
pub mod metric;
mod order;
mod prepare;
mod shard;
pub mod squad;
pub mod task;
mod tokenizer;

pub use batch::{Batch, BatchPlan};
pub use config::{Corpus, DataConfig, Generated, Split, TokenizerSource};
pub use dataset::Dataset;
pub use error::DataError;
pub use manifest::{Manifest, PartCounts, ShardEntry};
pub use masking::Masking;
pub use prepare::{PrepareProgress, Stage, prepare};
pub use shard::Shards;
pub use task::TaskError;
pub use tokenizer::{SpecialTokens, TokenPlace, Tokenizer};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
