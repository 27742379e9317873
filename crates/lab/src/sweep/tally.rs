//! From finished cells to scores, differences and tests.

use std::collections::BTreeMap;

use super::folder::Folder;
use super::grid::{Grid, Place};
use super::publish::Gathered;
use super::results::{
    ArmScores, Average, Cells, Group, ModelInfo, PairScores, SeedDifference, SeedScore,
    SweepResults, TaskScores,
};
use super::tuning::Choice;
use super::{names, sentence};
use crate::machine;
use crate::statistics::{
    SIGN_FLIP_FROM, bootstrap, holm, mean, median, paired, sign_flip, standard_deviation,
};

/// A score above the constant answer's by no more than rounding is no better than it.
const ROUNDING: f64 = 1e-9;

/// All results so far.
pub(super) fn results(
    folder: &Folder,
    grid: &Grid,
    gathered: Gathered,
    version: &str,
) -> SweepResults {
    let recipe = &folder.recipe;
    let fed_differently = fed_differently(folder, &gathered);
    let mut groups = Vec::new();
    for size in 0..recipe.sweep.sizes.0.len() {
        for mode in 0..recipe.sweep.modes.0.len() {
            groups.push(group(folder, grid, &gathered, mode, size));
        }
    }
    let models = folder
        .arms
        .iter()
        .zip(&recipe.models)
        .map(|(arm, model)| ModelInfo {
            name: arm.name.clone(),
            folder: model.folder.display().to_string(),
            weights: arm.weights.clone(),
            learnable: arm.learnable,
        });
    let mut results = SweepResults {
        sentences: Vec::new(),
        complete: gathered.finished == grid.cells.len(),
        cells: Cells {
            finished: gathered.finished,
            failed: gathered.failed.len(),
            planned: grid.cells.len(),
        },
        models: models.collect(),
        trials_per_arm: grid.trials,
        groups,
        notes: Vec::new(),
        warnings: Vec::new(),
        running: gathered.running,
        missing: gathered.missing,
        failed: gathered.failed,
        version: format!("pliant {version}"),
        machine: machine::in_words(),
        recipe: recipe.to_toml(),
    };
    results.sentences = sentence::of(&results);
    results.notes = sentence::notes(&results, recipe);
    results.warnings = sentence::warnings(&results);
    results.warnings.extend(fed_differently);
    results
}

/// Arms and modes of one task, size and seed train and validate on the same rows; where the hashes say otherwise the cells do not
/// belong together, e.g. because the data changed between two calls.
fn fed_differently(folder: &Folder, gathered: &Gathered) -> Option<String> {
    let sweep = &folder.recipe.sweep;
    let mut seen: BTreeMap<(usize, usize, u64), &str> = BTreeMap::new();
    for ((place, seed), result) in &gathered.results {
        let first = seen
            .entry((place.task, place.size, *seed))
            .or_insert(&result.outcome.data);
        if *first != result.outcome.data {
            return Some(format!(
                "Cells of {}, {} and seed {seed} did not have the same rows: the data changed while the sweep ran, and its pairs are none.",
                sweep.tasks.0[place.task],
                sentence::examples(&sweep.sizes.0[place.size].to_string())
            ));
        }
    }
    None
}

fn group(folder: &Folder, grid: &Grid, gathered: &Gathered, mode: usize, size: usize) -> Group {
    let sweep = &folder.recipe.sweep;
    let mut tasks: Vec<TaskScores> = (0..sweep.tasks.0.len())
        .map(|task| {
            let places = (0..folder.arms.len()).map(|model| Place {
                mode,
                size,
                task,
                model,
            });
            task_scores(
                folder,
                grid,
                gathered,
                &sweep.tasks.0[task],
                &places.collect::<Vec<_>>(),
            )
        })
        .collect();
    correct(&mut tasks);
    let average = (tasks.len() > 1).then(|| average(&tasks));
    Group {
        mode: sweep.modes.0[mode].clone(),
        size: sweep.sizes.0[size].to_string(),
        tasks,
        average,
    }
}

fn task_scores(
    folder: &Folder,
    grid: &Grid,
    gathered: &Gathered,
    task: &str,
    places: &[Place],
) -> TaskScores {
    let arms: Vec<ArmScores> = places
        .iter()
        .map(|&place| arm_scores(folder, grid, gathered, place))
        .collect();
    // The part is the same in every cell of a task.
    let any = places
        .iter()
        .filter_map(|&place| grid.source(place))
        .find_map(|place| {
            let seeds = folder.recipe.sweep.seeds.0.as_slice();
            seeds
                .iter()
                .find_map(|&seed| gathered.results.get(&(place, seed)))
        });
    let part = match any {
        Some(result) if result.outcome.test.is_none() => "validation",
        None if folder.recipe.sweep.protocol == "standard" => "validation",
        _ => "test",
    };
    TaskScores {
        task: task.to_owned(),
        metric: names::metric(task).to_owned(),
        part: part.to_owned(),
        rows: any.map(|result| result.outcome.rows),
        constant: any.and_then(|result| result.outcome.constant_score),
        pairs: pairs(&arms),
        arms,
    }
}

