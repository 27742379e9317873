//! What a bar shows, as lines for a terminal of some width; where they are drawn is not decided here.

use std::time::Duration;

use console::{measure_text_width, truncate_str};

use super::{Status, losses::Losses, whole::Whole};
use crate::render::{number::duration, palette::Palette};

/// Columns that stay free behind every line: a terminal echoes `^C` there, and must not break the line for it.
const FREE: usize = 4;
const GAP: usize = 2;
/// Columns of a gauge at least and at most.
const GAUGE: (usize, usize) = (8, 30);
/// Columns of a sparkline at least and at most.
const SPARKLINE: (usize, usize) = (4, 48);
/// A text of fewer columns is left away and not cut.
const SHORTEST: usize = 6;

/// Columns from which on gauges below each other begin in the same one.
const ALIGNED: usize = 60;

/// A part of a line.
struct Piece {
    text: String,
    /// The text with its colours.
    shown: Option<String>,
    /// The higher, the sooner it gives way where the line is too narrow.
    rank: u8,
    /// Whether it may be cut before it gives way.
    cut: bool,
}

/// The lines of a status, none wider than the terminal less [`FREE`] columns.
pub(super) fn lines(
    status: &Status<'_>,
    now: Duration,
    columns: usize,
    palette: Palette,
) -> Vec<String> {
    let width = columns.saturating_sub(FREE).max(1);
    let whole = status.whole.filter(|whole| whole.of > 1);
    let title = match whole {
        Some(whole) if width >= ALIGNED => {
            measure_text_width(status.title).max(measure_text_width(whole.name))
        }
        _ => 0,
    };
    let mut lines = Vec::new();
    lines.extend(whole.map(|whole| overall(whole, now, title, width, palette)));
    lines.push(work(status, title, width, palette));
    lines.extend(course(status, width, palette));
    lines
}

/// How many of the runs are done.
fn overall(whole: &Whole, now: Duration, title: usize, width: usize, palette: Palette) -> String {
    let time = match (whole.remaining(now), whole.elapsed(now)) {
        (Some(left), _) => Some(format!("ETA {}", duration(left))),
        (None, Some(elapsed)) => Some(format!("for {}", duration(elapsed))),
        (None, None) => None,
    };
    let mut pieces = vec![
        Piece::new(&padded(whole.name, title), 1).cut(),
        gauge(whole.share(), width, palette),
        Piece::new(&format!("{}/{}", whole.done, whole.of), 0),
    ];
    pieces.extend(time.map(|time| Piece::new(&time, 2)));
    fit(&pieces, width)
}

/// Where the present run is.
fn work(status: &Status<'_>, title: usize, width: usize, palette: Palette) -> String {
    let mut pieces = vec![Piece::new(&padded(status.title, title), 1).cut()];
    pieces.extend(status.share.map(|share| gauge(share, width, palette)));
    pieces.push(Piece::new(&place(status), 0));
    // The last of them, the time left, is wanted most.
    let count = status.pace.len();
    for (index, pace) in status.pace.iter().enumerate() {
        pieces.push(Piece::new(pace, 2 + 2 * (count - 1 - index) as u8));
    }
    fit(&pieces, width)
}

/// The loss with its course, and what else is known.
fn course(status: &Status<'_>, width: usize, palette: Palette) -> Option<String> {
    let loss = status.losses.and_then(Losses::current);
    let mut pieces = Vec::new();
    if let (Some(loss), Some(losses)) = (loss, status.losses) {
        let text = format!("loss {loss:.3}");
        let used = measure_text_width(&text) + GAP;
        pieces.push(Piece::new(&text, 0));
        let note = match measure_text_width(status.note) {
            0 => 0,
            note => GAP + note,
        };
        let rest = width.saturating_sub(used);
        let columns = rest.saturating_sub(note).clamp(SPARKLINE.0, SPARKLINE.1);
        if rest >= columns {
            let text = padded(&losses.sparkline(columns), columns);
            pieces.push(Piece {
                shown: Some(palette.sparkline(&text)),
                text,
                rank: 1,
                cut: false,
            });
        }
    }
    if !status.note.is_empty() {
        pieces.push(Piece::new(status.note, 2).cut());
    }
    (!pieces.is_empty()).then(|| fit(&pieces, width))
}

