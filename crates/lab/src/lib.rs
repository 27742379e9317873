//! Experiments on top of training runs.
//!
//! - [`compare`]: fair twins, arms that differ in exactly what the recipe says, trained seed by seed, with paired [`statistics`] and a
//!   report in one file.
//! - [`sweep`]: grids of fine-tuning runs, shared by any number of processes, with tables, paired tests and a report.
//! - [`shapes`]: what a run's activations learned, as tables and pictures, and how far fine-tuning moved them.
//! - [`conversion`]: learnable activations in a model that was trained without them, and what that changes.
//! - [`correction`]: entropy corrections for the inputs that a run's activations see.
//! - [`report`]: `report.html` of each of them, and of a fine-tuning.
//! - [`plot`]: the small SVG writer behind it all.

mod arms;
mod brief;
mod claim;
pub mod compare;
pub mod conversion;
pub mod correction;
mod csv;
mod date;
mod file;
mod machine;
mod number;
pub mod plot;
mod record;
pub mod report;
mod results;
mod seeds;
pub mod shapes;
pub mod statistics;
pub mod sweep;

pub use arms::{Arm, ArmList, ArmsError};
pub use brief::brief;
pub use compare::CompareError;
pub use conversion::ConversionError;
pub use correction::CorrectionError;
pub use report::ReportError;
pub use seeds::{SeedList, SeedsError};
pub use shapes::ShapesError;
pub use sweep::SweepError;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
