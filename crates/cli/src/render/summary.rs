//! What a run, an evaluation and a dry run say on the terminal.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, time::Duration};

use pliant_train::{RunSummary, dry_run::DryRunReport, evaluate::EvaluationReport};

use super::{
    number::{bytes, duration, grouped, short},
    palette::Palette,
};

/// The result of a run, and where its model lies.
pub(crate) fn text(summary: &RunSummary, out: &Path, palette: Palette) -> String {
    let early = if summary.stopped_early {
        ", stopped early"
    } else {
        ""
    };
    let best = format!(
        "{:.4} at step {}",
        summary.best_validation_loss,
        grouped(summary.best_step)
    );
    let speed = format!(
        "{} tokens/s, {:.1} ms per step",
        short(summary.tokens_per_second),
        summary.step_milliseconds
    );
    lines(
        palette,
        &[
            ("activation", pliant_lab::brief(&summary.activation)),
            ("steps", format!("{}{early}", grouped(summary.steps))),
            (
                "validation loss",
                loss(summary.validation_loss, summary.unigram_loss),
            ),
            ("perplexity", format!("{:.2}", summary.perplexity)),
            ("masked accuracy", percent(summary.masked_accuracy)),
            ("best", best),
            ("parameters", roles(&summary.parameters)),
            ("precision", summary.precision.clone()),
            ("speed", speed),
            ("time", seconds(summary.elapsed_seconds)),
            ("peak memory", memory(summary.peak_memory_bytes)),
            ("model", out.join("model").display().to_string()),
        ],
    )
}

/// The result of an evaluation.
pub(crate) fn evaluation(report: &EvaluationReport, palette: Palette) -> String {
    let tokens = format!(
        "{} masked, in {} sequences",
        grouped(report.tokens),
        grouped(report.sequences)
    );
    lines(
        palette,
        &[
            ("loss", loss(report.loss, report.unigram_loss)),
            ("perplexity", format!("{:.2}", report.perplexity)),
            ("masked accuracy", percent(report.masked_accuracy)),
            ("tokens", tokens),
            ("precision", report.precision.clone()),
            ("time", seconds(report.seconds)),
        ],
    )
}

/// What a run would take.
pub(crate) fn estimates(report: &DryRunReport, palette: Palette) -> String {
    let epochs = report
        .epochs
        .map(|epochs| format!(", {epochs:.2} passes over them"))
        .unwrap_or_default();
    let groups: Vec<String> = report
        .groups
        .iter()
        .map(|group| {
            format!(
                "{} {} at {}",
                group.name,
                grouped(group.elements as u64),
                group.learning_rate
            )
        })
        .collect();
    let step = format!(
        "{} tokens, {:.1} ms, {} tokens/s",
        grouped(report.tokens_per_step),
        report.step_milliseconds,
        short(report.tokens_per_second)
    );
    let time = format!(
        "{} training, {} validation",
        seconds(report.training_seconds),
        seconds(report.validation_seconds)
    );
    let disk = format!(
        "{} for checkpoints, {} each",
        bytes(report.checkpoints_bytes),
        bytes(report.checkpoint_bytes)
    );
    lines(
        palette,
        &[
            ("parameters", roles(&report.parameters)),
            ("learning rates", groups.join(", ")),
            (
                "text",
                format!("{} sequences{epochs}", grouped(report.training_sequences)),
            ),
            ("first loss", loss(report.loss, report.unigram_loss)),
            ("precision", report.precision.clone()),
            ("steps", grouped(report.steps)),
            ("step", step),
            ("time", time),
            ("peak memory", memory(report.peak_memory_bytes)),
            ("disk", disk),
        ],
    )
}

/// Names and values under each other.
pub(crate) fn lines(palette: Palette, lines: &[(&str, String)]) -> String {
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, value) in lines {
        let _ = writeln!(
            text,
            "{}  {value}",
            palette.heading(&format!("{name:<width$}"))
        );
    }
    text
}

fn loss(loss: f64, unigram: f64) -> String {
    format!("{loss:.4} (word frequencies alone: {unigram:.4})")
}

fn percent(fraction: f64) -> String {
    format!("{:.1} %", 100.0 * fraction)
}

fn seconds(seconds: f64) -> String {
    Duration::try_from_secs_f64(seconds).map_or_else(|_| "unknown".to_owned(), duration)
}

/// A size, where the system tells it.
pub(crate) fn memory(size: Option<u64>) -> String {
    size.map_or_else(|| "unknown".to_owned(), bytes)
}

/// Numbers of parameters: the total, then by role.
pub(crate) fn roles(parameters: &BTreeMap<String, usize>) -> String {
    let total = parameters.get("total").copied().unwrap_or(0) as u64;
    let roles: Vec<String> = parameters
        .iter()
        .filter(|(role, number)| *role != "total" && **number > 0)
        .map(|(role, number)| format!("{role} {}", grouped(*number as u64)))
        .collect();
    format!("{} ({})", grouped(total), roles.join(", "))
}
