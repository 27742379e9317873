//! What a sweep's numbers allow to be said, how to read them, and what to know before believing them.

use super::recipe::SweepRecipe;
use super::results::{Group, PairScores, SweepResults, TaskScores};
use crate::claim::{Claim, LEVEL};
use crate::number::{count, decimal, p_value};
use crate::statistics::SIGN_FLIP_FROM;

/// Scores are shown times this.
pub(super) const POINTS: f64 = 100.0;
/// With so many decimals.
pub(super) const DECIMALS: usize = 2;

/// One sentence for each comparison.
pub(super) fn of(results: &SweepResults) -> Vec<String> {
    let mut sentences = Vec::new();
    let cells = results.cells;
    if !results.complete {
        let failed = match cells.failed {
            0 => String::new(),
            failed => format!(" and {} failed", count(failed)),
        };
        sentences.push(format!(
            "{} of {} cells are finished{failed}.",
            count(cells.finished),
            count(cells.planned)
        ));
    }
    if results.models.len() < 2 {
        sentences.push("With one arm there is nothing to compare.".to_owned());
    }
    for group in &results.groups {
        for task in &group.tasks {
            for pair in &task.pairs {
                sentences.extend(of_pair(group, &task.task, "score", pair));
            }
        }
        if let Some(average) = &group.average {
            let over = format!("mean over {} tasks", average.tasks.len());
            for pair in &average.pairs {
                sentences.extend(of_pair(group, &over, "mean score", pair));
            }
        }
    }
    sentences
}

/// `None` where there is no seed to compare; missing cells are listed once, elsewhere.
fn of_pair(group: &Group, what: &str, quantity: &str, pair: &PairScores) -> Option<String> {
    pair.mean?;
    let correction = match (pair.holm_p, pair.tests) {
        (Some(p), tests) if tests > 1 => format!(", after Holm over {tests} tasks {}", p_value(p)),
        _ => String::new(),
    };
    let claim = Claim {
        baseline: &pair.baseline,
        arm: &pair.arm,
        quantity: [quantity, "scores"],
        higher_is_better: true,
        scale: POINTS,
        decimals: DECIMALS,
        unit: " points",
        differences: pair
            .differences
            .iter()
            .map(|entry| entry.difference)
            .collect(),
        mean: pair.mean,
        interval: pair.interval(),
        p: pair.student_p,
        sign_flip_p: pair
            .sign_flip_p
            .filter(|_| pair.differences.len() >= SIGN_FLIP_FROM),
        consequence: String::new(),
        correction,
        significant: pair.holm_p.is_some_and(|p| p < LEVEL),
    };
    Some(format!(
        "{what}, {}, {}: {}",
        group.mode,
        examples(&group.size),
        claim.sentence()
    ))
}

/// `100 examples`, `all examples`.
pub(crate) fn examples(size: &str) -> String {
    match size.parse::<usize>() {
        Ok(1) => "1 example".to_owned(),
        Ok(number) => format!("{} examples", count(number)),
        Err(_) => format!("{size} examples"),
    }
}

/// How the numbers come about.
pub(super) fn notes(results: &SweepResults, recipe: &SweepRecipe) -> Vec<String> {
    let sweep = &recipe.sweep;
    let mut notes = vec![
        "Scores are in points (times 100): accuracy; for CoLA Matthews' correlation, for STS-B the mean of Pearson's and Spearman's, for MRPC and QQP the mean of accuracy and F1; MNLI counts once, with the mean of its matched and mismatched parts; for SQuAD F1.".to_owned(),
        match sweep.protocol.as_str() {
            "paper" => "Protocol of the paper: the training file is shuffled once, 75 % of it trains and 25 % validates, the official development part tests. With a number of examples, as many training and validation rows are drawn by the seed, the same for every arm and mode. The weights of the best validation epoch are scored.".to_owned(),
            _ => "Standard protocol: the official development part validates, and is what tables report where there is no labelled test part. It chose the best epoch, too, so these numbers are a little high for every arm.".to_owned(),
        },
    ];
    if let Some(cap) = sweep.test_cap {
        notes.push(format!(
            "A test part has at most {} rows: a fixed subset, the same in every cell.",
            count(cap)
        ));
    }
    notes.push(match results.trials_per_arm {
        1 => "Learning rates were not searched: one trial per arm. `default` stands for the settings of the task and mode, the same for every arm; the recipe.toml of each run has them in numbers.".to_owned(),
        trials => format!(
            "Learning rates: {trials} trials for each arm, task, mode and size; the one with the best mean validation score over the first {} of the seeds was taken for all seeds.",
            recipe.tuning.seeds
        ),
    });
    notes.push("A seed has collapsed when its score is no better than that of the best constant answer: always the same class, or for correlations any constant (0).".to_owned());
    notes.push(format!(
        "Intervals are 95 % intervals of the mean difference, paired by seed: expanded percentile bootstrap (Hesterberg 2015) from six seeds on, else Student's t. A difference is called one when the larger of the p-values of the paired t-test and of the sign-flip permutation test (the latter from {SIGN_FLIP_FROM} seeds on) is below {LEVEL} after Holm's correction over the tasks of its table. The tests speak of chance over seeds, not over pre-training runs: each arm is one pre-trained model."
    ));
    if recipe.models.len() > 2 {
        notes.push("Holm's correction is over tasks, for each pair of arms by itself; with several arms, and over several modes and sizes, some differences will be found by chance.".to_owned());
    }
    notes
}

/// What a reader must know before believing the numbers.
pub(super) fn warnings(results: &SweepResults) -> Vec<String> {
    let mut warnings = Vec::new();
    if results.cells.failed > 0 {
        warnings.push(format!(
            "{} cells failed; the tables leave them out. If one arm fails more often than another, its mean is too good.",
            count(results.cells.failed)
        ));
    }
    for group in &results.groups {
        let tasks: Vec<String> = group.tasks.iter().filter_map(collapsed).collect();
        if !tasks.is_empty() {
            warnings.push(format!(
                "{}, {}: most seeds have learned nothing, they are no better than a constant answer: {}.",
                group.mode,
                examples(&group.size),
                tasks.join("; ")
            ));
        }
    }
    warnings
}

/// The arms of a task of whose seeds more than half have collapsed; `None` without one.
fn collapsed(task: &TaskScores) -> Option<String> {
    let arms: Vec<String> = task
        .arms
        .iter()
        .filter(|arm| 2 * arm.collapsed > arm.seeds.len())
        .map(|arm| format!("{} of {} of {}", arm.collapsed, arm.seeds.len(), arm.arm))
        .collect();
    let constant = decimal(task.constant? * POINTS, DECIMALS);
    (!arms.is_empty()).then(|| format!("{} ({}; {constant})", task.task, arms.join(", ")))
}
