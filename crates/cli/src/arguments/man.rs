use clap::Args;

/// Print the manual page
///
/// One page with every verb, in the format of man(7).
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant man > ~/.local/share/man/man1/pliant.1")]
pub(crate) struct Man {}
