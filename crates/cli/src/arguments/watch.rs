use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Show runs live in the browser
///
/// Serves a local page that follows runs: losses, speed, learning rates, gradient norms, and every activation as it learns,
/// with a slider back to step 0. The runs may be going on, finished, or begin later, in this or another process. The folder of
/// `compare`, `finetune` or `sweep` shows its runs side by side. Ends with Ctrl-C.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant watch pliant-compare --open")]
pub(crate) struct Watch {
    /// Folders of runs or experiments; one that does not exist yet is waited for
    #[arg(required = true, value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) runs: Vec<PathBuf>,

    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 7777)]
    pub(crate) port: u16,

    /// Address or name to listen on; others than 127.0.0.1 may let other machines read
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub(crate) host: String,

    /// Open the page in the browser
    #[arg(long)]
    pub(crate) open: bool,
}
