use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Draw the activations that a run has learned
///
/// Writes a table (CSV) and a picture (SVG) per site: the learned curve, the curve it started from, its derivative,
/// and the histogram of the inputs it sees.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant shapes pliant-compare/rational/seed-1 --out shapes"
)]
pub(crate) struct Shapes {
    /// Run folder
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) run: PathBuf,

    /// Folder for the tables and pictures
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
}
