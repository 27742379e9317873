//! `report.html` of a sweep: every table and every comparison, in one file that opens anywhere.

use askama::Template;

use super::{Frame, class, unbroken};
use crate::number::signed;
use crate::plot::interval::{Dot, IntervalChart, Row};
use crate::sweep::tables::{difference, interval, mean_sd, p, points};
use crate::sweep::{ArmScores, Group, PairScores, SweepError, SweepResults, examples};

/// The page, as its template reads it.
#[derive(Template)]
#[template(path = "sweep.html")]
struct Page<'a> {
    frame: Frame<'a>,
    results: &'a SweepResults,
    arms: Vec<ArmKey<'a>>,
    /// The means over tasks of all tables.
    overview: Option<String>,
    groups: Vec<GroupSection<'a>>,
    sentences: Vec<String>,
}

/// An arm with its colour.
struct ArmKey<'a> {
    class: String,
    name: &'a str,
    note: String,
}

/// One mode and size.
struct GroupSection<'a> {
    id: usize,
    title: String,
    chart: Option<String>,
    scores: Vec<ScoreRow<'a>>,
    pairs: Vec<PairRow>,
}

/// A line of the table of scores.
struct ScoreRow<'a> {
    /// The task, in the first line of each.
    task: Option<String>,
    class: String,
    arm: &'a str,
    remark: Option<&'a str>,
    seeds: usize,
    mean: String,
    median: String,
    min: String,
    max: String,
    collapsed: usize,
    constant: String,
    trainable: String,
    rates: String,
    trials: usize,
}

/// A line of the table of differences.
struct PairRow {
    class: String,
    label: String,
    seeds: usize,
    mean: String,
    interval: String,
    sign_flip_p: String,
    student_p: String,
    holm_p: String,
}

/// The page for `results`.
pub(crate) fn render(results: &SweepResults) -> Result<String, SweepError> {
    let arms = results
        .models
        .iter()
        .enumerate()
        .map(|(index, model)| ArmKey {
            class: class(index),
            name: &model.name,
            note: format!(
                "{}, weights {}",
                if model.learnable {
                    "activations learn"
                } else {
                    "activations are fixed"
                },
                model.weights.chars().take(12).collect::<String>()
            ),
        });
    let page = Page {
        frame: Frame {
            unfinished: (!results.complete).then(|| {
                format!(
                    "{} of {} cells",
                    results.cells.finished, results.cells.planned
                )
            }),
            sentences: lead(results),
            warnings: &results.warnings,
            ..Frame::new("sweep", title(results), &results.version, &results.machine)
        },
        results,
        arms: arms.collect(),
        overview: overview(results),
        groups: results
            .groups
            .iter()
            .enumerate()
            .map(|(id, group)| section(id, group))
            .collect(),
        sentences: results
            .sentences
            .iter()
            .map(|sentence| unbroken(sentence))
            .collect(),
    };
    Ok(page.render()?)
}

fn title(results: &SweepResults) -> String {
    let tasks = results.groups.first().map_or(0, |group| group.tasks.len());
    let on = match (tasks, results.groups.first()) {
        (1, Some(group)) => group.tasks[0].task.clone(),
        _ => format!("{tasks} tasks"),
    };
    let names: Vec<&str> = results
        .models
        .iter()
        .map(|model| model.name.as_str())
        .collect();
    match names.as_slice() {
        [] => on,
        [only] => format!("{only} on {on}"),
        [baseline, others @ ..] => format!("{} against {baseline} on {on}", others.join(", ")),
    }
}

/// What to read first: the comparison over all tasks of each table, or of the single task.
fn lead(results: &SweepResults) -> Vec<String> {
    let several = results.groups.iter().any(|group| group.average.is_some());
    let wanted = |sentence: &&String| !several || sentence.starts_with("mean over ");
    results
        .sentences
        .iter()
        .filter(wanted)
        .take(8)
        .map(|sentence| {
            // Other sentences begin with the name of a task.
            let mean = sentence.strip_prefix("mean over ");
            unbroken(&mean.map_or_else(|| sentence.clone(), |rest| format!("Mean over {rest}")))
        })
        .collect()
}

