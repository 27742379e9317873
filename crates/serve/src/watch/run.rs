//! What is known of one run: its events so far, condensed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::curves::Curves;
use super::history::History;
use super::series::{Sampled, Series};
use super::tail::{News, Tail};

/// A run that writes nothing for so long is no longer running, whatever its steps take.
const SILENCE: Duration = Duration::from_mins(1);

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
