//! What is known of one run: its events so far, condensed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::curves::{Curves, Evolution};
use crate::record::Record;
use crate::series::{Sampled, Series};
use crate::tail::{News, Tail};

/// A run that writes nothing for so long is no longer running, whatever its steps take.
const SILENCE: Duration = Duration::from_mins(1);
/// Weight of a new value in the running means.
const SMOOTHING: f64 = 0.05;
/// Optimizer groups and roles that are kept.
const SERIES: usize = 16;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Waiting,
    Running,
    Silent,
    Finished,
    Interrupted,
    Diverged,
    Vanished,
}

/// A run in one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Overview {
    pub(crate) id: usize,
    pub(crate) label: String,
    pub(crate) arm: usize,
    pub(crate) state: State,
    activation: String,
    step: u64,
    steps: Option<u64>,
    training_loss: Option<f64>,
    validation_loss: Option<f64>,
    best: Option<String>,
    tokens_per_second: Option<f64>,
    seconds_left: Option<f64>,
    elapsed_seconds: f64,
    note: Option<String>,
    broken: Option<String>,
    /// Grow with what `/runs/ID/series` and `/runs/ID/curves` give.
    series_version: u64,
    curves_version: u64,
}

/// Every series of a run.
#[derive(Debug, Serialize)]
pub(crate) struct AllSeries {
    loss: Sampled,
    validation: Sampled,
    throughput: Sampled,
    learning_rates: BTreeMap<String, Sampled>,
    gradients: BTreeMap<String, Sampled>,
}

/// Everything that comes from the record, dropped when that is rewritten.
#[derive(Debug, Default)]
struct History {
    lines: u64,
    broken: u64,
    first_broken: u64,
    state: Option<State>,
    activation: String,
    step: u64,
    steps: Option<u64>,
    minutes: Option<f64>,
    smooth_loss: Option<f64>,
    validation_loss: Option<f64>,
    best: Option<String>,
    best_loss: Option<f64>,
    speed: Option<f64>,
    milliseconds: Option<f64>,
    elapsed: f64,
    note: Option<String>,
    group_names: Vec<String>,
    loss: Series,
    validation: Series,
    throughput: Series,
    learning_rates: BTreeMap<String, Series>,
    gradients: BTreeMap<String, Series>,
    evolution: Evolution,
}

/// A run that is followed.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) folder: PathBuf,
    pub(crate) label: String,
    tail: Tail,
    history: History,
    there: bool,
    ever_there: bool,
    unreadable: Option<String>,
    last_news: Option<Instant>,
    series_version: u64,
    curves_version: u64,
}

impl Run {
    pub(crate) fn new(folder: &Path, label: String) -> Self {
        Self {
            folder: folder.to_path_buf(),
            label,
            tail: Tail::new(&folder.join("metrics.jsonl")),
            history: History::default(),
            there: false,
            ever_there: false,
            unreadable: None,
            last_news: None,
            series_version: 0,
            curves_version: 0,
        }
    }

    /// Reads what is new; whether there is more to read at once.
    pub(crate) fn poll(&mut self) -> bool {
        let news = match self.tail.read() {
            Ok(news) => news,
            Err(error) => {
                self.unreadable = Some(format!("metrics.jsonl cannot be read: {error}"));
                return false;
            }
        };
        self.unreadable = None;
        self.there = news != News::Missing;
        self.ever_there |= self.there;
        match news {
            News::Missing => false,
            News::Rewritten => {
                self.history = History::default();
                self.series_version += 1;
                self.curves_version += 1;
                true
            }
            News::Lines(lines, more) => {
                if !lines.is_empty() {
                    // A record that is read for the first time may be old: its age says whether the run goes on.
                    let age = std::fs::metadata(self.folder.join("metrics.jsonl"))
                        .and_then(|metadata| metadata.modified())
                        .ok()
                        .and_then(|time| time.elapsed().ok())
                        .unwrap_or_default();
                    self.last_news = Instant::now().checked_sub(age);
                    self.series_version += 1;
                }
                for line in lines {
                    if self.history.line(&line) {
                        self.curves_version += 1;
                    }
                }
                more
            }
        }
    }

    pub(crate) fn state(&self) -> State {
        if !self.there {
            return if self.ever_there {
                State::Vanished
            } else {
                State::Waiting
            };
        }
        let patience = SILENCE.max(Duration::from_secs_f64(
            self.history.milliseconds.unwrap_or(0.0).clamp(0.0, 3.6e6) / 1000.0 * 20.0,
        ));
        let silent = self.last_news.is_none_or(|news| news.elapsed() > patience);
        match self.history.state {
            Some(State::Running) if silent => State::Silent,
            Some(state) => state,
            None => State::Waiting,
        }
    }