fn arm_scores(folder: &Folder, grid: &Grid, gathered: &Gathered, place: Place) -> ArmScores {
    let recipe = &folder.recipe;
    let source = grid.source(place);
    let mode = |place: Place| &recipe.sweep.modes.0[place.mode];
    let remark = match source {
        None => Some(format!(
            "{} has nothing to train here",
            folder.arms[place.model].name
        )),
        Some(source) if source != place => Some(format!("the same as {}", mode(source))),
        Some(_) => None,
    };
    let mut seeds = Vec::new();
    let mut trainable = None;
    if let Some(source) = source {
        for &seed in recipe.sweep.seeds.0.as_slice() {
            let Some(result) = gathered.results.get(&(source, seed)) else {
                continue;
            };
            let outcome = &result.outcome;
            trainable = Some(outcome.trainable_parameters);
            let constant = outcome.constant_score;
            seeds.push(SeedScore {
                seed,
                score: outcome.score,
                validation: outcome.validation_score,
                // A score that is no number is no answer either.
                collapsed: !outcome.score.is_finite()
                    || constant.is_some_and(|constant| outcome.score <= constant + ROUNDING),
            });
        }
    }
    let chosen = source.and_then(|source| gathered.chosen.get(&source));
    let mut scores = summarise(&folder.arms[place.model].name, seeds);
    scores.remark = remark;
    scores.trainable_parameters = trainable;
    scores.trials = grid.trials;
    scores.rates = match chosen {
        Some(Choice::Chosen(trial)) => recipe.trials(place.model).get(*trial).copied(),
        _ => None,
    };
    scores
}

/// The spread of an arm over its seeds.
fn summarise(arm: &str, seeds: Vec<SeedScore>) -> ArmScores {
    let scores: Vec<f64> = seeds.iter().map(|seed| seed.score).collect();
    ArmScores {
        arm: arm.to_owned(),
        remark: None,
        trainable_parameters: None,
        rates: None,
        trials: 1,
        mean: mean(&scores),
        sd: standard_deviation(&scores),
        median: median(&scores),
        min: scores.iter().copied().reduce(f64::min),
        max: scores.iter().copied().reduce(f64::max),
        collapsed: seeds.iter().filter(|seed| seed.collapsed).count(),
        seeds,
    }
}

fn pairs(arms: &[ArmScores]) -> Vec<PairScores> {
    let Some((baseline, others)) = arms.split_first() else {
        return Vec::new();
    };
    others.iter().map(|arm| pair(baseline, arm)).collect()
}

fn pair(baseline: &ArmScores, arm: &ArmScores) -> PairScores {
    let differences: Vec<SeedDifference> = arm
        .seeds
        .iter()
        .filter_map(|own| {
            let other = baseline.seeds.iter().find(|other| other.seed == own.seed)?;
            Some(SeedDifference {
                seed: own.seed,
                difference: own.score - other.score,
            })
        })
        .collect();
    let values: Vec<f64> = differences.iter().map(|entry| entry.difference).collect();
    let tests = paired(&values);
    let finite = values.iter().all(|value| value.is_finite());
    let flip = (values.len() > 1 && finite).then(|| sign_flip(&values));
    // With few pairs the sign-flip test cannot reach a small p-value whatever the numbers are; the t-test then speaks alone.
    let judged = match (tests.p, flip) {
        (Some(t), Some(flip)) if values.len() >= SIGN_FLIP_FROM => Some(t.max(flip)),
        (t, _) => t,
    };
    PairScores {
        baseline: baseline.arm.clone(),
        arm: arm.arm.clone(),
        mean: tests.mean,
        sd: tests.sd,
        bootstrap: bootstrap(&values),
        student: tests.low.zip(tests.high),
        sign_flip_p: flip,
        student_p: tests.p,
        judged_p: judged,
        holm_p: judged,
        tests: usize::from(judged.is_some()),
        differences,
    }
}

/// Holm's correction of each pair of arms over the tasks of a table.
fn correct(tasks: &mut [TaskScores]) {
    let pairs = tasks.first().map_or(0, |task| task.pairs.len());
    for index in 0..pairs {
        let judged: Vec<Option<f64>> = tasks
            .iter()
            .map(|task| task.pairs[index].judged_p)
            .collect();
        let tests = judged.iter().flatten().count();
        for (task, adjusted) in tasks.iter_mut().zip(holm(&judged)) {
            task.pairs[index].holm_p = adjusted;
            task.pairs[index].tests = tests;
        }
    }
}

/// The mean over tasks of each seed that is finished in all of them.
fn average(tasks: &[TaskScores]) -> Average {
    let arms: Vec<ArmScores> = (0..tasks[0].arms.len())
        .map(|arm| {
            let seeds = tasks[0].arms[arm].seeds.iter().filter_map(|first| {
                let of_tasks: Option<Vec<&SeedScore>> = tasks
                    .iter()
                    .map(|task| {
                        task.arms[arm]
                            .seeds
                            .iter()
                            .find(|seed| seed.seed == first.seed)
                    })
                    .collect();
                let of_tasks = of_tasks?;
                let scores: Vec<f64> = of_tasks.iter().map(|seed| seed.score).collect();
                let validation: Vec<f64> = of_tasks.iter().map(|seed| seed.validation).collect();
                Some(SeedScore {
                    seed: first.seed,
                    score: mean(&scores)?,
                    validation: mean(&validation)?,
                    collapsed: of_tasks.iter().all(|seed| seed.collapsed),
                })
            });
            let mut scores = summarise(&tasks[0].arms[arm].arm, seeds.collect());
            scores.remark.clone_from(&tasks[0].arms[arm].remark);
            scores.trainable_parameters = tasks[0].arms[arm].trainable_parameters;
            scores.trials = tasks[0].arms[arm].trials;
            scores
        })
        .collect();
    Average {
        tasks: tasks.iter().map(|task| task.task.clone()).collect(),
        pairs: pairs(&arms),
        arms,
    }
}
