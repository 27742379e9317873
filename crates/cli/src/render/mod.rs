//! How results, progress and errors look.

pub(crate) mod activation;
pub(crate) mod bench;
pub(crate) mod comparison;
pub(crate) mod conversion;
pub(crate) mod correction;
pub(crate) mod finetuning;
pub(crate) mod freeze;
pub(crate) mod number;
pub(crate) mod output;
pub(crate) mod palette;
pub(crate) mod prediction;
pub(crate) mod rate;
pub(crate) mod report;
pub(crate) mod runs;
pub(crate) mod score;
pub(crate) mod screen;
pub(crate) mod summary;
pub(crate) mod sweep;
pub(crate) mod table;
pub(crate) mod task;
pub(crate) mod training;
pub(crate) mod transfer;
