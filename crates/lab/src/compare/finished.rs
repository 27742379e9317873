//! What a finished cell left in its run folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use pliant_train::{InputShapes, Recipe, RunSummary, Sources};
use serde::Deserialize;

use super::plan::{PlannedCell, differing_keys};
use super::{CompareError, DivergedCell};
use crate::plot::Point;
use crate::record;
use crate::shapes::curves;

/// Everything that tables and plots need of one cell.
#[derive(Debug, Clone)]
pub(crate) struct FinishedCell {
    /// Index of its arm.
    pub(crate) arm: usize,
    /// Its seed.
    pub(crate) seed: u64,
    /// Its run folder.
    pub(crate) folder: PathBuf,
    /// Its result.
    pub(crate) summary: RunSummary,
    /// Training loss by step.
    pub(crate) training: Vec<Point>,
    /// Validation loss by step.
    pub(crate) validation: Vec<Point>,
    /// Its activation sites.
    pub(crate) shapes: InputShapes,
}

/// Whether the cell is trained to its end with this very recipe.
///
/// The folder of the prepared data is no part of the question: a comparison may have been moved.
pub(super) fn is_finished(cell: &PlannedCell) -> Result<bool, CompareError> {
    let summary = cell.folder.join("summary.json");
    if !summary.is_file() {
        return Ok(false);
    }
    let recipe = cell.folder.join("recipe.toml");
    let saved = Recipe::resolve(&Sources {
        file: Some(recipe),
        settings: Vec::new(),
    })?;
    let differs: Vec<String> = differing_keys(&saved, &cell.recipe)
        .into_iter()
        .filter(|key| key != "data.cache")
        .collect();
    if differs.is_empty() {
        Ok(true)
    } else {
        Err(CompareError::Unreadable {
            path: cell.folder.clone(),
            reason: format!(
                "the run was made with another recipe: {} differ",
                differs.join(", ")
            ),
        })
    }
}

/// What a run says of its divergence.
#[derive(Debug, Deserialize)]
struct Diverged {
    event: String,
    step: Option<u64>,
    place: Option<String>,
}

/// The divergence with which the cell ended in this or an earlier call; training it again would end there again.
pub(super) fn divergence(
    cell: &PlannedCell,
    arm: &str,
) -> Result<Option<DivergedCell>, CompareError> {
    let path = cell.folder.join("metrics.jsonl");
    let record = match record::read::<Diverged>(&path) {
        Ok(record) => record,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(CompareError::io("read", &path)(error)),
    };
    let last = record.lines.iter().rfind(|line| line.event != "warning");
    Ok(last
        .filter(|line| line.event == "diverged")
        .map(|line| DivergedCell {
            arm: arm.to_owned(),
            seed: cell.seed,
            step: line.step.unwrap_or_default(),
            place: line.place.clone().unwrap_or_default(),
        }))
}

/// Whether an earlier call left a checkpoint to go on from.
pub(super) fn is_begun(cell: &PlannedCell) -> bool {
    fs::read_dir(cell.folder.join("checkpoints")).is_ok_and(|mut entries| entries.next().is_some())
}

/// Reads a finished cell.
pub(super) fn read(cell: &PlannedCell) -> Result<FinishedCell, CompareError> {
    let path = cell.folder.join("summary.json");
    let text = fs::read_to_string(&path).map_err(CompareError::io("read", &path))?;
    let summary = serde_json::from_str(&text).map_err(|error| CompareError::Unreadable {
        path,
        reason: error.to_string(),
    })?;
    let (training, validation) = losses(&cell.folder.join("metrics.jsonl"))?;
    let shapes = curves::read_inputs(&cell.folder)?;
    Ok(FinishedCell {
        arm: cell.arm,
        seed: cell.seed,
        folder: cell.folder.clone(),
        summary,
        training,
        validation,
        shapes,
    })
}

/// What matters here of an event.
#[derive(Debug, Deserialize)]
struct Line {
    event: String,
    step: Option<u64>,
    loss: Option<f64>,
}

/// Training and validation loss by step. A step that was run twice, before and after an interruption, counts once.
fn losses(path: &Path) -> Result<(Vec<Point>, Vec<Point>), CompareError> {
    let record = match record::read::<Line>(path) {
        Ok(record) => record,
        // The numbers stand in the summary; only the curves are lost.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
        Err(error) => return Err(CompareError::io("read", path)(error)),
    };
    if let Some(broken) = record.broken.iter().find(|line| !line.is_torn) {
        return Err(CompareError::Unreadable {
            path: path.to_path_buf(),
            reason: format!("line {}: {}", broken.number, broken.reason),
        });
    }
    let (mut training, mut validation) = (BTreeMap::new(), BTreeMap::new());
    for line in record.lines {
        if let (Some(step), Some(loss)) = (line.step, line.loss) {
            match line.event.as_str() {
                "step" => drop(training.insert(step, loss)),
                "validation" => drop(validation.insert(step, loss)),
                _ => {}
            }
        }
    }
    let points = |map: BTreeMap<u64, f64>| {
        map.into_iter()
            .map(|(step, loss)| (step as f64, loss))
            .collect()
    };
    Ok((points(training), points(validation)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use pliant_train::Event;

    use super::*;

    fn step(step: u64, loss: f64) -> String {
        let event = Event::Step {
            step,
            loss,
            learning_rates: vec![1e-3],
            gradient_norm: 1.0,
            activation_gradient_norm: 0.0,
            tokens: 4096,
            masked_tokens: 600,
            milliseconds: 80.0,
            elapsed_seconds: 1.0,
        };
        serde_json::to_string(&event).unwrap()
    }

    #[test]
    fn steps_run_twice_count_once_and_a_torn_end_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let torn = &step(4, 6.0)[..20];
        let joined = format!("{torn}{}", step(3, 7.0));
        std::fs::write(
            &path,
            [
                step(1, 9.0),
                step(2, 8.0),
                step(2, 8.0),
                joined,
                torn.to_owned(),
            ]
            .join("\n"),
        )
        .unwrap();
        assert_eq!(
            losses(&path).unwrap().0,
            [(1.0, 9.0), (2.0, 8.0), (3.0, 7.0)]
        );
        std::fs::write(
            &path,
            format!("{}\nnonsense\n{}\n", step(1, 9.0), step(2, 8.0)),
        )
        .unwrap();
        assert!(losses(&path).unwrap_err().to_string().contains("line 2"));
        assert!(losses(&folder.path().join("absent")).unwrap().0.is_empty());
    }
}
