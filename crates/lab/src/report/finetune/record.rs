//! How the seeds went, from their `metrics.jsonl`.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use crate::plot::Point;
use crate::plot::curve::{mean, smooth, thin};
use crate::plot::line::{LineChart, Series, Stroke};
use crate::plot::reading::Reading;
use crate::record;
use crate::report::{ReportError, class};

/// Points of all training curves together.
const TRAINING_POINTS: usize = 9000;

/// One seed by epoch.
pub(super) struct SeedRecord {
    seed: u64,
    /// The metric that chooses the best epoch.
    primary: Vec<Point>,
    validation_loss: Vec<Point>,
    training_loss: Vec<Point>,
    steps_per_epoch: usize,
}

/// What matters here of an event.
#[derive(Debug, Deserialize)]
struct Line {
    event: String,
    step: Option<u64>,
    epoch: Option<u64>,
    steps_per_epoch: Option<u64>,
    primary: Option<String>,
    #[serde(default)]
    metrics: BTreeMap<String, f64>,
    loss: Option<f64>,
}

/// Reads the record in `folder`. Lines that cannot be read become a warning: the numbers stand in `result.json`.
pub(super) fn read(
    seed: u64,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<SeedRecord, ReportError> {
    let path = folder.join("metrics.jsonl");
    let record = match record::read::<Line>(&path) {
        Ok(record) => record,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            warnings.push(format!(
                "Seed {seed} has no metrics.jsonl: its curves are missing."
            ));
            record::Record {
                lines: Vec::new(),
                broken: Vec::new(),
            }
        }
        Err(error) => return Err(ReportError::io("read", &path)(error)),
    };
    if !record.broken.is_empty() {
        let numbers: Vec<String> = record
            .broken
            .iter()
            .map(|line| line.number.to_string())
            .collect();
        warnings.push(format!(
            "Lines of metrics.jsonl of seed {seed} that are no events: {}. The curves lack what stood there.",
            numbers.join(", ")
        ));
    }
    let per_epoch = record.lines.iter().find_map(|line| line.steps_per_epoch);
    let (mut primary, mut validation, mut training) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for line in &record.lines {
        match (line.event.as_str(), line.epoch, line.step, line.loss) {
            ("task_validation", Some(epoch), ..) => {
                let name = line.primary.as_deref().unwrap_or_default();
                if let Some(&value) = line.metrics.get(name) {
                    primary.insert(epoch, value);
                }
                if let Some(&loss) = line.metrics.get("loss") {
                    validation.insert(epoch, loss);
                }
            }
            ("step", _, Some(step), Some(loss)) => drop(training.insert(step, loss)),
            _ => {}
        }
    }
    let by = |values: BTreeMap<u64, f64>, unit: f64| -> Vec<Point> {
        let values = values.into_iter();
        values
            .map(|(at, value)| (at as f64 / unit, value))
            .collect()
    };
    Ok(SeedRecord {
        seed,
        primary: by(primary, 1.0),
        validation_loss: by(validation, 1.0),
        // Without an epoch's length the steps have no place on the axis.
        steps_per_epoch: per_epoch.unwrap_or(0) as usize,
        training_loss: per_epoch
            .filter(|steps| *steps > 0)
            .map(|steps| by(training, steps as f64))
            .unwrap_or_default(),
    })
}

/// The metric that chooses by epoch; `None` where it was never recorded.
pub(super) fn metric_chart(records: &[SeedRecord], primary: &str) -> Option<String> {
    if records.iter().all(|record| record.primary.is_empty()) {
        return None;
    }
    let several = records.len() > 1;
    let mut series: Vec<Series> = records
        .iter()
        .map(|record| Series {
            class: class(1),
            stroke: if several {
                Stroke::Faint
            } else {
                Stroke::Dotted
            },
            points: record.primary.clone(),
            name: if several {
                "all seeds".to_owned()
            } else {
                format!("seed {}", record.seed)
            },
        })
        .collect();
    if several {
        let all: Vec<Vec<Point>> = records
            .iter()
            .map(|record| record.primary.clone())
            .collect();
        series.push(Series {
            class: class(1),
            stroke: Stroke::Strong,
            points: mean(&all),
            name: String::new(),
        });
    }
    let chart = LineChart {
        id: "metric".to_owned(),
        title: format!("Validation {primary} by epoch"),
        description: format!("Validation {primary} of every seed at the end of each epoch."),
        x_label: "epoch".to_owned(),
        y_label: format!("validation {primary}"),
        height: 300.0,
        y_domain: None,
        zero: false,
        references: Vec::new(),
        series,
        reading: Some(by_epoch()),
    };
    Some(chart.render())
}

/// Training and validation loss by epoch; `None` where neither was recorded.
pub(super) fn loss_chart(records: &[SeedRecord]) -> Option<String> {
    let most = (TRAINING_POINTS / records.len().max(1)).clamp(40, 400);
    let training = records.iter().map(|record| Series {
        class: class(0),
        stroke: Stroke::Faint,
        points: thin(&smooth(&record.training_loss, window(record)), most),
        name: String::new(),
    });
    let validation = records.iter().map(|record| Series {
        class: class(1),
        stroke: Stroke::Dotted,
        points: record.validation_loss.clone(),
        name: "validation".to_owned(),
    });
    let series: Vec<Series> = training.chain(validation).collect();
    if series.iter().all(|series| series.points.is_empty()) {
        return None;
    }
    let chart = LineChart {
        id: "loss".to_owned(),
        title: "Loss by epoch".to_owned(),
        description: "Training loss, smoothed, and validation loss of every seed.".to_owned(),
        x_label: "epoch".to_owned(),
        y_label: "loss".to_owned(),
        height: 300.0,
        y_domain: None,
        zero: false,
        references: Vec::new(),
        series,
        reading: Some(by_epoch()),
    };
    Some(chart.render())
}

/// About an epoch where there are many, so that every row counts alike.
fn window(record: &SeedRecord) -> usize {
    let steps = record.training_loss.len();
    record
        .steps_per_epoch
        .clamp(steps / 40, (steps / 8).max(1))
        .max(1)
}

fn by_epoch() -> Reading {
    Reading {
        label: "epoch".to_owned(),
        x_decimals: 0,
        y_decimals: 4,
        is_from_end: true,
    }
}
