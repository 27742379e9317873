//! Ctrl-C and SIGTERM raise a [`StopFlag`]; a second one leaves at once.

use std::io;

use signal_hook::consts::signal::{SIGINT, SIGTERM};

use crate::StopFlag;

/// Exit code of a program that a signal interrupted.
pub const INTERRUPTED_EXIT_CODE: i32 = 130;

/// Makes SIGINT and SIGTERM raise `stop`; a signal that finds it raised already ends the process with code 130.
///
/// Call it once per process, before [`crate::run`].
pub fn install(stop: &StopFlag) -> io::Result<()> {
    for signal in [SIGINT, SIGTERM] {
        // Handlers run in the order of registration: the conditional exit must look at the flag before it is raised.
        signal_hook::flag::register_conditional_shutdown(
            signal,
            INTERRUPTED_EXIT_CODE,
            stop.shared(),
        )?;
        signal_hook::flag::register(signal, stop.shared())?;
    }
    Ok(())
}
