//! What a run's activations learned: a table and a picture for each site.

mod error;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use error::ShapesError;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The step of the model.
    pub step: u64,
    /// One entry for each site, in the order of the model.
    pub sites: Vec<SiteFiles>,
}

/// The files of one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteFiles {
    /// The site, for instance `layer.0`.
    pub site: String,
    /// The activation's text form.
    pub activation: String,
    /// Columns x, start, learned, derivative, input_density.
    pub csv: PathBuf,
    /// The picture; self-contained.
    pub svg: PathBuf,
}

/// Writes `<site>.csv` and `<site>.svg` for each activation site of the finished run `run` into `out`.
///
/// # Errors
/// `run` is no run folder or is not finished, or `out` cannot be written.
pub fn write(run: &Path, out: &Path) -> Result<Written, ShapesError> {
    todo!()
}