/// `1234/10000`, the position as wide as the length, so that nothing moves when it grows.
fn place(status: &Status<'_>) -> String {
    match (status.unit, status.length) {
        ("%", _) => format!("{:3} %", status.position),
        (_, Some(length)) => {
            let digits = length.to_string().len();
            format!("{:digits$}/{length}", status.position)
        }
        (unit, None) => format!("{unit} {}", status.position),
    }
}

fn padded(text: &str, width: usize) -> String {
    let space = width.saturating_sub(measure_text_width(text));
    format!("{text}{}", " ".repeat(space))
}

/// A bar that is filled to a share of its width.
fn gauge(share: f64, width: usize, palette: Palette) -> Piece {
    let columns = (width / 4).clamp(GAUGE.0, GAUGE.1);
    let halves = (share.clamp(0.0, 1.0) * (2 * columns) as f64) as usize;
    let mut filled = "━".repeat(halves / 2);
    if halves % 2 == 1 {
        filled.push('╸');
    }
    let rest = "─".repeat(columns - halves.div_ceil(2));
    Piece {
        shown: Some(palette.filled(&filled) + &palette.faint(&rest)),
        text: filled + &rest,
        rank: 3,
        cut: false,
    }
}

impl Piece {
    /// A text without colours; control characters would move the cursor.
    fn new(text: &str, rank: u8) -> Self {
        let visible = |c: char| if c.is_control() { '�' } else { c };
        Self {
            text: text.chars().map(visible).collect(),
            shown: None,
            rank,
            cut: false,
        }
    }

    fn cut(self) -> Self {
        Self { cut: true, ..self }
    }

    fn width(&self) -> usize {
        measure_text_width(&self.text)
    }
}

