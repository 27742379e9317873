use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, Subcommand, ValueHint};

use super::number::count;

/// List the runs below a folder, or remove some
///
/// A run is known by its files: those of pretrain, the cells of compare and sweep, the seeds of finetune. For each its state
/// (finished, running, interrupted, diverged, damaged), what it trains, how far it came, its best validation and its age; the
/// newest first. Links are not followed.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_long_help = "Example:\n  pliant runs\n  pliant runs pliant-compare --json\n  \
        pliant runs rm pliant-compare/gelu/seed-1"
)]
pub(crate) struct Runs {
    /// Folder to look through
    #[arg(default_value = ".", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,

    /// Runs that are shown, the newest
    #[arg(long, default_value = "100", value_name = "N", value_parser = count::<NonZeroUsize>)]
    pub(crate) limit: NonZeroUsize,

    #[command(subcommand)]
    pub(crate) verb: Option<RunsVerb>,
}

/// What to do with runs besides listing them.
#[derive(Debug, Subcommand)]
pub(crate) enum RunsVerb {
    Rm(Rm),
}

/// Remove runs, after asking
///
/// Shows what would go and asks first. A running run, a link, and a folder that is no run are refused; then nothing is removed.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant runs rm pliant-compare/gelu/seed-1 --yes")]
pub(crate) struct Rm {
    /// Run folders
    #[arg(required = true, value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) runs: Vec<PathBuf>,

    /// Remove without asking, for scripts
    #[arg(long, short)]
    pub(crate) yes: bool,
}
