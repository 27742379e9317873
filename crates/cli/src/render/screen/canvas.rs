//! Lines at the bottom of a terminal that are drawn over and over, and taken away at the end.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use console::Term;

/// Where the size of a terminal cannot be told.
const SIZE: (u16, u16) = (24, 80);

/// What becomes of the process at Ctrl-C or SIGTERM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interruption {
    /// The work ends in good order, which takes a moment.
    Finishes,
    /// It ends at once.
    Leaves,
}

/// The terminal at standard error.
///
/// The cursor stays behind the last line, visible: whatever ends the process, there is nothing to put right. Each change is one
/// write over what was there, so that nothing flickers.
pub(super) struct Canvas {
    terminal: Term,
    shown: Vec<String>,
    /// Whether an interruption ended the drawing.
    closed: bool,
}

impl Canvas {
    /// The canvas of this process, which an interruption clears; none where standard error is no terminal that can be drawn on.
    pub(super) fn new(interruption: Interruption) -> Option<Arc<Mutex<Self>>> {
        let terminal = Term::buffered_stderr();
        if !terminal.is_term() || console::is_dumb() {
            return None;
        }
        let canvas = Arc::new(Mutex::new(Self {
            terminal,
            shown: Vec::new(),
            closed: false,
        }));
        clear_at_signals(&canvas, interruption)?;
        Some(canvas)
    }

    /// Columns of the terminal at this moment.
    pub(super) fn columns(&self) -> usize {
        usize::from(self.terminal.size_checked().unwrap_or(SIZE).1)
    }

    /// Draws the lines over those that are there.
    pub(super) fn draw(&mut self, mut lines: Vec<String>) {
        let rows = usize::from(self.terminal.size_checked().unwrap_or(SIZE).0);
        lines.truncate(rows.saturating_sub(1).max(1));
        if self.closed || lines == self.shown {
            return;
        }
        let mut text = self.to_first();
        for (index, line) in lines.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\r\n" };
            // Erased behind the text: what is overwritten was never gone.
            let _ = write!(text, "{newline}{line}\x1b[K");
        }
        if lines.len() < self.shown.len() {
            text += "\x1b[J";
        }
        self.write(&text);
        // The cursor is behind the last line again.
        self.shown = lines;
    }

    /// A line that stays, above those that are drawn.
    pub(super) fn above(&mut self, line: &str) {
        let text = format!("{}\x1b[J{line}\r\n", self.to_first());
        let shown = std::mem::take(&mut self.shown);
        self.write(&text);
        if !shown.is_empty() {
            self.draw(shown);
        }
    }

    /// Takes the lines away.
    pub(super) fn clear(&mut self) {
        if !self.shown.is_empty() {
            let text = self.to_first() + "\x1b[J";
            self.write(&text);
            self.shown.clear();
        }
    }

    /// Takes the lines away for good, with the `^C` that the terminal wrote behind them.
    #[cfg(unix)]
    fn close(&mut self) {
        let text = self.to_first() + "\x1b[J";
        self.write(&text);
        self.shown.clear();
        self.closed = true;
    }

    /// Moves to the beginning of the first line.
    fn to_first(&self) -> String {
        match self.shown.len() {
            0 | 1 => "\r".to_owned(),
            lines => format!("\r\x1b[{}A", lines - 1),
        }
    }

    /// Progress that cannot be shown is no reason to stop working.
    fn write(&self, text: &str) {
        let _ = self.terminal.write_str(text);
        let _ = self.terminal.flush();
    }
}

/// The canvas, also after a panic of who drew on it.
pub(super) fn lock(canvas: &Mutex<Canvas>) -> MutexGuard<'_, Canvas> {
    canvas.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Clears the canvas at the first Ctrl-C or SIGTERM, at once and not at the end of the step, since a second one ends the process
/// wherever it is. None where signals cannot be listened to.
#[cfg(unix)]
fn clear_at_signals(canvas: &Arc<Mutex<Canvas>>, interruption: Interruption) -> Option<()> {
    use std::thread;

    use signal_hook::{
        consts::signal::{SIGINT, SIGTERM},
        iterator::Signals,
        low_level::emulate_default_handler,
    };

    let mut signals = Signals::new([SIGINT, SIGTERM]).ok()?;
    let canvas = Arc::downgrade(canvas);
    let listen = move || {
        for signal in signals.forever() {
            if let Some(canvas) = canvas.upgrade() {
                let mut canvas = lock(&canvas);
                if !canvas.closed {
                    canvas.close();
                    if interruption == Interruption::Finishes {
                        canvas.above("stopping after this step; Ctrl-C again leaves at once");
                    }
                }
            }
            if interruption == Interruption::Leaves {
                // The end that the signal would have had without this thread.
                let _ = emulate_default_handler(signal);
            }
        }
    };
    let name = "interruption".to_owned();
    thread::Builder::new().name(name).spawn(listen).ok()?;
    Some(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the other half can fail")]
fn clear_at_signals(_: &Arc<Mutex<Canvas>>, _: Interruption) -> Option<()> {
    Some(())
}
