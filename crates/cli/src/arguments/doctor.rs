use clap::Args;

/// Print what the program finds on this machine and what it uses of it
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant doctor --json")]
pub(crate) struct Doctor {}
