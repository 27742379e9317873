use std::{num::NonZeroU64, path::PathBuf};

use clap::{Args, ValueHint};

use super::number::count;

/// Train twins that differ only in their activation, and say which wins
///
/// Every arm is trained once per seed, from the same initial weights, on the same batches with the same masks.
/// Without arguments: preset `tiny` on a generated language, GELU against the learnable rational, a few minutes.
/// A second call with the same settings goes on where the first one stopped; a finished cell is not trained again.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant compare --corpus wiki/ --arms 'gelu,rational(5/4, form=b)' --seeds 1-3 --out wiki-compare"
)]
pub(crate) struct Compare {
    /// Recipe to start from [default: built in]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) recipe: Option<PathBuf>,

    /// Text to train on: a file or folder of .txt, .txt.xz, .txt.zst, .txt.gz, .parquet, .jsonl, `hub:owner/name`, or `generated`
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) corpus: Option<PathBuf>,

    /// Activations, or arms of the recipe by name, the baseline first [default: the recipe's arms, or gelu,rational]
    ///
    /// Separated by commas; commas inside parentheses belong to the activation.
    /// `pliant act list` names them all.
    #[arg(long, value_name = "LIST")]
    pub(crate) arms: Option<String>,

    /// Seeds, as a list or range: `1,2,3`, `1-10` [default: 1,2]
    #[arg(long, value_name = "LIST")]
    pub(crate) seeds: Option<String>,

    /// Optimizer steps of every run
    #[arg(long, value_name = "N", value_parser = count::<NonZeroU64>)]
    pub(crate) steps: Option<NonZeroU64>,

    /// Change one key of the recipe; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,

    /// Also write event files for `TensorBoard`, into tensorboard/ of each run folder
    #[arg(long)]
    pub(crate) tensorboard: bool,

    /// Folder for the runs and the report
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, default_value = "pliant-compare")]
    pub(crate) out: PathBuf,
}
