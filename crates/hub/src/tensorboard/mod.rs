//! Event files that `TensorBoard` reads, written beside `metrics.jsonl`.
//!
//! Every start of a run writes a file of its own in the folder; it begins with the mark of a new session, at which a reader
//! forgets what earlier files recorded of later steps.

mod file;
mod message;
mod picture;
mod record;
mod values;

use std::fs;
use std::path::{Path, PathBuf};

use pliant_activation::{Activation, ActivationSpec};
use pliant_train::event::GroupReport;
use pliant_train::{Event, EventSink, InputShapes};

use crate::HubError;
use file::EventFile;
use message::Value;
use values::scalar;

/// Folder of the event files in a run folder.
pub const FOLDER: &str = "tensorboard";

/// Writes the events of the runs that pass by, each into `tensorboard/` of its run folder.
///
/// A failure to write does not stop training: the first one is kept and nothing more is written.
#[derive(Debug)]
pub struct TensorBoard {
    out: PathBuf,
    /// Names of the groups whose learning rates a step reports.
    groups: Vec<String>,
    /// What every site computes.
    activation: Option<Activation>,
    run: PathBuf,
    file: Option<EventFile>,
    failure: Option<HubError>,
}

impl TensorBoard {
    /// For a run in the folder `out`, or for the seeds of a fine-tuning in `out/seed-N`.
    pub fn new(out: &Path) -> Self {
        Self {
            out: out.to_path_buf(),
            groups: Vec::new(),
            activation: None,
            run: out.to_path_buf(),
            file: None,
            failure: None,
        }
    }

    /// What follows belongs to a run in the folder `run`.
    pub fn enter(&mut self, run: &Path) {
        self.out = run.to_path_buf();
    }

    /// Ends the record.
    ///
    /// # Errors
    /// The first failure to write.
    pub fn finish(mut self) -> Result<(), HubError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), HubError> {
        self.file.as_mut().map_or(Ok(()), EventFile::flush)
    }

    fn begin(
        &mut self,
        run: PathBuf,
        step: u64,
        groups: &[GroupReport],
        activation: &str,
    ) -> Result<(), HubError> {
        // What was recorded up to the checkpoint stays; without one nothing does.
        let from = if step == 0 { 0 } else { step + 1 };
        self.file = Some(EventFile::create(&run.join(FOLDER), from)?);
        self.run = run;
        self.groups = groups.iter().map(|group| group.name.clone()).collect();
        self.activation = activation
            .parse()
            .ok()
            .and_then(|spec: ActivationSpec| Activation::new(spec.elementwise()).ok());
        Ok(())
    }

    fn values(&mut self, step: u64, values: Vec<Value>) -> Result<(), HubError> {
        self.file
            .as_mut()
            .map_or(Ok(()), |file| file.values(step, values))
    }

    /// The input histograms that a run writes at its end.
    fn inputs(&mut self) -> Result<(), HubError> {
        if self.file.is_none() {
            return Ok(());
        }
        let path = self.run.join("shapes/inputs.json");
        let text = fs::read(&path).map_err(|source| HubError::Io {
            action: "read",
            path: path.clone(),
            source,
        })?;
        let shapes: InputShapes =
            serde_json::from_slice(&text).map_err(|error| HubError::Damaged {
                path,
                reason: error.to_string(),
            })?;
        let sites = shapes.sites.iter();
        let values = sites.map(|site| values::inputs(&site.site, &site.inputs));
        self.values(shapes.step, values.collect())?;
        self.flush()?;
        self.file = None;
        Ok(())
    }

    fn record(&mut self, event: &Event) -> Result<(), HubError> {
        match event {
            Event::Started {
                step,
                groups,
                activation,
                ..
            } => self.begin(self.out.clone(), *step, groups, activation),
            Event::TaskStarted {
                seed,
                step,
                groups,
                activation,
                ..
            } => {
                let run = self.out.join(format!("seed-{seed}"));
                self.begin(run, *step, groups, activation)
            }
            Event::Step {
                step,
                loss,
                learning_rates,
                gradient_norm,
                activation_gradient_norm,
                tokens,
                milliseconds,
                ..
            } => {
                let mut values = vec![
                    scalar("loss/train", *loss),
                    scalar("gradient_norm/weights", *gradient_norm),
                    scalar("gradient_norm/activation", *activation_gradient_norm),
                    scalar(
                        "tokens_per_second",
                        *tokens as f64 / milliseconds.max(1e-3) * 1e3,
                    ),
                ];
                for (group, rate) in self.groups.iter().zip(learning_rates) {
                    values.push(scalar(format!("learning_rate/{group}"), *rate));
                }
                self.values(*step, values)
            }
            Event::Validation {
                step,
                loss,
                perplexity,
                masked_accuracy,
                coefficients,
                health,
                ..
            } => {
                let mut values = vec![
                    scalar("loss/validation", *loss),
                    scalar("perplexity", *perplexity),
                    scalar("masked_accuracy", *masked_accuracy),
                ];
                values.extend(values::coefficients(coefficients));
                values.extend(values::curves(self.activation.as_ref(), coefficients));
                values.extend(health.iter().flat_map(values::health));
                self.values(*step, values)?;
                self.flush()
            }
            Event::TaskValidation {
                step,
                metrics,
                coefficients,
                health,
                ..
            } => {
                let metrics = metrics.iter();
                let mut values: Vec<Value> = metrics
                    .map(|(name, value)| scalar(format!("validation/{name}"), *value))
                    .collect();
                values.extend(values::coefficients(coefficients));
                values.extend(values::curves(self.activation.as_ref(), coefficients));
                values.extend(health.iter().flat_map(values::health));
                self.values(*step, values)?;
                self.flush()
            }
            Event::Finished { .. } | Event::TaskFinished { .. } => self.inputs(),
            Event::Interrupted { .. } | Event::Diverged { .. } => self.flush(),
            _ => Ok(()),
        }
    }
}

impl EventSink for TensorBoard {
    fn event(&mut self, event: &Event) {
        if self.failure.is_none() {
            self.failure = self.record(event).err();
        }
    }
}
