//! What a fine-tuning and an evaluation on a task say on the terminal.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, time::Duration};

use pliant_train::{
    TaskEvaluation,
    finetune::{FinetuneResult, Spread},
};

use super::{
    number::{duration, grouped},
    palette::Palette,
    summary::lines,
    table::Table,
};

/// A row for each seed, mean and deviation below them, and where the models lie.
pub(crate) fn finetuned(
    result: &FinetuneResult,
    out: &Path,
    report: &Path,
    small: bool,
    palette: Palette,
) -> String {
    let validation = [result.primary.as_str()];
    let test: Vec<&str> = result
        .test
        .as_ref()
        .map(|test| in_order(test, &result.primary))
        .unwrap_or_default();
    let mut headings = vec!["seed".to_owned(), "best epoch".to_owned()];
    headings.extend(validation.iter().map(|name| format!("validation {name}")));
    headings.extend(test.iter().map(|name| format!("test {name}")));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let mut table = Table::new(&headings);
    for seed in &result.seeds {
        let mut cells = vec![
            seed.seed.to_string(),
            format!("{} of {}", seed.best_epoch, seed.epochs),
        ];
        cells.extend(validation.iter().map(|name| metric(&seed.validation, name)));
        let tested = seed.test.as_ref();
        cells.extend(
            test.iter()
                .map(|name| tested.map_or_else(dash, |tested| metric(tested, name))),
        );
        table.row(cells);
    }
    if result.seeds.len() > 1 {
        for (name, is_mean) in [("mean", true), ("sd", false)] {
            let cell = |spreads: &BTreeMap<String, Spread>, metric: &str| {
                let value = spreads.get(metric).and_then(|spread| {
                    if is_mean {
                        Some(spread.mean)
                    } else {
                        spread.sd
                    }
                });
                value.map_or_else(dash, |value| number(value, is_percentage(metric, spreads)))
            };
            let mut cells = vec![name.to_owned(), String::new()];
            cells.extend(validation.iter().map(|name| cell(&result.validation, name)));
            let tested = result.test.as_ref();
            cells.extend(
                test.iter()
                    .map(|name| tested.map_or_else(dash, |tested| cell(tested, name))),
            );
            table.row(cells);
        }
    }
    let mut text = table.render(palette);
    let total = result
        .seeds
        .first()
        .and_then(|seed| seed.parameters.get("total"));
    let _ = writeln!(
        text,
        "\ntask {}, mode {}: {} numbers trained{}",
        result.task,
        result.mode,
        grouped(result.trainable_parameters as u64),
        total.map_or_else(String::new, |total| format!(
            " of {}",
            grouped(*total as u64)
        )),
    );
    if result.test.is_none() {
        let _ = writeln!(
            text,
            "nothing tested: there is no labelled test part under this protocol"
        );
    }
    let kind = if small { "adapter" } else { "model" };
    let (plural, seed) = match result.seeds.as_slice() {
        [one] => ("", one.seed.to_string()),
        _ => ("s", "N".to_owned()),
    };
    let folder = out.join(format!("seed-{seed}")).join(kind);
    let _ = writeln!(text, "{kind}{plural}: {}", folder.display());
    let _ = writeln!(text, "results: {}", out.join("results.json").display());
    let _ = writeln!(text, "report: {}", report.display());
    text
}

/// The result of an evaluation on labelled rows.
pub(crate) fn evaluation(evaluation: &TaskEvaluation, palette: Palette) -> String {
    let metrics = &evaluation.metrics;
    let mut rows = vec![
        ("task", evaluation.task.clone()),
        ("rows", grouped(evaluation.rows as u64)),
    ];
    let loss = metrics.get_key_value("loss").map(|(name, _)| name.as_str());
    rows.extend(
        in_order(metrics, &evaluation.primary)
            .into_iter()
            .chain(loss)
            .map(|name| (name, metric(metrics, name))),
    );
    let time = Duration::try_from_secs_f64(evaluation.seconds).unwrap_or_default();
    rows.push(("precision", evaluation.precision.clone()));
    rows.push(("time", duration(time)));
    lines(palette, &rows)
}

/// Names of metrics: the one that decides, then the others; the loss is none of them.
fn in_order<'a, T>(metrics: &'a BTreeMap<String, T>, primary: &str) -> Vec<&'a str> {
    let mut names: Vec<&str> = metrics.keys().map(String::as_str).collect();
    names.retain(|name| *name != "loss");
    names.sort_by_key(|name| *name != primary);
    names
}

/// A metric as it is shown.
pub(crate) fn metric(metrics: &BTreeMap<String, f64>, name: &str) -> String {
    metrics
        .get(name)
        .map_or_else(dash, |value| number(*value, is_percentage(name, metrics)))
}

/// Question answering counts in percent, as its own scorer does; the other tasks in shares.
fn is_percentage<T>(name: &str, metrics: &BTreeMap<String, T>) -> bool {
    name != "loss" && metrics.contains_key("exact_match")
}

fn number(value: f64, percentage: bool) -> String {
    if percentage {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    }
}

fn dash() -> String {
    "–".to_owned()
}
