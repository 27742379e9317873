//! `metrics.jsonl`: one JSON object per event, append-only.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{Event, TrainError};

/// Appends events to a file.
#[derive(Debug)]
pub(crate) struct Metrics {
    path: PathBuf,
    file: File,
}

impl Metrics {
    /// Opens the record to go on behind step `step`: whatever belongs to later steps, and a torn last line, is cut off.
    pub(crate) fn open(path: &Path, step: u64) -> Result<Self, TrainError> {
        let text = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(TrainError::io("read", path)(error)),
        };
        let keep = length_up_to(&text, step);
        let file = File::options()
            .create(true)
            .truncate(false)
            .append(true)
            .open(path)
            .map_err(TrainError::io("open", path))?;
        if keep < text.len() {
            file.set_len(keep as u64)
                .map_err(TrainError::io("shorten", path))?;
        }
        Ok(Self {
            path: path.to_path_buf(),
            file,
        })
    }

    /// Appends one event as one write, so that a killed process leaves at most one torn line.
    pub(crate) fn append(&mut self, event: &Event) -> Result<(), TrainError> {
        let mut line = serde_json::to_string(event).map_err(|error| TrainError::DamagedFile {
            path: self.path.clone(),
            reason: error.to_string(),
        })?;
        line.push('\n');
        self.file
            .write_all(line.as_bytes())
            .map_err(TrainError::io("write", &self.path))
    }
}

/// Bytes of the lines up to the first that is torn or belongs to a later step.
fn length_up_to(text: &[u8], step: u64) -> usize {
    let mut keep = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let Ok(event) = serde_json::from_slice::<Event>(line) else {
            break;
        };
        if line.last() != Some(&b'\n') || event.step().is_some_and(|of| of > step) {
            break;
        }
        keep += line.len();
    }
    keep
}

/// Reads the events of a run folder's `metrics.jsonl`; a torn last line is left out.
///
/// # Errors
/// A file that cannot be read, or a line before the last that is no event.
pub fn read_metrics(path: &Path) -> Result<Vec<Event>, TrainError> {
    let text = fs::read(path).map_err(TrainError::io("read", path))?;
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let mut events = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        match serde_json::from_slice(line) {
            Ok(event) => events.push(event),
            Err(_) if index + 1 == lines.len() => {}
            Err(error) => {
                return Err(TrainError::DamagedFile {
                    path: path.to_path_buf(),
                    reason: format!("line {}: {error}", index + 1),
                });
            }
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_torn_line_and_later_steps_are_cut_on_resume() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut metrics = Metrics::open(&path, 0).unwrap();
        for step in 1..=4 {
            metrics.append(&Event::Interrupted { step }).unwrap();
        }
        metrics.file.write_all(b"{\"event\":\"inter").unwrap();
        drop(metrics);
        assert_eq!(read_metrics(&path).unwrap().len(), 4);

        let mut metrics = Metrics::open(&path, 2).unwrap();
        metrics
            .append(&Event::Warning {
                message: "again".to_owned(),
            })
            .unwrap();
        let events = read_metrics(&path).unwrap();
        assert_eq!(events.len(), 3);
        assert_eq!(events[1], Event::Interrupted { step: 2 });
        assert!(matches!(events[2], Event::Warning { .. }));
    }

    #[test]
    fn a_damaged_line_in_the_middle_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        fs::write(&path, "{\"event\":\"interrupted\",\"step\":1}\nnonsense\n{\"event\":\"interrupted\",\"step\":2}\n").unwrap();
        let message = read_metrics(&path).unwrap_err().to_string();
        assert!(message.contains("line 2"), "{message}");
    }
}