/// A row for each table that has a mean over tasks; nothing where that would repeat the only table.
fn overview(results: &SweepResults) -> Option<String> {
    let mut rows = Vec::new();
    for group in &results.groups {
        let title = group_title(group);
        let pairs = group.average.iter().flat_map(|average| &average.pairs);
        let count = pairs.clone().count();
        for (index, pair) in pairs.enumerate() {
            rows.push(chart_row(&title, index + 1, pair, count));
        }
    }
    rows.retain(|row| !row.values.is_empty());
    let baseline = results.models.first()?.name.as_str();
    (results.groups.len() > 1 && !rows.is_empty()).then(|| {
        IntervalChart {
            id: "overview".to_owned(),
            title: "Differences of the mean scores over tasks".to_owned(),
            description: "A row for each mode and size: a dot for each seed, the mean, and the 95 % interval of the mean, in points.".to_owned(),
            left_label: format!("lower score than {baseline}"),
            right_label: "higher".to_owned(),
            rows,
        }
        .render()
    })
}

fn group_title(group: &Group) -> String {
    format!("{}, {}", group.mode, examples(&group.size))
}

fn section(id: usize, group: &Group) -> GroupSection<'_> {
    let mean_label = || format!("mean over {} tasks", group.tasks.len());
    let mut scores = Vec::new();
    let mut pairs = Vec::new();
    let mut rows = Vec::new();
    for task in &group.tasks {
        for (index, arm) in task.arms.iter().enumerate() {
            scores.push(score_row(&task.task, index, arm, points(task.constant)));
        }
        for (index, pair) in task.pairs.iter().enumerate() {
            pairs.push(pair_row(&task.task, index + 1, pair, true));
            rows.push(chart_row(&task.task, index + 1, pair, task.pairs.len()));
        }
    }
    if let Some(average) = &group.average {
        for (index, arm) in average.arms.iter().enumerate() {
            scores.push(score_row(&mean_label(), index, arm, "–".to_owned()));
        }
        for (index, pair) in average.pairs.iter().enumerate() {
            pairs.push(pair_row(&mean_label(), index + 1, pair, false));
            rows.push(chart_row(
                &mean_label(),
                index + 1,
                pair,
                average.pairs.len(),
            ));
        }
    }
    rows.retain(|row| !row.values.is_empty());
    let title = group_title(group);
    let baseline = group
        .tasks
        .first()
        .and_then(|task| task.arms.first())
        .map(|arm| arm.arm.clone())
        .unwrap_or_default();
    let chart = (!rows.is_empty()).then(|| {
        IntervalChart {
            id: format!("differences-{id}"),
            title: format!("Differences of scores: {title}"),
            description: "A row for each task: a dot for each seed, the mean, and the 95 % interval of the mean, in points.".to_owned(),
            left_label: format!("lower score than {baseline}"),
            right_label: "higher".to_owned(),
            rows,
        }
        .render()
    });
    GroupSection {
        id,
        title,
        chart,
        scores,
        pairs,
    }
}

fn score_row<'a>(task: &str, index: usize, arm: &'a ArmScores, constant: String) -> ScoreRow<'a> {
    ScoreRow {
        task: (index == 0).then(|| task.to_owned()),
        class: class(index),
        arm: &arm.arm,
        remark: arm.remark.as_deref(),
        seeds: arm.seeds.len(),
        mean: mean_sd(arm),
        median: points(arm.median),
        min: points(arm.min),
        max: points(arm.max),
        collapsed: arm.collapsed,
        constant,
        trainable: arm
            .trainable_parameters
            .map_or_else(|| "–".to_owned(), crate::number::count),
        rates: arm
            .rates
            .map_or_else(|| "–".to_owned(), |rates| rates.to_string()),
        trials: arm.trials,
    }
}

fn pair_row(task: &str, index: usize, pair: &PairScores, corrected: bool) -> PairRow {
    PairRow {
        class: class(index),
        label: format!("{task}: {} \u{2212} {}", pair.arm, pair.baseline),
        seeds: pair.differences.len(),
        mean: difference(pair.mean),
        interval: interval(pair),
        sign_flip_p: p(pair.sign_flip_p),
        student_p: p(pair.student_p),
        holm_p: if corrected {
            p(pair.holm_p)
        } else {
            "–".to_owned()
        },
    }
}

fn chart_row(task: &str, index: usize, pair: &PairScores, pairs: usize) -> Row {
    let in_points = |value: f64| value * 100.0;
    Row {
        class: class(index),
        label: if pairs == 1 {
            task.to_owned()
        } else {
            format!("{task}, {}", pair.arm)
        },
        values: pair
            .differences
            .iter()
            .map(|entry| Dot {
                value: in_points(entry.difference),
                title: format!(
                    "seed {}: {}",
                    entry.seed,
                    signed(in_points(entry.difference), 2)
                ),
            })
            .collect(),
        mean: pair.mean.map(in_points),
        interval: pair
            .interval()
            .map(|(low, high)| (in_points(low), in_points(high))),
    }
}
