//! What a scorer says.

use std::fmt::Write as _;

use pliant_data::metric::{PartScore, SquadScore};

use super::{number::grouped, palette::Palette, summary::lines};

/// SQuAD's exact match and F1; with questions that have no answer, for either kind.
pub(crate) fn squad(score: &SquadScore, palette: Palette) -> String {
    let percent = |value: f64| format!("{value:.2} %");
    let part = |part: &PartScore| {
        format!(
            "exact match {}, F1 {}, {} questions",
            percent(part.exact_match),
            percent(part.f1),
            grouped(part.total as u64)
        )
    };
    let mut rows = vec![
        ("exact match", percent(score.all.exact_match)),
        ("F1", percent(score.all.f1)),
        ("questions", grouped(score.all.total as u64)),
    ];
    for (name, found) in [
        ("with an answer", &score.answerable),
        ("without one", &score.unanswerable),
    ] {
        rows.extend(found.as_ref().map(|found| (name, part(found))));
    }
    if let Some(best) = score.best {
        rows.push((
            "best threshold",
            format!(
                "exact match {} at {}, F1 {} at {}",
                percent(best.exact_match),
                best.exact_match_threshold,
                percent(best.f1),
                best.f1_threshold
            ),
        ));
    }
    let mut text = lines(palette, &rows);
    let mut warn = |count: usize, what: &str| {
        if count > 0 {
            let count = grouped(count as u64);
            let _ = writeln!(text, "{} {what}: {count}", palette.warning("warning:"));
        }
    };
    warn(
        score.missing,
        "questions without a prediction, which count as wrong",
    );
    warn(
        score.unknown,
        "predictions for questions that the file does not have",
    );
    text
}
