//! The coefficients that a run recorded at each validation.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pliant_train::SiteCoefficients;
use serde::Deserialize;

use crate::ShapesError;

/// What a run's `metrics.jsonl` says about its activations.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Text form of the activation, where the run told it.
    pub(super) activation: Option<String>,
    /// Coefficients by step; of a step that was repeated after an interruption, the later.
    pub(super) steps: BTreeMap<u64, Vec<SiteCoefficients>>,
    /// Numbers of the lines that could not be read; a torn last line is none of them.
    pub(super) broken: Vec<usize>,
}

/// The fields of an event that matter here: events and fields of later versions pass by.
#[derive(Debug, Deserialize)]
struct Line {
    event: String,
    step: Option<u64>,
    activation: Option<String>,
    #[serde(default)]
    coefficients: Vec<SiteCoefficients>,
}

/// Reads `metrics.jsonl`.
pub(super) fn read(path: &Path) -> Result<Record, ShapesError> {
    let text = fs::read(path).map_err(ShapesError::io("read", path))?;
    let mut record = Record::default();
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    for (index, line) in lines.iter().enumerate() {
        let is_torn = index + 1 == lines.len() && line.last() != Some(&b'\n');
        match serde_json::from_slice::<Line>(line) {
            Ok(line) => record.take(line),
            Err(_) if is_torn => {}
            Err(_) => record.broken.push(index + 1),
        }
    }
    Ok(record)
}

impl Record {
    fn take(&mut self, line: Line) {
        let is_validation = matches!(&*line.event, "validation" | "task_validation");
        if let Some(step) = line.step.filter(|_| is_validation)
            && !line.coefficients.is_empty()
        {
            self.steps.insert(step, line.coefficients);
        }
        if matches!(&*line.event, "started" | "task_started") && line.activation.is_some() {
            self.activation = line.activation;
        }
    }
}
