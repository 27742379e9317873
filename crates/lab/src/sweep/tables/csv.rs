//! `results.csv`, `pairs.csv` and `seeds.csv`: plain numbers, fractions as in `results.json`, empty where there is none.

use std::fmt::Write as _;

use super::super::results::{ArmScores, Group, PairScores, SweepResults, TaskScores};
use crate::csv::field;

/// A line for each task, mode, size and arm; averages have the task `mean`.
pub(in crate::sweep) fn scores(results: &SweepResults) -> String {
    let mut text = "task,mode,size,arm,metric,part,rows,seeds,mean,sd,median,min,max,collapsed,constant,trainable_parameters,scale,learning_rate,head_learning_rate,activation_learning_rate,adapter_learning_rate,trials\n".to_owned();
    for (group, task, arm) in lines(results) {
        let (name, metric, part) = task.map_or(("mean", "mean", ""), |task| {
            (&*task.task, &*task.metric, &*task.part)
        });
        let rates = arm.rates.unwrap_or_default();
        let fields = [
            field(name),
            field(&group.mode),
            field(&group.size),
            field(&arm.arm),
            field(metric),
            field(part),
            number(task.and_then(|task| task.rows)),
            arm.seeds.len().to_string(),
            number(arm.mean),
            number(arm.sd),
            number(arm.median),
            number(arm.min),
            number(arm.max),
            arm.collapsed.to_string(),
            number(task.and_then(|task| task.constant)),
            number(arm.trainable_parameters),
            number(rates.scale),
            number(rates.learning_rate),
            number(rates.head_learning_rate),
            number(rates.activation_learning_rate),
            number(rates.adapter_learning_rate),
            arm.trials.to_string(),
        ];
        let _ = writeln!(text, "{}", fields.join(","));
    }
    text
}

/// A line for each task, mode, size and pair of arms.
pub(in crate::sweep) fn pairs(results: &SweepResults) -> String {
    let mut text = "task,mode,size,arm,baseline,seeds,mean,sd,bootstrap_low,bootstrap_high,t_low,t_high,sign_flip_p,t_p,holm_p,tests\n".to_owned();
    for group in &results.groups {
        let tasks = group
            .tasks
            .iter()
            .flat_map(|task| task.pairs.iter().map(|pair| (&*task.task, pair)));
        let average = group
            .average
            .iter()
            .flat_map(|average| average.pairs.iter().map(|pair| ("mean", pair)));
        for (task, pair) in tasks.chain(average) {
            let PairScores { arm, baseline, .. } = pair;
            let ends = |interval: Option<(f64, f64)>| {
                [
                    number(interval.map(|interval| interval.0)),
                    number(interval.map(|interval| interval.1)),
                ]
            };
            let [bootstrap_low, bootstrap_high] = ends(pair.bootstrap);
            let [student_low, student_high] = ends(pair.student);
            let fields = [
                field(task),
                field(&group.mode),
                field(&group.size),
                field(arm),
                field(baseline),
                pair.differences.len().to_string(),
                number(pair.mean),
                number(pair.sd),
                bootstrap_low,
                bootstrap_high,
                student_low,
                student_high,
                number(pair.sign_flip_p),
                number(pair.student_p),
                number(pair.holm_p),
                pair.tests.to_string(),
            ];
            let _ = writeln!(text, "{}", fields.join(","));
        }
    }
    text
}

/// A line for each seed of each task, mode, size and arm.
pub(in crate::sweep) fn seeds(results: &SweepResults) -> String {
    let mut text = "task,mode,size,arm,seed,score,validation,collapsed\n".to_owned();
    for (group, task, arm) in lines(results) {
        for seed in &arm.seeds {
            let fields = [
                field(task.map_or("mean", |task| &task.task)),
                field(&group.mode),
                field(&group.size),
                field(&arm.arm),
                seed.seed.to_string(),
                seed.score.to_string(),
                seed.validation.to_string(),
                seed.collapsed.to_string(),
            ];
            let _ = writeln!(text, "{}", fields.join(","));
        }
    }
    text
}

/// Every arm of every table; without a task where it is an average.
fn lines(
    results: &SweepResults,
) -> impl Iterator<Item = (&Group, Option<&TaskScores>, &ArmScores)> {
    results.groups.iter().flat_map(|group| {
        let tasks = group
            .tasks
            .iter()
            .flat_map(move |task| task.arms.iter().map(move |arm| (group, Some(task), arm)));
        let average = group
            .average
            .iter()
            .flat_map(move |average| average.arms.iter().map(move |arm| (group, None, arm)));
        tasks.chain(average)
    })
}

fn number(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
