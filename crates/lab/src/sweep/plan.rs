//! The cells as commands, for whatever schedules work.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::SweepError;
use super::grid::{Grid, Trial};
use super::recipe::SweepRecipe;
use super::runner::CellRunner;

/// Tasks of one array job; more cells are dealt out among them. Slurm's own limit is 1,001 unless a site raises it.
const LARGEST_ARRAY: usize = 1000;

/// How the commands are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanForm {
    /// One JSON object per line: `cell`, `stage`, `command` (a list of arguments).
    Jsonl,
    /// A shell script that submits itself to Slurm as array jobs.
    Slurm,
}

/// A line of [`PlanForm::Jsonl`].
#[derive(Debug, Serialize)]
struct Line<'a> {
    cell: &'a str,
    /// `trial`: any time; `best`: after the trials of its task, mode, size and arm.
    stage: &'static str,
    command: Vec<String>,
}

/// The commands, in the order of priority; cells that run the best of several trials come after all trials.
pub(super) fn render(
    recipe: &Path,
    out: &Path,
    form: PlanForm,
    runner: &dyn CellRunner,
) -> Result<String, SweepError> {
    let parsed = SweepRecipe::read(recipe)?;
    let learnable = parsed
        .models
        .iter()
        .map(|model| runner.is_learnable(&model.folder))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| SweepError::Cell(Box::new(error)))?;
    let grid = Grid::new(&parsed, &learnable, runner);
    let stage = |wanted: bool| -> Vec<&str> {
        grid.cells
            .iter()
            .filter(|cell| (cell.trial == Trial::Winner) == wanted)
            .map(|cell| cell.id.as_str())
            .collect()
    };
    let (trials, best) = (stage(false), stage(true));
    let command = Command {
        recipe: absolute(recipe)?,
        out: absolute(out)?,
    };
    match form {
        PlanForm::Jsonl => jsonl(&command, &trials, &best),
        PlanForm::Slurm => Ok(slurm(&command, &trials, &best)),
    }
}

/// A scheduler starts its jobs anywhere.
fn absolute(path: &Path) -> Result<PathBuf, SweepError> {
    std::path::absolute(path).map_err(SweepError::io("find", path))
}

struct Command {
    recipe: PathBuf,
    out: PathBuf,
}

impl Command {
    fn arguments(&self) -> Vec<String> {
        vec![
            "pliant".to_owned(),
            "sweep".to_owned(),
            self.recipe.display().to_string(),
            "--out".to_owned(),
            self.out.display().to_string(),
            "--cell".to_owned(),
        ]
    }
}

fn jsonl(command: &Command, trials: &[&str], best: &[&str]) -> Result<String, SweepError> {
    let mut text = String::new();
    let stages = trials
        .iter()
        .map(|id| ("trial", id))
        .chain(best.iter().map(|id| ("best", id)));
    for (stage, cell) in stages {
        let mut arguments = command.arguments();
        arguments.push((*cell).to_owned());
        let line = Line {
            cell,
            stage,
            command: arguments,
        };
        text += &serde_json::to_string(&line)
            .map_err(|error| SweepError::unreadable(&command.recipe, &error))?;
        text.push('\n');
    }
    Ok(text)
}

fn slurm(command: &Command, trials: &[&str], best: &[&str]) -> String {
    let mut text = "#!/bin/bash\n\
        # Written by pliant sweep --plan slurm. Run it with bash: it submits itself as array jobs, and a last job for the tables.\n\
        # Options for every job (partition, time, processors) go into SBATCH_OPTIONS, e.g. SBATCH_OPTIONS='--cpus-per-task=4'.\n\
        set -euo pipefail\n"
        .to_owned();
    for (name, cells) in [("trials", trials), ("best", best)] {
        let _ = writeln!(text, "{name}=(");
        for cell in cells {
            let _ = writeln!(text, "  {}", quoted(cell));
        }
        text.push_str(")\n");
    }
    let call: Vec<String> = command
        .arguments()
        .iter()
        .map(|argument| quoted(argument))
        .collect();
    let collect = [
        "pliant".to_owned(),
        "sweep".to_owned(),
        "--collect".to_owned(),
        command.out.display().to_string(),
    ];
    let collect: Vec<String> = collect.iter().map(|argument| quoted(argument)).collect();
    let _ = write!(
        text,
        r#"
if [ -n "${{SLURM_ARRAY_TASK_ID:-}}" ]; then
  # One task of an array: its share of the cells. A cell that fails is recorded and does not stop the others.
  declare -n cells="$1"
  for ((cell = SLURM_ARRAY_TASK_ID; cell < ${{#cells[@]}}; cell += SLURM_ARRAY_TASK_COUNT)); do
    {} "${{cells[$cell]}}" || true
  done
  exit
fi

submit() {{ # name, number of cells, dependency
  local tasks=$(( $2 < {LARGEST_ARRAY} ? $2 : {LARGEST_ARRAY} ))
  sbatch --parsable --job-name="pliant-$1" --array="0-$((tasks - 1))" ${{3:+--dependency="afterany:$3"}} ${{SBATCH_OPTIONS:-}} "$0" "$1"
}}
job=$(submit trials ${{#trials[@]}} "")
if [ ${{#best[@]}} -gt 0 ]; then
  job=$(submit best ${{#best[@]}} "$job")
fi
sbatch --job-name=pliant-tables --dependency="afterany:$job" ${{SBATCH_OPTIONS:-}} --wrap={}
"#,
        call.join(" "),
        quoted(&collect.join(" "))
    );
    text
}

/// A word of a shell, whatever stands in it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_pass_a_shell() {
        assert_eq!(
            quoted("rte/full/100/gelu/seed-1"),
            "rte/full/100/gelu/seed-1"
        );
        assert_eq!(quoted("my data"), "'my data'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