    pub(crate) fn overview(&self, id: usize, arm: usize) -> Overview {
        let history = &self.history;
        let state = self.state();
        let left = match (history.steps, history.minutes, history.milliseconds) {
            _ if state != State::Running => None,
            (Some(steps), _, Some(step)) => {
                Some(steps.saturating_sub(history.step) as f64 * step / 1000.0)
            }
            (None, Some(minutes), _) => Some((minutes * 60.0 - history.elapsed).max(0.0)),
            _ => None,
        };
        let broken = (history.broken > 0).then(|| {
            format!(
                "metrics.jsonl: {} broken line(s) left out, the first is line {}",
                history.broken, history.first_broken
            )
        });
        Overview {
            id,
            label: self.label.clone(),
            arm,
            state,
            activation: history.activation.clone(),
            step: history.step,
            steps: history.steps,
            training_loss: history.smooth_loss,
            validation_loss: history.validation_loss,
            best: history.best.clone(),
            tokens_per_second: history.speed,
            seconds_left: left,
            elapsed_seconds: history.elapsed,
            note: self.unreadable.clone().or_else(|| history.note.clone()),
            broken,
            series_version: self.series_version,
            curves_version: self.curves_version,
        }
    }

    pub(crate) fn series(&self) -> AllSeries {
        let all = |map: &BTreeMap<String, Series>| {
            map.iter()
                .map(|(name, series)| (name.clone(), series.sampled()))
                .collect()
        };
        AllSeries {
            loss: self.history.loss.sampled(),
            validation: self.history.validation.sampled(),
            throughput: self.history.throughput.sampled(),
            learning_rates: all(&self.history.learning_rates),
            gradients: all(&self.history.gradients),
        }
    }

    pub(crate) fn curves(&self) -> Curves {
        self.history.evolution.curves(&self.history.activation)
    }
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
    fn line(&mut self, line: &[u8]) -> bool {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    const STARTED: &str =
        r#"{"event":"started","step":0,"steps":10,"activation":"rational","elapsed_seconds":0}"#;
    const STEP: &str = r#"{"event":"step","step":4,"loss":2.5,"learning_rates":[0.1],"gradient_norm":1.0,"tokens":100,"milliseconds":50}"#;

    fn follow(lines: &[&str]) -> (tempfile::TempDir, Run) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("metrics.jsonl"), lines.join("\n") + "\n").unwrap();
        let mut run = Run::new(folder.path(), "run".to_owned());
        while run.poll() {}
        (folder, run)
    }

    #[test]
    fn states_follow_the_record() {
        let (folder, mut run) = follow(&[STARTED, STEP]);
        assert_eq!(run.state(), State::Running);
        let overview = run.overview(0, 0);
        assert_eq!(
            (overview.step, overview.tokens_per_second),
            (4, Some(2000.0))
        );
        assert!((overview.seconds_left.unwrap() - 0.3).abs() < 1e-12);
        for (event, state) in [
            ("interrupted", State::Interrupted),
            ("finished", State::Finished),
            ("diverged", State::Diverged),
        ] {
            let line = format!(r#"{{"event":"{event}","step":5}}"#);
            fs::write(
                folder.path().join("metrics.jsonl"),
                [STARTED, STEP, &line, ""].join("\n"),
            )
            .unwrap();
            while run.poll() {}
            assert_eq!(run.state(), state);
        }
        fs::remove_dir_all(folder.path()).unwrap();
        run.poll();
        assert_eq!(run.state(), State::Vanished);
        assert_eq!(run.overview(0, 0).step, 4, "what was seen last stays");
    }

    #[test]
    fn a_record_without_news_is_silent() {
        let (folder, mut run) = follow(&[STARTED, STEP]);
        run.last_news = Instant::now().checked_sub(SILENCE * 2);
        assert_eq!(run.state(), State::Silent);
        drop(folder);
        run = Run::new(Path::new("/nowhere/at/all"), "later".to_owned());
        run.poll();
        assert_eq!(run.state(), State::Waiting);
    }

    #[test]
    fn broken_lines_are_counted_and_named_and_later_versions_skipped() {
        let (_folder, run) = follow(&[
            STARTED,
            "{\"event\":\"st",
            r#"{"event":"of_the_future","x":[1]}"#,
            STEP,
            "nonsense",
        ]);
        let broken = run.overview(0, 0).broken.unwrap();
        assert!(
            broken.contains("2 broken") && broken.ends_with("line 2"),
            "{broken}"
        );
        assert_eq!(run.history.step, 4);
    }
}
