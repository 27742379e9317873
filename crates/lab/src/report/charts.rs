//! The pictures of the report.

use super::class;
use super::tables::pair_label;
use crate::compare::FinishedCell;
use crate::plot::Point;
use crate::plot::curve::{difference, mean, smooth, thin};
use crate::plot::interval::{IntervalChart, Row};
use crate::plot::line::{LineChart, Reference, Series, Stroke};
use crate::plot::scale::extent;
use crate::plot::site::SitePanel;
use crate::results::Results;
use crate::shapes::{self, ShapesError, curves};

/// Points of all training curves together; the page stays below a megabyte or so however many cells there are.
const TRAINING_POINTS: usize = 9000;
/// Points of all activation curves together.
const SHAPE_POINTS: usize = 30_000;

/// One arm's activation sites.
pub(super) struct ShapeGroup {
    pub(super) class: String,
    pub(super) name: String,
    pub(super) panels: Vec<String>,
}

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
                .map(|entry| entry.delta)
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
    });
    let validation = cells.iter().map(|cell| Series {
        class: class(cell.arm),
        stroke: if cell.validation.len() <= 40 {
            Stroke::Dotted
        } else {
            Stroke::Thin
        },
        points: thin(&cell.validation, most),
    });
    let series: Vec<Series> = training.chain(validation).collect();
    let all = extent(
        series
            .iter()
            .flat_map(|series| series.points.iter().map(|point| point.1)),
    );
    // The fall to word frequencies takes a few steps and is the same for every model: it need not fill the picture.
    let y_domain = all
        .zip(results.unigram_loss)
        .and_then(|((low, high), unigram)| {
            let margin = 0.05 * (unigram - low);
            (low < unigram && high > unigram + 2.0 * margin)
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
    }
    .render()
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
        });
        faint.extend(by_seed.into_iter().map(|points| Series {
            class: class(arm),
            stroke: Stroke::Faint,
            points: thin(&points, 200),
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

/// A panel for each site of each arm, all with the same axes.
pub(super) fn shapes(
    results: &Results,
    cells: &[FinishedCell],
) -> Result<Vec<ShapeGroup>, ShapesError> {
    let histograms = || {
        cells
            .iter()
            .flat_map(|cell| cell.shapes.sites.iter().map(|site| &site.inputs))
    };
    let reach = curves::reach(histograms());
    let curve_count = histograms().count().max(1);
    let grid = curves::grid(-reach, reach, (SHAPE_POINTS / curve_count).clamp(41, 121));
    let mut groups = Vec::new();
    let mut range = (0.0_f64, 0.0_f64);
    let mut panels: Vec<(usize, SitePanel)> = Vec::new();
    for (index, arm) in results.arms.iter().enumerate() {
        let of_arm: Vec<&FinishedCell> = cells.iter().filter(|cell| cell.arm == index).collect();
        let Some(first) = of_arm.first() else {
            continue;
        };
        groups.push((index, arm.name.clone()));
        for (place, site) in first.shapes.sites.iter().enumerate() {
            let sites: Vec<_> = of_arm
                .iter()
                .filter_map(|cell| Some((*cell, cell.shapes.sites.get(place)?)))
                .filter(|(_, other)| other.site == site.site)
                .collect();
            // A fixed function is the same in every seed.
            let drawn = if site.learned.is_empty() {
                &sites[..1]
            } else {
                &sites[..]
            };
            let by_seed = drawn
                .iter()
                .map(|(cell, site)| curves::of_site(site, &grid, &cell.folder.join(curves::INPUTS)))
                .collect::<Result<Vec<_>, _>>()?;
            let (low, high) = shapes::value_range(by_seed.iter().flatten(), reach);
            range = (range.0.min(low), range.1.max(high));
            let start = by_seed
                .first()
                .and_then(|groups| groups.first())
                .map(|group| curves::points(&grid, &group.start))
                .unwrap_or_default();
            let inputs: Vec<_> = sites.iter().map(|(_, site)| &site.inputs).collect();
            panels.push((
                index,
                SitePanel {
                    id: format!("site-{index}-{place}"),
                    heading: heading(site),
                    description: shapes::describe(site),
                    class: class(index),
                    x_domain: (-reach, reach),
                    y_domain: range,
                    start: if site.learned.is_empty() {
                        Vec::new()
                    } else {
                        start
                    },
                    curves: by_seed
                        .iter()
                        .flat_map(|groups| shapes::drawn(&grid, groups))
                        .collect(),
                    density: curves::mean_density(&inputs),
                    ..SitePanel::default()
                },
            ));
        }
    }
    let groups = groups
        .into_iter()
        .map(|(index, name)| ShapeGroup {
            class: class(index),
            name,
            panels: panels
                .iter()
                .filter(|(arm, _)| *arm == index)
                .map(|(_, panel)| {
                    SitePanel {
                        y_domain: range,
                        ..panel.clone()
                    }
                    .render()
                })
                .collect(),
        })
        .filter(|group| !group.panels.is_empty())
        .collect();
    Ok(groups)
}

fn heading(site: &pliant_train::SiteShape) -> String {
    site.layer
        .map_or_else(|| site.site.clone(), |layer| format!("Layer {}", layer + 1))
}
