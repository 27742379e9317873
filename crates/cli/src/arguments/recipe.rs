use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

/// Look at recipes: show, check, schema
#[derive(Debug, Subcommand)]
pub(crate) enum RecipeVerb {
    Show(Show),
    Check(Check),
    Schema(Schema),
}

/// Print a recipe complete and resolved, as a run would save it
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant recipe show --recipe recipes/raft-paper.toml --set train.seed=2"
)]
pub(crate) struct Show {
    /// Recipe to resolve [default: built in]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) recipe: Option<PathBuf>,

    /// Change one key of the recipe; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// Check recipes without training
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant recipe check recipes/*.toml")]
pub(crate) struct Check {
    /// Recipes to check
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
}

/// Print the JSON schema of recipes: every key with its type, default and meaning
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant recipe schema")]
pub(crate) struct Schema {}
