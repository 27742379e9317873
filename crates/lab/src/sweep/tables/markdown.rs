//! `results.md`: for pull requests and notebooks.

use std::fmt::Write as _;

use super::super::results::{ArmScores, Group, PairScores, SweepResults};
use super::super::sentence::examples;
use super::{difference, interval, mean_sd, p, points};
use crate::number::count;

/// More missing cells than this are counted, not named; all of them are in `results.json`.
const NAMED: usize = 40;

/// The results as a Markdown document.
pub(in crate::sweep) fn render(results: &SweepResults) -> String {
    let mut text = "# Sweep\n\n".to_owned();
    if !results.complete {
        let cells = results.cells;
        let _ = writeln!(
            text,
            "{} of {} cells are finished, {} failed.\n",
            count(cells.finished),
            count(cells.planned),
            count(cells.failed)
        );
    }
    for warning in &results.warnings {
        let _ = writeln!(text, "> **Mind.** {warning}\n");
    }
    for group in &results.groups {
        group_tables(&mut text, group);
    }
    text.push_str("## In words\n\n");
    for sentence in &results.sentences {
        let _ = writeln!(text, "- {sentence}");
    }
    text.push_str("\n## How to read it\n\n");
    for note in &results.notes {
        let _ = writeln!(text, "- {note}");
    }
    for model in &results.models {
        let _ = writeln!(
            text,
            "- {}: weights {}, {}.",
            model.name,
            model.weights.chars().take(12).collect::<String>(),
            if model.learnable {
                "activations learn"
            } else {
                "activations are fixed"
            }
        );
    }
    list(&mut text, "Under way", &results.running);
    list(&mut text, "Missing", &results.missing);
    let failed: Vec<String> = results
        .failed
        .iter()
        .map(|cell| format!("{}: {}", cell.id, cell.message.replace('\n', " ")))
        .collect();
    list(&mut text, "Failed", &failed);
    let _ = writeln!(text, "\n{}; {}.", results.version, results.machine);
    let _ = writeln!(
        text,
        "\n<details><summary>Recipe</summary>\n\n```toml\n{}\n```\n\n</details>",
        results.recipe.trim_end()
    );
    text
}

fn group_tables(text: &mut String, group: &Group) {
    let _ = writeln!(text, "## {}, {}\n", group.mode, examples(&group.size));
    text.push_str("| task | arm | seeds | mean ± sd | median | min | max | collapsed | constant answer | trained numbers | learning rates | trials |\n");
    text.push_str("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|--:|\n");
    for task in &group.tasks {
        for arm in &task.arms {
            row(text, &task.task, arm, &points(task.constant));
        }
    }
    if let Some(average) = &group.average {
        for arm in &average.arms {
            row(
                text,
                &format!("mean over {} tasks", average.tasks.len()),
                arm,
                "–",
            );
        }
    }
    text.push('\n');
    let pairs = || group.tasks.iter().flat_map(|task| &task.pairs);
    if pairs().next().is_none() {
        return;
    }
    text.push_str(
        "Arm minus baseline at the same seed, in points; positive: the arm is better.\n\n",
    );
    text.push_str("| task | pair | seeds | mean | 95 % interval | p, sign flip | p, paired t | larger p after Holm |\n|---|---|--:|--:|--:|--:|--:|--:|\n");
    for task in &group.tasks {
        for pair in &task.pairs {
            pair_row(text, &task.task, pair, true);
        }
    }
    if let Some(average) = &group.average {
        for pair in &average.pairs {
            pair_row(
                text,
                &format!("mean over {} tasks", average.tasks.len()),
                pair,
                false,
            );
        }
    }
    text.push('\n');
}

fn row(text: &mut String, task: &str, arm: &ArmScores, constant: &str) {
    let name = match &arm.remark {
        Some(remark) => format!("{} ({remark})", cell(&arm.arm)),
        None => cell(&arm.arm),
    };
    let _ = writeln!(
        text,
        "| {} | {name} | {} | {} | {} | {} | {} | {} | {constant} | {} | {} | {} |",
        cell(task),
        arm.seeds.len(),
        mean_sd(arm),
        points(arm.median),
        points(arm.min),
        points(arm.max),
        arm.collapsed,
        arm.trainable_parameters
            .map_or_else(|| "–".to_owned(), count),
        arm.rates
            .map_or_else(|| "–".to_owned(), |rates| rates.to_string()),
        arm.trials
    );
}

fn pair_row(text: &mut String, task: &str, pair: &PairScores, corrected: bool) {
    let _ = writeln!(
        text,
        "| {} | {} − {} | {} | {} | {} | {} | {} | {} |",
        cell(task),
        cell(&pair.arm),
        cell(&pair.baseline),
        pair.differences.len(),
        difference(pair.mean),
        interval(pair),
        p(pair.sign_flip_p),
        p(pair.student_p),
        if corrected {
            p(pair.holm_p)
        } else {
            "–".to_owned()
        }
    );
}

fn list(text: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## {title}\n");
    for item in items.iter().take(NAMED) {
        let _ = writeln!(text, "- {item}");
    }
    if items.len() > NAMED {
        let _ = writeln!(text, "- and {} more", count(items.len() - NAMED));
    }
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
