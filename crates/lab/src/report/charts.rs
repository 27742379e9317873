//! The charts of a comparison.

use super::class;
use super::tables::pair_label;
use crate::compare::FinishedCell;
use crate::number::signed;
use crate::plot::Point;
use crate::plot::curve::{difference, mean, smooth, thin};
use crate::plot::interval::{Dot, IntervalChart, Row};
use crate::plot::line::{LineChart, Reference, Series, Stroke};
use crate::plot::reading::Reading;
use crate::plot::scale::extent;
use crate::results::Results;

/// Points of all training curves together; the page stays below a megabyte or so however many cells there are.
const TRAINING_POINTS: usize = 9000;
/// A validation loss that is lower than that of word frequencies by so many nats has more to show than the fall to them.
const LEARNED: f64 = 0.1;

/// The difference over the steps, with a word about what is shown.
pub(super) struct DifferenceChart {
    pub(super) svg: String,
    pub(super) note: String,
}

pub(super) fn intervals(results: &Results) -> String {
    let rows: Vec<Row> = results
        .pairs
        .iter()
        .enumerate()
        .map(|(index, pair)| Row {
            class: class(index + 1),
            label: pair_label(&pair.arm, &pair.baseline),
            values: pair
                .delta_loss
                .by_seed
                .iter()
                .map(|entry| Dot {
                    value: entry.delta,
                    title: format!("seed {}: {}", entry.seed, signed(entry.delta, 4)),
                })
                .collect(),
            mean: pair.delta_loss.mean,
            interval: pair.delta_loss.low.zip(pair.delta_loss.high),
        })
        .collect();
    let baseline = results
        .arms
        .first()
        .map(|arm| arm.name.as_str())
        .unwrap_or_default();
    IntervalChart {
        id: "differences".to_owned(),
        title: "Difference of validation losses".to_owned(),
        description: results.sentence.clone(),
        left_label: "lower loss than ".to_owned() + baseline,
        right_label: "higher".to_owned(),
        rows,
    }
    .render()
}

pub(super) fn losses(results: &Results, cells: &[FinishedCell]) -> String {
    let most = (TRAINING_POINTS / cells.len().max(1)).clamp(40, 400);
    let training = cells.iter().map(|cell| Series {
        class: class(cell.arm),
        stroke: Stroke::Faint,
        points: thin(
            &smooth(&cell.training, (cell.training.len() / 40).max(1)),
            most,
        ),
        name: String::new(),
    });
    let validation = cells.iter().map(|cell| Series {
        class: class(cell.arm),
        stroke: if cell.validation.len() <= 40 {
            Stroke::Dotted
        } else {
            Stroke::Thin
        },
        points: thin(&cell.validation, most),
        name: results.arms[cell.arm].name.clone(),
    });
    let series: Vec<Series> = training.chain(validation).collect();
    let all = extent(
        series
            .iter()
            .flat_map(|series| series.points.iter().map(|point| point.1)),
    );
    let best = extent(
        cells
            .iter()
            .flat_map(|cell| cell.validation.iter().map(|point| point.1)),
    );
    // The fall to word frequencies takes a few steps and is the same for every model: it need not fill the picture, unless nothing
    // came below them.
    let y_domain =
        all.zip(best)
            .zip(results.unigram_loss)
            .and_then(|(((low, high), (best, _)), unigram)| {
                let margin = 0.05 * (unigram - low);
                (best < unigram - LEARNED && high > unigram + 2.0 * margin)
                    .then_some((low - margin, unigram + 2.0 * margin))
            });
    LineChart {
        id: "loss".to_owned(),
        title: "Loss by step".to_owned(),
        description: format!(
            "Training and validation loss of every run. {}",
            results.sentence
        ),
        x_label: "step".to_owned(),
        y_label: "loss, nats per masked token".to_owned(),
        height: 430.0,
        y_domain,
        zero: false,
        references: results
            .unigram_loss
            .map(|value| Reference {
                value,
                label: "word frequencies alone".to_owned(),
            })
            .into_iter()
            .collect(),
        series,
        reading: Some(by_step()),
    }
    .render()
}

/// Losses are read to the digits of the tables.
fn by_step() -> Reading {
    Reading {
        label: "step".to_owned(),
        x_decimals: 0,
        y_decimals: 4,
        is_from_end: true,
    }
}

/// Validation loss of each arm minus the baseline's at the same seed and step; `None` without a pair that has any.
pub(super) fn differences(results: &Results, cells: &[FinishedCell]) -> Option<DifferenceChart> {
    let (mut faint, mut strong) = (Vec::new(), Vec::new());
    for arm in 1..results.arms.len() {
        let by_seed: Vec<Vec<Point>> = cells
            .iter()
            .filter(|cell| cell.arm == arm)
            .filter_map(|cell| {
                let baseline = cells
                    .iter()
                    .find(|other| other.arm == 0 && other.seed == cell.seed)?;
                Some(difference(&cell.validation, &baseline.validation))
            })
            .filter(|points| points.len() > 1)
            .collect();
        strong.push(Series {
            class: class(arm),
            stroke: Stroke::Strong,
            points: mean(&by_seed),
            name: pair_label(&results.arms[arm].name, &results.arms[0].name),
        });
        faint.extend(by_seed.into_iter().map(|points| Series {
            class: class(arm),
            stroke: Stroke::Faint,
            points: thin(&points, 200),
            name: String::new(),
        }));
    }
    if faint.is_empty() {
        return None;
    }
    let baseline = results.arms[0].name.as_str();
    let last = faint
        .iter()
        .flat_map(|series| series.points.iter().map(|point| point.0))
        .fold(0.0, f64::max);
    // Where the loss falls steeply a small lead in steps is a large difference in loss; what counts comes later.
    let late = faint
        .iter()
        .flat_map(|series| &series.points)
        .filter(|point| point.0 >= 0.4 * last)
        .map(|point| point.1);
    let (low, high) = extent(late.chain([0.0]))?;
    let margin = 0.35 * (high - low).max(1e-6);
    let y_domain = (low - margin, high + margin);
    let cut = faint
        .iter()
        .flat_map(|series| &series.points)
        .any(|point| !(y_domain.0..=y_domain.1).contains(&point.1));
    let several = faint.len() > strong.len();
    if !several {
        // The mean of one seed is that seed.
        faint.clear();
    }
    let svg = LineChart {
        id: "difference".to_owned(),
        title: "Difference of validation losses by step".to_owned(),
        description: format!("Validation loss minus that of {baseline} at the same seed and step."),
        x_label: "step".to_owned(),
        y_label: format!("validation loss minus that of {baseline}, nats"),
        height: 280.0,
        y_domain: Some(y_domain),
        zero: true,
        references: Vec::new(),
        series: faint.into_iter().chain(strong).collect(),
        reading: Some(by_step()),
    }
    .render();
    let lines = if several {
        "One thin line per seed, the strong line is their mean. "
    } else {
        ""
    };
    let frame = if cut {
        " Early differences that run out of the frame are cut: while the loss falls steeply, a lead of a few steps is a large difference."
    } else {
        ""
    };
    Some(DifferenceChart {
        svg,
        note: format!("{lines}Below zero the arm has the lower loss.{frame}"),
    })
}
