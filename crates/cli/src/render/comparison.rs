//! What a comparison says on the terminal.

use std::{fmt::Write as _, path::Path};

use pliant_lab::{
    compare::{ArmResult, PairResult, Results},
    statistics::Spread,
};

use super::{
    number::{bytes, grouped, short},
    palette::Palette,
    table::Table,
};

/// What will be done, in two lines.
pub(crate) fn plan(arms: &[String], seeds: &[u64], finished: usize, out: &str) -> [String; 2] {
    let runs = arms.len() * seeds.len();
    let done = if finished > 0 {
        format!(" ({finished} finished earlier)")
    } else {
        String::new()
    };
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    let s = |number: usize| if number == 1 { "" } else { "s" };
    [
        format!(
            "Training {} with seed{} {}: {runs} run{} one after the other, equal but for the arm{done}.",
            arms.join(" and "),
            s(seeds.len()),
            seeds.join(", "),
            s(runs),
        ),
        format!(
            "Runs and report go to {out}/; after Ctrl-C the same command goes on where it stopped."
        ),
    ]
}

/// The table, the differences, the sentence, and where the report lies.
pub(crate) fn text(results: &Results, out: &Path, palette: Palette) -> String {
    let mut table = Table::new(&[
        "arm",
        "perplexity",
        "loss",
        "accuracy",
        "tokens/s",
        "memory",
        "parameters",
        "of activations",
    ]);
    for arm in &results.arms {
        table.row(row(arm));
    }
    let mut text = format!("\n{}", table.render(palette));
    if !results.pairs.is_empty() {
        text.push('\n');
    }
    for pair in &results.pairs {
        let _ = writeln!(text, "{}", difference(pair));
    }
    let _ = writeln!(text, "\n{}", results.sentence);
    for warning in &results.warnings {
        let _ = writeln!(text, "{} {warning}", palette.warning("warning:"));
    }
    let _ = writeln!(text, "\nreport: {}", out.join("report.html").display());
    text
}

fn row(arm: &ArmResult) -> [String; 8] {
    let accuracy: f64 = arm.seeds.iter().map(|seed| seed.masked_accuracy).sum();
    let accuracy = match arm.seeds.len() {
        0 => "–".to_owned(),
        count => format!("{:.1} %", 100.0 * accuracy / count as f64),
    };
    [
        arm.name.clone(),
        spread(&arm.perplexity, 2),
        spread(&arm.validation_loss, 4),
        accuracy,
        arm.tokens_per_second
            .mean
            .map_or_else(|| "–".to_owned(), short),
        arm.peak_memory_bytes.map_or_else(|| "–".to_owned(), bytes),
        grouped(arm.parameters.total as u64),
        grouped(arm.parameters.activation as u64),
    ]
}

fn spread(spread: &Spread, decimals: usize) -> String {
    match (spread.mean, spread.sd) {
        (Some(mean), Some(sd)) => format!("{mean:.decimals$} ± {sd:.decimals$}"),
        (Some(mean), None) => format!("{mean:.decimals$}"),
        _ => "–".to_owned(),
    }
}

/// One line: `loss of rational − gelu: −0.0123, 95 % interval −0.0200 to −0.0046, p = 0.021`.
fn difference(pair: &PairResult) -> String {
    let delta = &pair.delta_loss;
    let signed = |number: f64| format!("{number:+.4}").replace('-', "−");
    let mut parts = vec![format!(
        "loss, {} minus {}: {}",
        pair.arm,
        pair.baseline,
        delta.mean.map_or_else(|| "–".to_owned(), signed)
    )];
    if let (Some(low), Some(high)) = (delta.low, delta.high) {
        parts.push(format!("95 % interval {} to {}", signed(low), signed(high)));
    }
    parts.extend(delta.p.map(|p| format!("paired t-test p = {p:.3}")));
    parts.extend(
        delta
            .sign_flip_p
            .map(|p| format!("sign-flip test p = {p:.3}")),
    );
    parts.join(", ")
}
