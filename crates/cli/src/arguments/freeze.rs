use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Hold what the activations of a run have learned
///
/// Writes a model whose learned activations are fixed functions, one for each layer: equal to the bit, with nothing left to learn in
/// them. With --fold, a function that is a cheaper fixed one between affine maps (swish, prelu, arelu, and series of one term)
/// becomes that one, and the neighbouring matrices take the maps in. With --library the functions also go into a file of named
/// activations, NAME for all layers and NAME-layer-0, NAME-layer-1, … one by one, which recipes and arms name as `@FILE:NAME`.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant freeze pliant-compare/rational/seed-1 --out frozen --library shapes.toml --name learned\n  pliant compare --arms 'gelu,@shapes.toml:learned' --seeds 3-5 --out again\n  pliant freeze swish-run --out folded --fold"
)]
pub(crate) struct Freeze {
    /// Folder of a run or of a model
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) from: PathBuf,

    /// Folder of the model to write; new, empty, or written by this verb before
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,

    /// Let the matrices take in what they can
    #[arg(long)]
    pub(crate) fold: bool,

    /// File of named activations to add the functions to; begun where it is missing
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) library: Option<PathBuf>,

    /// What they are called there
    #[arg(
        long,
        value_name = "NAME",
        default_value = "learned",
        requires = "library"
    )]
    pub(crate) name: String,
}
