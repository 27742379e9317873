//! An event file that is being written.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use prost::Message;

use super::message::{Event, SessionLog, SessionStatus, Summary, Value, What};
use super::record;
use crate::HubError;

/// A reader that follows the file waits at most about so long.
const FLUSH: Duration = Duration::from_secs(2);

/// An event file.
#[derive(Debug)]
pub(crate) struct EventFile {
    path: PathBuf,
    file: BufWriter<File>,
    flushed: Instant,
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

impl EventFile {
    /// A new file in `folder`, behind those that are there. What they recorded from step `from` on is void.
    pub(crate) fn create(folder: &Path, from: u64) -> Result<Self, HubError> {
        let io = |action, path: &Path| {
            let path = path.to_path_buf();
            move |source| HubError::Io {
                action,
                path,
                source,
            }
        };
        fs::create_dir_all(folder).map_err(io("create", folder))?;
        let seconds = now().as_secs();
        let mut index = 0;
        let (path, file) = loop {
            // Readers take the files of a folder in the order of their names.
            let path = folder.join(format!(
                "events.out.tfevents.{seconds:010}.{index:04}.pliant"
            ));
            match File::create_new(&path) {
                Ok(file) => break (path, file),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => index += 1,
                Err(error) => return Err(io("create", &path)(error)),
            }
        };
        let mut this = Self {
            path,
            file: BufWriter::new(file),
            flushed: Instant::now(),
        };
        this.write(0, What::FileVersion("brain.Event:2".to_owned()))?;
        let status = SessionStatus::Start.into();
        this.write(from, What::SessionLog(SessionLog { status }))?;
        this.flush()?;
        Ok(this)
    }

    /// Appends values of a step.
    pub(crate) fn values(&mut self, step: u64, values: Vec<Value>) -> Result<(), HubError> {
        self.write(step, What::Summary(Summary { values }))?;
        if self.flushed.elapsed() >= FLUSH {
            self.flush()?;
        }
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> Result<(), HubError> {
        self.flushed = Instant::now();
        let flushed = self.file.flush();
        flushed.map_err(|source| self.failure(source))
    }

    fn write(&mut self, step: u64, what: What) -> Result<(), HubError> {
        let event = Event {
            wall_time: now().as_secs_f64(),
            step: step as i64,
            what: Some(what),
        };
        let written = record::write(&mut self.file, &event.encode_to_vec());
        written.map_err(|source| self.failure(source))
    }

    fn failure(&self, source: std::io::Error) -> HubError {
        HubError::Io {
            action: "write",
            path: self.path.clone(),
            source,
        }
    }
}
