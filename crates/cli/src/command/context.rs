//! What every verb is given besides its own arguments.

use std::io;

use pliant_train::{StopFlag, signals};

use crate::{
    arguments::Global,
    exit::{Code, Failure},
    render::{output::Output, palette::Palette},
};

/// The global options, ready for use.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) output: Output,
    pub(crate) threads: Option<usize>,
    pub(crate) quiet: bool,
    /// Colours of standard error.
    pub(crate) palette: Palette,
}

impl Context {
    pub(crate) fn new(global: &Global) -> Self {
        Self {
            output: Output { json: global.json, palette: Palette::new(global.color, &io::stdout()) },
            threads: global.threads.map(Into::into),
            quiet: global.quiet,
            palette: Palette::new(global.color, &io::stderr()),
        }
    }

    /// A flag that Ctrl-C and SIGTERM raise; a second signal leaves at once.
    pub(crate) fn stop_on_signals() -> Result<StopFlag, Failure> {
        let stop = StopFlag::new();
        signals::install(&stop).map_err(|error| Failure::new(Code::Failed, format_args!("cannot listen to signals: {error}")))?;
        Ok(stop)
    }
}
