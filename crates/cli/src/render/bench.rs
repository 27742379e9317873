//! What a measurement says on the terminal.

use std::collections::BTreeSet;

use pliant_train::bench::{DataBenchReport, Milliseconds, ModelBenchReport, Processor};

use super::{
    number::{grouped, short},
    palette::Palette,
    summary::lines,
    table::Table,
};

/// A training step or an inference pass: the figures, then where the time went.
pub(crate) fn model(report: &ModelBenchReport, palette: Palette) -> String {
    let name = match report.pass {
        "infer" => "inference",
        _ => "training step",
    };
    let work = format!(
        "{} sequences of {} tokens, {} masked",
        grouped(report.batch as u64),
        report.sequence,
        grouped(report.masked_tokens as u64)
    );
    let figures = lines(
        palette,
        &[
            (
                "measured",
                format!("{name}, {} {}", report.preset, report.activation),
            ),
            ("precision", report.precision.to_owned()),
            ("parameters", grouped(report.parameters as u64)),
            ("batch", work),
            ("time", milliseconds(report.ms_per_step, report.steps)),
            (
                "speed",
                format!("{} tokens/s", short(report.tokens_per_second)),
            ),
            (
                "rate",
                format!(
                    "{:.0} GFLOP/s of matrix products, {:.1} GFLOP each",
                    1e-9 * report.flops_per_second,
                    1e-9 * report.flops_per_step
                ),
            ),
            ("peak memory", memory(report.peak_rss_mib)),
            ("processor", processor(&report.processor, report.threads)),
        ],
    );
    format!("{figures}\n{}", shares(report).render(palette))
}

/// The share of each operation, the largest first.
fn shares(report: &ModelBenchReport) -> Table {
    let share = &report.share_of_time;
    let percent = |fraction: f64| format!("{:.1}", 100.0 * fraction);
    let names: BTreeSet<&String> = share.forward.keys().chain(share.backward.keys()).collect();
    let mut rows: Vec<(f64, [String; 4])> = names
        .into_iter()
        .map(|name| {
            let (forward, backward) = (share.forward.get(name), share.backward.get(name));
            let sum = forward.unwrap_or(&0.0) + backward.unwrap_or(&0.0);
            let cell = |fraction: Option<&f64>| fraction.copied().map(percent).unwrap_or_default();
            let cells = [name.clone(), cell(forward), cell(backward), percent(sum)];
            (sum, cells)
        })
        .collect();
    for (name, fraction) in [
        ("gradient norm", share.gradient_norm),
        ("optimizer", share.optimizer),
        ("rest", share.rest),
    ] {
        let cells = [
            name.to_owned(),
            String::new(),
            String::new(),
            percent(fraction),
        ];
        rows.push((fraction, cells));
    }
    // Inference has neither norm nor optimizer.
    rows.retain(|(fraction, _)| *fraction > 0.0);
    rows.sort_by(|left, right| right.0.total_cmp(&left.0));
    let mut table = Table::new(&["% of the time", "forward", "backward", "sum"]);
    for (_, cells) in rows {
        table.row(cells);
    }
    table
}

/// A preparation of text.
pub(crate) fn data(report: &DataBenchReport, palette: Palette) -> String {
    let text = format!(
        "{:.1} MB, {} tokens, {} sequences of {}",
        1e-6 * report.text_bytes as f64,
        grouped(report.tokens),
        grouped(report.sequences),
        report.sequence
    );
    let speed = format!(
        "{:.1} MB/s, {} tokens/s",
        report.megabytes_per_second,
        short(report.tokens_per_second)
    );
    lines(
        palette,
        &[
            ("measured", "preparation of text".to_owned()),
            ("text", text),
            ("vocabulary", grouped(report.vocabulary as u64)),
            ("time", milliseconds(report.ms, report.repeats)),
            ("speed", speed),
            ("peak memory", memory(report.peak_rss_mib)),
            ("processor", processor(&report.processor, report.threads)),
        ],
    )
}

fn milliseconds(times: Milliseconds, count: usize) -> String {
    format!(
        "{:.1} ms, median of {count} ({:.1} to {:.1})",
        times.median, times.min, times.max
    )
}

fn memory(mebibytes: Option<f64>) -> String {
    mebibytes.map_or_else(
        || "unknown".to_owned(),
        |mebibytes| format!("{mebibytes:.0} MiB"),
    )
}

fn processor(processor: &Processor, threads: usize) -> String {
    let name = processor.model.as_deref().unwrap_or("unknown");
    let plural = if threads == 1 { "" } else { "s" };
    format!(
        "{name}, {threads} thread{plural}, kernels: {}",
        processor.level
    )
}
