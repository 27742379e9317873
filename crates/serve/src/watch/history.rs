//! A run's record, condensed line by line.

use std::collections::BTreeMap;

use super::curves::Evolution;
use super::record::Record;
use super::run::State;
use super::series::Series;

/// Weight of a new value in the running means.
const SMOOTHING: f64 = 0.05;
/// Optimizer groups and roles that are kept.
const SERIES: usize = 16;

/// Everything that comes from the record, dropped when that is rewritten.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) lines: u64,
    pub(crate) broken: u64,
    pub(crate) first_broken: u64,
    pub(crate) state: Option<State>,
    pub(crate) activation: String,
    pub(crate) step: u64,
    pub(crate) steps: Option<u64>,
    pub(crate) minutes: Option<f64>,
    pub(crate) smooth_loss: Option<f64>,
    pub(crate) validation_loss: Option<f64>,
    pub(crate) best: Option<String>,
    pub(crate) best_loss: Option<f64>,
    pub(crate) speed: Option<f64>,
    pub(crate) milliseconds: Option<f64>,
    pub(crate) elapsed: f64,
    pub(crate) note: Option<String>,
    pub(crate) group_names: Vec<String>,
    pub(crate) loss: Series,
    pub(crate) validation: Series,
    pub(crate) throughput: Series,
    pub(crate) learning_rates: BTreeMap<String, Series>,
    pub(crate) gradients: BTreeMap<String, Series>,
    pub(crate) evolution: Evolution,
}

/// Adds to a series of a bounded family.
fn push(family: &mut BTreeMap<String, Series>, name: &str, step: u64, value: f64) {
    if let Some(series) = family.get_mut(name) {
        series.push(step, value);
    } else if family.len() < SERIES {
        family.entry(name.to_owned()).or_default().push(step, value);
    }
}

/// A running mean that begins with the first value.
fn smooth(mean: &mut Option<f64>, value: f64) {
    if value.is_finite() {
        *mean = Some(mean.map_or(value, |mean| mean + SMOOTHING * (value - mean)));
    }
}

impl History {
    /// Takes in a line; whether the curves changed.
    pub(crate) fn line(&mut self, line: &[u8]) -> bool {
        self.lines += 1;
        if line.is_empty() {
            return false;
        }
        let Ok(record) = serde_json::from_slice::<Record>(line) else {
            self.broken += 1;
            if self.broken == 1 {
                self.first_broken = self.lines;
            }
            return false;
        };
        self.record(record)
    }

    fn record(&mut self, record: Record) -> bool {
        let step = record.step.unwrap_or(self.step);
        match record.event.as_str() {
            "started" | "task_started" => {
                self.state = Some(State::Running);
                (self.step, self.steps, self.minutes) = (step, record.steps, record.minutes);
                self.elapsed = record.elapsed_seconds.unwrap_or(self.elapsed);
                self.activation = record.activation.unwrap_or_default();
                self.group_names = record.groups.into_iter().map(|group| group.name).collect();
                self.note = None;
                return true;
            }
            "step" => self.step(step, &record),
            "validation" | "task_validation" => {
                self.step = self.step.max(step);
                let loss = record
                    .loss
                    .or_else(|| record.metrics.get("loss").copied().flatten());
                if let Some(loss) = loss {
                    self.validation.push(step, loss);
                    self.validation_loss = Some(loss);
                    if record.primary.is_none() && self.best_loss.is_none_or(|best| loss < best) {
                        self.best_loss = Some(loss);
                        self.best = Some(format!("{loss:.4} at step {step}"));
                    }
                }
                if let Some(primary) = &record.primary
                    && let Some(value) = record.metrics.get(primary).copied().flatten()
                {
                    self.best = Some(format!("{primary} {value:.4} at step {step}"));
                }
                for (role, norm) in record.health.unwrap_or_default().gradient_norms {
                    push(&mut self.gradients, &role, step, norm.unwrap_or(f64::NAN));
                }
                self.evolution.push(step, &record.coefficients);
                return !record.coefficients.is_empty();
            }
            "finished" | "task_finished" => self.state = Some(State::Finished),
            "interrupted" => self.state = Some(State::Interrupted),
            "diverged" => {
                self.state = Some(State::Diverged);
                self.note = Some(format!(
                    "not finite at step {step}, first in {}",
                    record.place.unwrap_or_default()
                ));
            }
            "warning" => self.note = record.message,
            _ => {}
        }
        false
    }

    fn step(&mut self, step: u64, record: &Record) {
        self.state = Some(State::Running);
        self.step = step;
        self.elapsed = record.elapsed_seconds.unwrap_or(self.elapsed);
        let loss = record.loss.unwrap_or(f64::NAN);
        smooth(&mut self.smooth_loss, loss);
        self.loss.push(step, self.smooth_loss.unwrap_or(f64::NAN));
        if let Some(milliseconds) = record.milliseconds.filter(|time| *time > 0.0) {
            smooth(&mut self.milliseconds, milliseconds);
            let speed = record.tokens.unwrap_or(f64::NAN) / milliseconds * 1000.0;
            smooth(&mut self.speed, speed);
            self.throughput.push(step, speed);
        }
        for (index, rate) in record.learning_rates.iter().enumerate() {
            let name = self
                .group_names
                .get(index)
                .cloned()
                .unwrap_or_else(|| format!("group {index}"));
            push(&mut self.learning_rates, &name, step, *rate);
        }
        push(
            &mut self.gradients,
            "all but activations",
            step,
            record.gradient_norm.unwrap_or(f64::NAN),
        );
        // Zero stands for no activation coefficients.
        if let Some(norm) = record.activation_gradient_norm.filter(|norm| *norm > 0.0) {
            push(&mut self.gradients, "activation coefficients", step, norm);
        }
    }
}
