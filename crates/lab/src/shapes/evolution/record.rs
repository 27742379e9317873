//! The coefficients that a run recorded at each validation.

use std::collections::BTreeMap;
use std::path::Path;

use pliant_train::SiteCoefficients;
use serde::Deserialize;

use crate::{ShapesError, record};

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
    let read = record::read::<Line>(path).map_err(ShapesError::io("read", path))?;
    let mut record = Record {
        broken: read.broken.iter().map(|line| line.number).collect(),
        ..Record::default()
    };
    for line in read.lines {
        record.take(line);
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
