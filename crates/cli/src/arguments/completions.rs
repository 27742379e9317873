use clap::Args;
use clap_complete::Shell;

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant completions bash > ~/.local/share/bash-completion/completions/pliant"
)]
pub(crate) struct Completions {
    /// Shell to complete in
    pub(crate) shell: Shell,
}
