//! What one run folder says about its run.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::time::SystemTime;

use serde::Deserialize;
use toml::Table;

use super::record::{Line, Record};
use super::{Best, FoundRun, Kind, RunState, RunsError};
use crate::checkpoint;
use crate::file::read_json;
use crate::folder::{LOCK_FILE, METRICS_FILE, RECIPE_FILE, RESULT_FILE, has_trained};
use crate::summary::SUMMARY_FILE;

/// Whether a folder holds a run: its recipe, and its lock or something that training writes. A recipe that is TOML of another
/// program's is none; one that is no TOML at all may be a run's that was damaged.
pub(super) fn is_run(folder: &Path) -> bool {
    let path = folder.join(RECIPE_FILE);
    if !is_file(&path) || !(is_file(&folder.join(LOCK_FILE)) || has_trained(folder)) {
        return false;
    }
    let recipe = fs::read_to_string(&path).map(|text| text.parse::<Table>());
    match recipe {
        Ok(Ok(recipe)) => {
            let has = |table| recipe.get(table).is_some_and(toml::Value::is_table);
            has("finetune") || ["model", "activation", "train"].into_iter().all(has)
        }
        _ => true,
    }
}

/// When the run last came on.
pub(super) fn changed(folder: &Path) -> SystemTime {
    [METRICS_FILE, SUMMARY_FILE, RESULT_FILE, RECIPE_FILE]
        .iter()
        .filter_map(|name| fs::metadata(folder.join(name)).ok()?.modified().ok())
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Whether a process holds the lock of a run folder.
///
/// The lock is shared for the moment of the question, so that two who ask do not see each other.
pub(super) fn is_held(folder: &Path) -> Result<bool, RunsError> {
    let path = folder.join(LOCK_FILE);
    if !is_file(&path) {
        return Ok(false);
    }
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(RunsError::io("open", &path)(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(RunsError::io("lock", &path)(error)),
    }
}

/// A file itself, no link to one, no pipe.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// The part of `summary.json` that a listing wants.
#[derive(Deserialize)]
struct Summary {
    steps: u64,
    activation: Option<String>,
    best_validation_loss: f64,
    parameters: std::collections::BTreeMap<String, u64>,
}

/// The part of `result.json` that a listing wants.
#[derive(Deserialize)]
struct TaskResult {
    steps: u64,
    activation: Option<String>,
    primary: String,
    validation: std::collections::BTreeMap<String, f64>,
    parameters: std::collections::BTreeMap<String, u64>,
}

/// Reads what a run folder says. What cannot be read is a problem of the run and no failure: the other runs are listed all
/// the same.
pub(super) fn look(folder: &Path, changed: SystemTime, now: SystemTime) -> FoundRun {
    let mut run = FoundRun {
        path: folder.to_path_buf(),
        state: RunState::Interrupted,
        kind: Kind::Pretrain,
        activation: None,
        preset: None,
        parameters: None,
        task: None,
        mode: None,
        seed: None,
        step: 0,
        steps: None,
        minutes: None,
        best: None,
        age_seconds: now.duration_since(changed).unwrap_or_default().as_secs(),
        problems: Vec::new(),
    };
    let running = is_held(folder).unwrap_or_else(|error| {
        run.problems.push(error.to_string());
        false
    });
    recipe(&mut run);
    let record = Record::read(&folder.join(METRICS_FILE)).unwrap_or_else(|error| {
        run.problems.push(format!("{METRICS_FILE}: {error}"));
        Record::default()
    });
    if let Some(broken) = &record.broken {
        run.problems.push(format!("{METRICS_FILE}: {broken}"));
    }
    let finished = result(&mut run);
    from_lines(&mut run, &record.lines, finished);
    run.state = if running {
        RunState::Running
    } else if !run.problems.is_empty() {
        RunState::Damaged
    } else if finished {
        RunState::Finished
    } else if has_diverged(&record.lines) {
        RunState::Diverged
    } else {
        RunState::Interrupted
    };
    run
}

fn recipe(run: &mut FoundRun) {
    let read = fs::read_to_string(run.path.join(RECIPE_FILE))
        .map_err(|error| error.to_string())
        .and_then(|text| {
            text.parse::<Table>()
                .map_err(|error| error.message().to_owned())
        });
    let recipe = match read {
        Ok(recipe) => recipe,
        Err(error) => {
            run.problems.push(format!("{RECIPE_FILE}: {error}"));
            return;
        }
    };
    let text = |table: &str, key: &str| Some(recipe.get(table)?.get(key)?.as_str()?.to_owned());
    let number = |value: &toml::Value| u64::try_from(value.as_integer()?).ok();
    if recipe.contains_key("finetune") {
        run.kind = Kind::Finetune;
        run.task = text("finetune", "task");
        run.mode = text("finetune", "mode");
        run.seed = recipe.get("seed").and_then(number);
        return;
    }
    run.activation = text("activation", "function");
    run.preset = text("model", "preset");
    let train = |key: &str| recipe.get("train")?.get(key);
    run.seed = train("seed").and_then(number);
    run.steps = train("steps").and_then(number);
    run.minutes = train("minutes").and_then(|minutes| {
        minutes
            .as_float()
            .or(minutes.as_integer().map(|whole| whole as f64))
    });
}

/// Reads the result; whether there is one.
fn result(run: &mut FoundRun) -> bool {
    let name = match run.kind {
        Kind::Pretrain => SUMMARY_FILE,
        Kind::Finetune => RESULT_FILE,
    };
    let path = run.path.join(name);
    if !path.exists() {
        return false;
    }
    let read = match run.kind {
        Kind::Pretrain => read_json::<Summary>(&path).map(|summary| {
            run.best = Some(Best {
                name: "loss".to_owned(),
                value: summary.best_validation_loss,
            });
            (summary.steps, summary.activation, summary.parameters)
        }),
        Kind::Finetune => read_json::<TaskResult>(&path).map(|result| {
            let value = result.validation.get(&result.primary).copied();
            run.best = value.map(|value| Best {
                name: result.primary,
                value,
            });
            (result.steps, result.activation, result.parameters)
        }),
    };
    match read {
        Ok((steps, activation, parameters)) => {
            run.step = steps;
            run.activation = activation.or(run.activation.take());
            run.parameters = parameters.get("total").copied();
            true
        }
        Err(error) => {
            run.problems.push(error.to_string());
            false
        }
    }
}

fn from_lines(run: &mut FoundRun, lines: &[Line], finished: bool) {
    let started = lines
        .iter()
        .rfind(|line| matches!(&*line.event, "started" | "task_started"));
    if let Some(line) = started {
        run.activation = line.activation.clone().or(run.activation.take());
        let total = line.parameters.as_ref().and_then(|by| by.get("total"));
        run.parameters = total.copied().or(run.parameters);
        run.steps = line.steps.or(run.steps);
        run.minutes = line.minutes.or(run.minutes);
    }
    if finished {
        return;
    }
    // A step that diverged was not applied.
    let applied = lines.iter().rev().find_map(|line| match &*line.event {
        "diverged" => line.step.map(|step| step.saturating_sub(1)),
        _ => line.step,
    });
    run.step = applied.unwrap_or(0);
    run.best = best(run, lines);
}

/// The best validation so far: of those at the ends of the record, or, where it lies between them, as the newest checkpoint
/// remembers it.
fn best(run: &FoundRun, lines: &[Line]) -> Option<Best> {
    let recorded = lines.iter().rev().find_map(|line| {
        let (name, value) = match (&*line.event, line.best) {
            ("validation", Some(true)) => ("loss".to_owned(), line.loss?),
            ("task_validation", Some(true)) => {
                let primary = line.primary.clone()?;
                let value = line.metrics.as_ref()?.get(&primary).copied()?;
                (primary, value)
            }
            _ => return None,
        };
        Some((line.step?, Best { name, value }))
    });
    let remembered = checkpoint::newest_state(&run.path.join("checkpoints"))
        .ok()
        .flatten()
        .and_then(|state| state.best);
    match (recorded, remembered) {
        (Some((step, best)), Some(remembered)) if step >= remembered.step => Some(best),
        (Some((_, best)), None) => Some(best),
        (recorded, Some(remembered)) => match remembered.task {
            None => Some(Best {
                name: "loss".to_owned(),
                value: remembered.loss,
            }),
            Some(scores) => {
                let name = recorded
                    .map(|(_, best)| best.name)
                    .or_else(|| lines.iter().rev().find_map(|line| line.primary.clone()))?;
                Some(Best {
                    name,
                    value: scores.primary,
                })
            }
        },
        (None, None) => None,
    }
}

/// Whether the record ends with a step that was not applied.
fn has_diverged(lines: &[Line]) -> bool {
    let last = lines.iter().rfind(|line| line.event != "warning");
    last.is_some_and(|line| line.event == "diverged")
}
