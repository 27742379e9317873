use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Draw the activations that runs have learned
///
/// For one run: a table (CSV) and a picture (SVG) per site, with the learned curve, the curve it started from, its
/// derivative, and the histogram of the inputs it sees; one figure of all sites; and numbers for each, among them the nearest
/// known function up to scale and shift (numbers.csv, known.csv, shapes.json). With --animate, a picture that moves from step 0
/// through all validations (evolution.svg, evolution.csv), also of a run that is not finished. For several runs: runs that differ in nothing but the seed
/// make one mean curve with a band from the lowest to the highest (seeds.svg, seeds.csv, seeds.json). With --against, for any number of fine-tuned runs: one figure with a
/// panel per layer and a curve per task, the pre-trained one dashed, and for each site the distance from it, the root mean
/// square difference weighted by the histogram of the inputs.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant shapes pliant-compare/rational/seed-1 --out shapes\n  \
        pliant shapes pliant-compare/rational/seed-1 --animate --out shapes\n  \
        pliant shapes pliant-compare/rational/seed-1 pliant-compare/rational/seed-2 --out shapes\n  \
        pliant shapes rte/seed-1 cola/seed-1 --against pliant-compare/rational/seed-1 --out shapes"
)]
pub(crate) struct Shapes {
    /// Run folders
    #[arg(required = true, value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) runs: Vec<PathBuf>,

    /// Run folder of the pre-training that the runs began from
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) against: Option<PathBuf>,

    /// Draw how the activations of one run came to be, validation by validation, as an animated SVG
    #[arg(long, conflicts_with = "against")]
    pub(crate) animate: bool,

    /// Folder for the tables and pictures
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
}
