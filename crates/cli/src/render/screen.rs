//! Standard error while something runs: bars on a terminal, one line per interval elsewhere.

mod bar;
mod canvas;
mod losses;
mod whole;

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use super::palette::Palette;
use canvas::{Canvas, lock};

pub(crate) use canvas::Interruption;
pub(crate) use losses::Losses;
pub(crate) use whole::Whole;

/// Time between two lines where there is no terminal to redraw.
const INTERVAL: Duration = Duration::from_secs(10);
/// Time between two drawings.
const DRAWING: Duration = Duration::from_millis(100);

/// Shows the course of the work.
pub(crate) struct Screen {
    kind: Kind,
    palette: Palette,
    /// When the last line of status was written, or the status drawn.
    last: Option<Duration>,
}

enum Kind {
    /// Warnings only.
    Quiet(Box<dyn Write + Send>),
    Lines(Box<dyn Write + Send>),
    /// The bars are there from the first status to the next `clear`.
    Bars(Arc<Mutex<Canvas>>),
}

/// Where the work is.
#[derive(Debug)]
pub(crate) struct Status<'a> {
    /// What the work is on, in front of everything.
    pub(crate) title: &'a str,
    /// What one unit of the position is, such as `step` or `%`.
    pub(crate) unit: &'a str,
    pub(crate) position: u64,
    pub(crate) length: Option<u64>,
    /// Share of the work that is done; without a length it may be that of a time budget.
    pub(crate) share: Option<f64>,
    /// Of the last step.
    pub(crate) loss: Option<f64>,
    /// Speed and time left, as far as they are known.
    pub(crate) pace: &'a [String],
    /// What else is known.
    pub(crate) note: &'a str,
    /// Smoothed, in place of the last one where bars are drawn.
    pub(crate) losses: Option<&'a Losses>,
    /// The runs that this one is of.
    pub(crate) whole: Option<&'a Whole>,
}

impl<'a> Status<'a> {
    /// Nothing but a position.
    pub(crate) fn new(title: &'a str, unit: &'a str, position: u64) -> Self {
        Self {
            title,
            unit,
            position,
            length: None,
            share: None,
            loss: None,
            pace: &[],
            note: "",
            losses: None,
            whole: None,
        }
    }
}

impl Screen {
    /// The screen of this process: `plain` is without bars on a terminal as well.
    pub(crate) fn new(
        quiet: bool,
        plain: bool,
        palette: Palette,
        interruption: Interruption,
    ) -> Self {
        let lines = || Kind::Lines(Box::new(io::stderr()));
        let kind = match (quiet, plain) {
            (true, _) => Kind::Quiet(Box::new(io::stderr())),
            (false, true) => lines(),
            (false, false) => Canvas::new(interruption).map_or_else(lines, Kind::Bars),
        };
        Self {
            kind,
            palette,
            last: None,
        }
    }

    /// Whether bars are drawn.
    pub(crate) fn has_bars(&self) -> bool {
        matches!(self.kind, Kind::Bars(_))
    }

    /// A line that stays; not shown when quiet.
    pub(crate) fn note(&mut self, text: &str) {
        match &mut self.kind {
            Kind::Quiet(_) => {}
            Kind::Lines(output) => write_line(output, text),
            Kind::Bars(canvas) => lock(canvas).above(text),
        }
    }

    /// Something that must be known; shown when quiet as well.
    pub(crate) fn warning(&mut self, text: &str) {
        let text = format!("{} {text}", self.palette.warning("warning:"));
        match &mut self.kind {
            Kind::Quiet(output) | Kind::Lines(output) => write_line(output, &text),
            Kind::Bars(canvas) => lock(canvas).above(&text),
        }
    }

    /// Whether a status at this time would be shown: when `force`d, or when the last one is an interval ago.
    pub(crate) fn is_due(&self, now: Duration, force: bool) -> bool {
        let interval = match &self.kind {
            Kind::Quiet(_) => return false,
            Kind::Lines(_) => INTERVAL,
            Kind::Bars(_) => DRAWING,
        };
        let due = |last| now.saturating_sub(last) >= interval;
        force || self.last.is_none_or(due)
    }

    /// Draws the status anew, or writes it as a line, where it is due.
    pub(crate) fn status(&mut self, status: &Status<'_>, now: Duration, force: bool) {
        if !self.is_due(now, force) {
            return;
        }
        self.last = Some(now);
        match &mut self.kind {
            Kind::Quiet(_) => {}
            Kind::Lines(output) => write_line(output, &line(status)),
            Kind::Bars(canvas) => {
                let mut canvas = lock(canvas);
                let lines = bar::lines(status, now, canvas.columns(), self.palette);
                canvas.draw(lines);
            }
        }
    }

    /// Takes the bars away; lines that were written stay.
    pub(crate) fn clear(&mut self) {
        if let Kind::Bars(canvas) = &self.kind {
            lock(canvas).clear();
            self.last = None;
        }
    }

    /// A screen that writes lines to `output`.
    #[cfg(test)]
    pub(crate) fn lines(output: impl Write + Send + 'static) -> Self {
        Self {
            kind: Kind::Lines(Box::new(output)),
            palette: Palette::plain(),
            last: None,
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.clear();
    }
}

fn line(status: &Status<'_>) -> String {
    let Status {
        title,
        unit,
        position,
        ..
    } = status;
    let length = status
        .length
        .map(|length| format!("/{length}"))
        .unwrap_or_default();
    let place = match *unit {
        "%" => format!("{position} %"),
        unit => format!("{unit} {position}{length}"),
    };
    let mut line = format!("{title}  {place}");
    let loss = status.loss.map(|loss| format!("loss {loss:.3}"));
    let note = Some(status.note.to_owned()).filter(|note| !note.is_empty());
    for detail in loss.into_iter().chain(status.pace.to_vec()).chain(note) {
        line += "  ";
        line += &detail;
    }
    line
}

/// Progress that nobody reads any more is no reason to stop working.
fn write_line(output: &mut impl Write, text: &str) {
    let _ = writeln!(output, "{text}");
}
