//! What every verb is given besides its own arguments.

use std::io;

use pliant_kernels::dispatch;
use pliant_train::{StopFlag, signals};

use crate::{
    arguments::Global,
    exit::{Code, Failure},
    render::{
        output::Output,
        palette::Palette,
        screen::{Interruption, Screen},
    },
};

/// The global options, ready for use.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) output: Output,
    pub(crate) threads: Option<usize>,
    pub(crate) quiet: bool,
    /// Lines instead of bars.
    plain: bool,
    /// Colours of standard error.
    pub(crate) palette: Palette,
}

impl Context {
    /// Sets the threads of the whole process as well.
    ///
    /// # Errors
    /// `PLIANT_SIMD` names no level, or the threads cannot be started.
    pub(crate) fn new(global: &Global) -> Result<Self, Failure> {
        dispatch::requested().map_err(|error| {
            Failure::usage(error).hint(format_args!(
                "unset it to use the best level of this processor, {}",
                dispatch::supported()
            ))
        })?;
        if let Some(threads) = global.threads {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads.into())
                .build_global();
            pool.map_err(|error| {
                Failure::new(
                    Code::Failed,
                    format_args!("cannot start {threads} threads: {error}"),
                )
            })?;
        }
        let color = global.color.or_plain(global.plain);
        Ok(Self {
            output: Output {
                json: global.json,
                palette: Palette::new(color, &io::stdout()),
            },
            threads: global.threads.map(Into::into),
            quiet: global.quiet,
            plain: global.plain,
            palette: Palette::new(color, &io::stderr()),
        })
    }

    /// Where the course of the work is shown.
    pub(crate) fn screen(&self, interruption: Interruption) -> Screen {
        Screen::new(self.quiet, self.plain, self.palette, interruption)
    }

    /// A flag that Ctrl-C and SIGTERM raise; a second signal leaves at once.
    pub(crate) fn stop_on_signals() -> Result<StopFlag, Failure> {
        let stop = StopFlag::new();
        signals::install(&stop).map_err(|error| {
            Failure::new(
                Code::Failed,
                format_args!("cannot listen to signals: {error}"),
            )
        })?;
        Ok(stop)
    }
}
