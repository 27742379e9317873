//! The table of seeds, and what it comes to in a sentence.

use std::collections::BTreeMap;

use pliant_train::finetune::{FinetuneResult, Metrics, Spread};

use crate::number::{count, decimal};

/// The table, every cell as text.
pub(super) struct SeedTable {
    pub(super) headings: Vec<String>,
    pub(super) rows: Vec<SeedRow>,
}

/// A seed, the mean or the deviation.
pub(super) struct SeedRow {
    pub(super) name: String,
    pub(super) cells: Vec<String>,
}

/// The best epoch's metrics on both parts, the loss of training, and what it took.
pub(super) fn table(result: &FinetuneResult) -> SeedTable {
    let validation = names(&result.validation, &result.primary);
    let test = result
        .test
        .as_ref()
        .map(|test| names(test, &result.primary))
        .unwrap_or_default();
    let mut headings = vec!["Seed".to_owned(), "Best epoch".to_owned()];
    headings.extend(validation.iter().map(|name| format!("Validation {name}")));
    headings.extend(test.iter().map(|name| format!("Test {name}")));
    headings.extend(["Training loss", "Steps", "Seconds"].map(str::to_owned));
    let mut rows: Vec<SeedRow> = result
        .seeds
        .iter()
        .map(|seed| {
            let mut cells = vec![format!(
                "{} of {}{}",
                seed.best_epoch,
                seed.epochs,
                if seed.stopped_early {
                    ", stopped early"
                } else {
                    ""
                }
            )];
            cells.extend(validation.iter().map(|name| metric(&seed.validation, name)));
            cells.extend(test.iter().map(|name| {
                seed.test
                    .as_ref()
                    .map_or_else(dash, |metrics| metric(metrics, name))
            }));
            cells.extend([
                decimal(seed.training_loss, 4),
                count(seed.steps as usize),
                decimal(seed.elapsed_seconds, 1),
            ]);
            SeedRow {
                name: seed.seed.to_string(),
                cells,
            }
        })
        .collect();
    if result.seeds.len() > 1 {
        let row = |name: &str, of: fn(&Spread) -> Option<f64>| {
            let cell = |spreads: &BTreeMap<String, Spread>, name: &&str| {
                spreads
                    .get(*name)
                    .and_then(of)
                    .map_or_else(dash, |value| shown(value, name, is_percentage(spreads)))
            };
            let mut cells = vec![String::new()];
            cells.extend(validation.iter().map(|name| cell(&result.validation, name)));
            if let Some(tested) = &result.test {
                cells.extend(test.iter().map(|name| cell(tested, name)));
            }
            cells.extend([String::new(), String::new(), String::new()]);
            SeedRow {
                name: name.to_owned(),
                cells,
            }
        };
        rows.push(row("mean", |spread| Some(spread.mean)));
        rows.push(row("sd", |spread| spread.sd));
    }
    SeedTable { headings, rows }
}

pub(super) fn note(result: &FinetuneResult) -> String {
    let tested = if result.test.is_some() {
        ""
    } else {
        " Nothing was tested: there is no labelled test part under this protocol."
    };
    format!(
        "Metrics are those of the epoch with the best validation {}; sd is the standard deviation of the sample.{tested}",
        result.primary
    )
}

/// What was reached, on the test part where there is one, and with how many numbers.
pub(super) fn sentence(result: &FinetuneResult) -> String {
    let (part, spreads) = match &result.test {
        Some(test) if test.contains_key(&result.primary) => ("test", test),
        _ => ("validation", &result.validation),
    };
    let is_percentage = is_percentage(spreads);
    let show = |value: f64| shown(value, &result.primary, is_percentage);
    let reached = match (spreads.get(&result.primary), result.seeds.len()) {
        (Some(Spread { mean, sd: Some(sd) }), seeds) => format!(
            "{part} {} {} ± {} (mean ± standard deviation over {seeds} seeds)",
            result.primary,
            show(*mean),
            show(*sd)
        ),
        (Some(Spread { mean, sd: None }), _) => format!(
            "{part} {} {} with one seed, which says nothing about chance",
            result.primary,
            show(*mean)
        ),
        (None, _) => format!("no {part} {}", result.primary),
    };
    let trained = count(result.trainable_parameters);
    let total = result
        .seeds
        .first()
        .and_then(|seed| seed.parameters.get("total"));
    let trained = match total {
        Some(total) if *total == result.trainable_parameters => {
            format!("all {trained} numbers were trained")
        }
        Some(total) => format!("{trained} of {} numbers were trained", count(*total)),
        None => format!("{trained} numbers were trained"),
    };
    format!(
        "{}, mode {}: {reached}; {trained}.",
        result.task, result.mode
    )
}

/// The metric that decides, then the others, then the loss.
fn names<'a>(spreads: &'a BTreeMap<String, Spread>, primary: &str) -> Vec<&'a str> {
    let mut names: Vec<&str> = spreads.keys().map(String::as_str).collect();
    names.sort_by_key(|name| (*name == "loss", *name != primary));
    names
}

fn metric(metrics: &Metrics, name: &str) -> String {
    metrics
        .get(name)
        .map_or_else(dash, |value| shown(*value, name, is_percentage(metrics)))
}

/// Question answering counts in percent, as its own scorer does; the other tasks in shares.
fn is_percentage<T>(metrics: &BTreeMap<String, T>) -> bool {
    metrics.contains_key("exact_match")
}

fn shown(value: f64, name: &str, is_percentage: bool) -> String {
    decimal(
        value,
        if is_percentage && name != "loss" {
            2
        } else {
            4
        },
    )
}

fn dash() -> String {
    "–".to_owned()
}
