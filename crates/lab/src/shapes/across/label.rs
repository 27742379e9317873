//! The names of fine-tuned runs in tables and figures.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ComparedRun;
use crate::ShapesError;

/// The part of a fine-tuned run's result that names it.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) task: String,
    pub(super) mode: String,
    pub(super) seed: Option<u64>,
}

/// Task, mode and seed of a fine-tuned run; of another run, its folder's name.
pub(super) fn name(run: &Path) -> Result<Named, ShapesError> {
    let path = run.join("result.json");
    if !path.is_file() {
        let folder = run.file_name().unwrap_or_default().to_string_lossy();
        return Ok(Named {
            task: folder.into_owned(),
            mode: String::new(),
            seed: None,
        });
    }
    let text = fs::read_to_string(&path).map_err(ShapesError::io("read", &path))?;
    serde_json::from_str(&text).map_err(|error| ShapesError::Unreadable {
        path,
        reason: error.to_string(),
    })
}

/// The shortest names that tell the runs apart.
pub(super) fn labelled(runs: &[PathBuf], named: Vec<Named>) -> Vec<ComparedRun> {
    let seed = |run: &Named| {
        run.seed
            .map_or(String::new(), |seed| format!(" seed {seed}"))
    };
    let forms: [&dyn Fn(&Named) -> String; 4] = [
        &|run| run.task.clone(),
        &|run| format!("{}{}", run.task, seed(run)),
        &|run| format!("{} {}", run.task, run.mode),
        &|run| format!("{} {}{}", run.task, run.mode, seed(run)),
    ];
    let is_clear = |form: &&&dyn Fn(&Named) -> String| {
        let mut labels: Vec<String> = named.iter().map(form).collect();
        labels.sort_unstable();
        labels.windows(2).all(|pair| pair[0] != pair[1])
    };
    let labels: Vec<String> = match forms.iter().find(is_clear) {
        Some(form) => named.iter().map(form).collect(),
        None => named
            .iter()
            .enumerate()
            .map(|(index, run)| format!("{} {}", run.task, index + 1))
            .collect(),
    };
    runs.iter()
        .zip(named)
        .zip(labels)
        .map(|((run, named), label)| ComparedRun {
            run: run.clone(),
            label,
            task: named.task,
            mode: named.mode,
            seed: named.seed,
        })
        .collect()
}