/// The pieces that there is room for, in their order; the one that is most wanted is there in any case.
fn fit(pieces: &[Piece], width: usize) -> String {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|&index| pieces[index].rank);
    let mut parts: Vec<Option<String>> = vec![None; pieces.len()];
    let mut used = 0;
    for index in order {
        let piece = &pieces[index];
        let gap = if used == 0 { 0 } else { GAP };
        let room = width.saturating_sub(used + gap);
        let text = piece.text.trim_end();
        let (part, columns) = if piece.width() <= room {
            let shown = piece.shown.as_ref().unwrap_or(&piece.text);
            (shown.clone(), piece.width())
        } else if used == 0 || piece.cut && (room >= SHORTEST || measure_text_width(text) <= room) {
            let part = truncate_str(text, room, "…").into_owned();
            let columns = measure_text_width(&part);
            (part, columns)
        } else {
            continue;
        };
        used += gap + columns;
        parts[index] = Some(part);
    }
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(&" ".repeat(GAP)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A comparison's second run of four at step 1234 of 10,000, after losses that fall.
    fn show(columns: usize, change: impl FnOnce(&mut Status<'_>)) -> Vec<String> {
        let mut losses = Losses::new();
        for step in 0..200 {
            losses.push(9.0 - f64::from(step) / 50.0);
        }
        let mut whole = Whole::new("runs", 1, 4, true);
        whole.reach(0.0, Duration::ZERO);
        whole.reach(0.1234, Duration::from_mins(1));
        let pace = ["10.2k tokens/s".to_owned(), "ETA 3m05s".to_owned()];
        let mut status = Status {
            title: "2/4 rational seed 1",
            unit: "step",
            position: 1234,
            length: Some(10_000),
            share: Some(0.1234),
            loss: Some(5.0),
            pace: &pace,
            note: "validation 5.123",
            losses: Some(&losses),
            whole: Some(&whole),
        };
        change(&mut status);
        let lines = lines(&status, Duration::from_mins(1), columns, Palette::plain());
        for line in &lines {
            let width = measure_text_width(line);
            assert!(
                width <= columns.saturating_sub(FREE).max(1),
                "{columns}: {line}"
            );
        }
        lines
    }

    #[test]
    fn everything_where_there_is_room() {
        insta::assert_snapshot!(show(100, |_| {}).join("\n"), @"
        runs                 ━━━━━━╸─────────────────  1/4  ETA 23m19s
        2/4 rational seed 1  ━━╸─────────────────────   1234/10000  10.2k tokens/s  ETA 3m05s
        loss 5.200  ████▇▇▇▇▇▇▇▆▆▆▆▆▆▆▅▅▅▅▅▅▄▄▄▄▄▄▄▃▃▃▃▃▃▃▂▂▂▂▂▂▂▁▁▁  validation 5.123
        ");
    }

    #[test]
    fn narrow_terminals_show_what_matters_most() {
        let all: Vec<String> = [80, 60, 40, 20, 10, 1, 0]
            .into_iter()
            .map(|columns| format!("{columns}\n{}", show(columns, |_| {}).join("\n")))
            .collect();
        insta::assert_snapshot!(all.join("\n"), @"
        80
        runs                 ━━━━━──────────────  1/4  ETA 23m19s
        2/4 rational seed 1  ━━─────────────────   1234/10000  ETA 3m05s
        loss 5.200  ████▇▇▇▇▇▇▇▆▆▆▆▆▆▅▅▅▅▅▅▄▄▄▄▄▄▄▃▃▃▃▃▃▂▂▂▂▂▂▂▁▁▁  validation 5.123
        60
        runs  ━━━╸──────────  1/4  ETA 23m19s
        2/4 rational seed 1   1234/10000  ETA 3m05s
        loss 5.200  ██▇▇▇▇▆▆▆▅▅▅▅▄▄▄▄▃▃▃▂▂▂▂▁▁  validation 5.123
        40
        runs  ━━╸──────  1/4  ETA 23m19s
        2/4 rational seed 1   1234/10000
        loss 5.200  █▇▅▄▂▁  validation 5.123
        20
        runs  1/4
         1234/10000
        loss 5.200  █▆▃▁
        10
        1/4
         1234…
        loss …
        1
        …
        …
        …
        0
        …
        …
        …
        ");
    }

    #[test]
    fn without_a_total_the_step_and_no_gauge() {
        let lines = show(80, |status| {
            (status.length, status.share, status.whole) = (None, None, None);
            status.pace = &[];
        });
        insta::assert_snapshot!(lines.join("\n"), @"
        2/4 rational seed 1  step 1234
        loss 5.200  ████▇▇▇▇▇▇▇▆▆▆▆▆▆▅▅▅▅▅▅▄▄▄▄▄▄▄▃▃▃▃▃▃▂▂▂▂▂▂▂▁▁▁  validation 5.123
        ");
    }

    #[test]
    fn a_loss_that_is_not_finite_is_shown_as_it_is() {
        let mut losses = Losses::new();
        for loss in [4.0, 3.0, f64::INFINITY] {
            losses.push(loss);
        }
        let mut status = Status::new("pretrain", "step", 3);
        (status.losses, status.share) = (Some(&losses), Some(f64::NAN));
        let lines = lines(&status, Duration::ZERO, 80, Palette::plain());
        insta::assert_snapshot!(lines.join("\n"), @"
        pretrain  ───────────────────  step 3
        loss inf  █▁×
        ");
    }

    #[test]
    fn preparing_shows_percent_and_control_characters_show_as_such() {
        let mut status = Status::new("preparing: a\nb\u{1b}[2J", "%", 7);
        (status.length, status.share) = (Some(100), Some(0.07));
        let lines = lines(&status, Duration::ZERO, 80, Palette::plain());
        insta::assert_snapshot!(lines.join("\n"), @"
        preparing: a�b�[2J  ━──────────────────    7 %
        ");
    }

    #[test]
    fn colours_take_no_columns() {
        let status = |palette| {
            let mut status = Status::new("pretrain", "step", 5);
            (status.length, status.share) = (Some(10), Some(0.5));
            lines(&status, Duration::ZERO, 60, palette).join("\n")
        };
        let (plain, coloured) = (status(Palette::plain()), status(Palette::coloured()));
        assert!(coloured.contains("\u{1b}[32m━"), "{coloured:?}");
        assert_eq!(console::strip_ansi_codes(&coloured), plain);
    }
}
