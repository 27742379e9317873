//! Standard error while something runs: a bar on a terminal, one line per interval elsewhere.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::palette::Palette;

/// Time between two lines where there is no terminal to redraw.
const INTERVAL: Duration = Duration::from_secs(10);

/// Shows the course of the work.
pub(crate) struct Screen {
    kind: Kind,
    palette: Palette,
    /// When the last line of status was written.
    last: Option<Duration>,
}

enum Kind {
    /// Warnings only.
    Quiet(Box<dyn Write + Send>),
    Lines(Box<dyn Write + Send>),
    /// The bar is there from the first status to the next `clear`.
    Bar(Option<ProgressBar>),
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
    /// What else is known.
    pub(crate) detail: &'a str,
}

impl Screen {
    /// The screen of this process.
    pub(crate) fn new(quiet: bool, palette: Palette) -> Self {
        let kind = if quiet {
            Kind::Quiet(Box::new(io::stderr()))
        } else if io::stderr().is_terminal() && !new_bar(None).is_hidden() {
            Kind::Bar(None)
        } else {
            Kind::Lines(Box::new(io::stderr()))
        };
        Self {
            kind,
            palette,
            last: None,
        }
    }

    /// A line that stays; not shown when quiet.
    pub(crate) fn note(&mut self, text: &str) {
        match &mut self.kind {
            Kind::Quiet(_) => {}
            Kind::Lines(output) => write_line(output, text),
            Kind::Bar(bar) => above(bar.as_ref(), text),
        }
    }

    /// Something that must be known; shown when quiet as well.
    pub(crate) fn warning(&mut self, text: &str) {
        let text = format!("{} {text}", self.palette.warning("warning:"));
        match &mut self.kind {
            Kind::Quiet(output) | Kind::Lines(output) => write_line(output, &text),
            Kind::Bar(bar) => above(bar.as_ref(), &text),
        }
    }

    /// Draws the status anew, or writes it as a line when `force`d or when the last line is an interval ago.
    pub(crate) fn status(&mut self, status: &Status<'_>, now: Duration, force: bool) {
        match &mut self.kind {
            Kind::Quiet(_) => {}
            Kind::Lines(output) => {
                let due = self
                    .last
                    .is_none_or(|last| now.saturating_sub(last) >= INTERVAL);
                if due || force {
                    self.last = Some(now);
                    write_line(output, &line(status));
                }
            }
            Kind::Bar(shown) => {
                let same = |bar: &ProgressBar| {
                    bar.prefix() == status.title && bar.length() == status.length
                };
                match shown {
                    Some(bar) if same(bar) => {
                        bar.set_position(status.position);
                        bar.set_message(status.detail.to_owned());
                    }
                    _ => {
                        if let Some(bar) = shown.take() {
                            bar.finish_and_clear();
                        }
                        shown.insert(bar_of(status)).tick();
                    }
                }
            }
        }
    }

    /// Takes the bar away; lines that were written stay.
    pub(crate) fn clear(&mut self) {
        if let Kind::Bar(bar) = &mut self.kind
            && let Some(bar) = bar.take()
        {
            bar.finish_and_clear();
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

fn line(status: &Status<'_>) -> String {
    let length = status
        .length
        .map(|length| format!("/{length}"))
        .unwrap_or_default();
    let Status {
        title,
        unit,
        position,
        detail,
        ..
    } = status;
    let place = match *unit {
        "%" => format!("{position} %"),
        unit => format!("{unit} {position}{length}"),
    };
    let gap = if detail.is_empty() { "" } else { "  " };
    format!("{title}  {place}{gap}{detail}")
}

/// Progress that nobody reads any more is no reason to stop working.
fn write_line(output: &mut impl Write, text: &str) {
    let _ = writeln!(output, "{text}");
}

/// An empty bar on standard error.
fn new_bar(length: Option<u64>) -> ProgressBar {
    ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr())
}

/// A bar that shows where the work is; nothing is drawn before all of it is set.
fn bar_of(status: &Status<'_>) -> ProgressBar {
    let template = match status.length {
        Some(_) => "{prefix} {bar:10} {pos}/{len}  {wide_msg}",
        None => "{prefix} {pos}  {wide_msg}",
    };
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    new_bar(status.length)
        .with_style(style.progress_chars("━╸─"))
        .with_prefix(status.title.to_owned())
        .with_message(status.detail.to_owned())
        .with_position(status.position)
}

/// A line that stays, above the bar where there is one.
fn above(bar: Option<&ProgressBar>, text: &str) {
    match bar {
        Some(bar) => bar.println(text),
        None => write_line(&mut io::stderr(), text),
    }
}
