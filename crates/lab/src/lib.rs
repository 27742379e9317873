//! Experiments on top of training runs.
//!
//! - [`compare`]: fair twins, arms that differ in exactly what the recipe says, trained seed by seed, with paired [`statistics`] and a
//!   report in one file.
//! - [`shapes`]: what a run's activations learned, as tables and pictures.
//! - [`plot`]: the small SVG writer behind both.

mod arms;
pub mod compare;
mod number;
pub mod plot;
mod report;
mod results;
mod seeds;
pub mod shapes;
pub mod statistics;

pub use arms::{Arm, ArmList, ArmsError};
pub use compare::CompareError;
pub use seeds::{SeedList, SeedsError};
pub use shapes::ShapesError;
