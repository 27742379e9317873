//! `results.tex`: one `tabular` for each mode and size, with the commands of the package `booktabs`.

use std::fmt::Write as _;

use super::super::results::{ArmScores, Group, SweepResults};
use super::super::sentence::{DECIMALS, POINTS, examples};
use super::points;

/// The tables, one column for each task, a row for each arm.
pub(in crate::sweep) fn render(results: &SweepResults) -> String {
    let mut text = "% Written by pliant sweep. Needs \\usepackage{booktabs}.\n% Mean and standard deviation over seeds, in points; the number of collapsed seeds as a superscript.\n".to_owned();
    for group in &results.groups {
        table(&mut text, group, results.models.len());
    }
    text
}

fn table(text: &mut String, group: &Group, arms: usize) {
    let columns = group.tasks.len() + usize::from(group.average.is_some());
    let _ = writeln!(
        text,
        "\n% {}, {}\n\\begin{{tabular}}{{l{}}}\n\\toprule",
        group.mode,
        examples(&group.size),
        "r".repeat(columns)
    );
    text.push_str("arm");
    for task in &group.tasks {
        let _ = write!(text, " & {}", escape(&task.task));
    }
    text.push_str(if group.average.is_some() {
        " & mean \\\\\n\\midrule\n"
    } else {
        " \\\\\n\\midrule\n"
    });
    for arm in 0..arms {
        let of_tasks = group.tasks.iter().map(|task| &task.arms[arm]);
        let of_average = group.average.iter().map(|average| &average.arms[arm]);
        let entries: Vec<&ArmScores> = of_tasks.chain(of_average).collect();
        let Some(first) = entries.first() else {
            continue;
        };
        text.push_str(&escape(&first.arm));
        for entry in entries {
            let _ = write!(text, " & {}", value(entry));
        }
        text.push_str(" \\\\\n");
    }
    text.push_str("\\bottomrule\n\\end{tabular}\n");
}

fn value(arm: &ArmScores) -> String {
    if arm.mean.is_none() {
        return "--".to_owned();
    }
    let mean = points(arm.mean).replace('\u{2212}', "-");
    let sd = arm
        .sd
        .map(|sd| format!(" \\pm {:.*}", DECIMALS, sd * POINTS))
        .unwrap_or_default();
    let collapsed = match arm.collapsed {
        0 => String::new(),
        seeds => format!("^{{{seeds}}}"),
    };
    format!("${mean}{sd}{collapsed}$")
}

/// Characters that mean something to LaTeX.
fn escape(text: &str) -> String {
    let mut safe = String::new();
    for character in text.chars() {
        match character {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                safe.push('\\');
                safe.push(character);
            }
            '~' => safe.push_str("\\textasciitilde{}"),
            '^' => safe.push_str("\\textasciicircum{}"),
            '\\' => safe.push_str("\\textbackslash{}"),
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive() {
        assert_eq!(escape("a_b & 50 %"), "a\\_b \\& 50 \\%");
        assert_eq!(escape("x^2\\y"), "x\\textasciicircum{}2\\textbackslash{}y");
    }
}
