use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Pre-train one masked-language-model encoder
///
/// Ctrl-C finishes the step, writes a checkpoint and leaves with exit code 130; a second Ctrl-C leaves at once.
/// `--resume` goes on from the last checkpoint; the result is the same to the byte as without the interruption.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant pretrain --recipe recipes/default.toml --out run --set activation.function=relu"
)]
pub(crate) struct Pretrain {
    /// Recipe to carry out [default with --resume: DIR/recipe.toml]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present = "resume")]
    pub(crate) recipe: Option<PathBuf>,

    /// Run folder to write
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, required_unless_present = "dry_run")]
    pub(crate) out: Option<PathBuf>,

    /// Go on from the last checkpoint in the run folder
    #[arg(long)]
    pub(crate) resume: bool,

    /// Change one key of the recipe; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,

    /// Also write event files for `TensorBoard`, into tensorboard/ of the run folder
    #[arg(long)]
    pub(crate) tensorboard: bool,

    /// Build everything, run one step on a real batch, estimate memory and time, train nothing
    #[arg(long, conflicts_with = "resume")]
    pub(crate) dry_run: bool,
}
