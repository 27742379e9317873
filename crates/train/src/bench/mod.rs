//! Measurements of this machine: a training step, an inference pass, the preparation of text.
//!
//! What a step is stands in the loop of a run; here the same step runs on drawn token ids, and is timed. `python/bench/`
//! measures the same with `PyTorch` and `tokenizers`.

mod data;
mod error;
mod report;
mod step;
mod workload;

pub use data::{DataBenchOptions, DataBenchReport, prepare};
pub use error::BenchError;
pub use report::{Milliseconds, ModelBenchReport, Processor, ShareOfTime};
pub use step::{ModelBenchOptions, Pass, measure};
pub use workload::{VOCABULARY, default_batch};
