//! The events of a training run as progress.

mod task;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use pliant_train::{Event, EventSink};

use super::{
    number::{duration, grouped, short},
    rate::Rate,
    screen::{Losses, Screen, Status, Whole},
    summary,
};
use task::Epochs;

pub(crate) use task::scores;

/// Shows one run after the other.
pub(crate) struct TrainingProgress {
    pub(crate) screen: Screen,
    clock: Instant,
    title: String,
    /// Stage of the preparation that was shown last.
    stage: String,
    run: Option<Running>,
    /// The runs that this one is of, where there are several.
    pub(crate) whole: Option<Whole>,
    /// Whether the run's text and size are told; a comparison tells them once.
    pub(crate) introduce: bool,
}

/// A run between `Started` and `Finished`.
struct Running {
    steps: Option<u64>,
    minutes: Option<f64>,
    /// When the first step here began: the validation before it says nothing about the pace.
    begun: Option<Duration>,
    rate: Rate,
    /// Of the last step.
    loss: Option<f64>,
    losses: Losses,
    /// Speed and time left after the last step that was shown.
    pace: Vec<String>,
    /// What the last validation found.
    validation: String,
    /// Of a fine-tuning.
    epochs: Option<Epochs>,
}

impl TrainingProgress {
    pub(crate) fn new(screen: Screen, title: &str) -> Self {
        Self {
            screen,
            clock: Instant::now(),
            title: title.to_owned(),
            stage: String::new(),
            run: None,
            whole: None,
            introduce: true,
        }
    }

    /// The next run.
    pub(crate) fn begin(&mut self, title: &str) {
        title.clone_into(&mut self.title);
        self.stage.clear();
        self.run = None;
    }

    /// Shows an event that happened `now`, measured from any fixed point.
    fn show(&mut self, event: &Event, now: Duration) {
        match event {
            Event::Preparing {
                stage,
                done,
                total,
                tokens_per_second,
            } => {
                let speed = tokens_per_second.map(|speed| format!("{} tokens/s", short(speed)));
                let title = format!("preparing: {stage}");
                let percent = total
                    .filter(|&total| total > 0)
                    .map(|total| done * 100 / total);
                let status = Status {
                    length: percent.map(|_| 100),
                    share: percent.map(|percent| percent as f64 / 100.0),
                    pace: speed.as_slice(),
                    whole: self.whole.as_ref(),
                    ..match percent {
                        Some(percent) => Status::new(&title, "%", percent),
                        None => Status::new(&title, "at", *done),
                    }
                };
                // Later runs of a comparison find everything prepared: their stages pass unsaid.
                let news = self.introduce && self.stage != *stage;
                self.screen.status(&status, now, news);
                self.stage.clone_from(stage);
            }
            Event::Prepared {
                vocabulary_size,
                training_sequences,
                training_tokens,
                validation_sequences,
                unigram_loss,
                ..
            } => {
                self.screen.clear();
                if self.introduce {
                    self.screen.note(&format!(
                        "text: {} tokens in {} sequences, {} sequences for validation, {} words; word frequencies alone: loss {unigram_loss:.3}",
                        grouped(*training_tokens),
                        grouped(*training_sequences),
                        grouped(*validation_sequences),
                        grouped(*vocabulary_size as u64),
                    ));
                }
            }
            Event::Started {
                step,
                steps,
                minutes,
                parameters,
                threads,
                precision,
                activation,
                ..
            } => {
                self.begun(Running::new(*step, *steps, *minutes));
                self.introduction(parameters, activation, precision, *threads);
                self.goes_on(*step);
            }
            Event::TaskStarted { .. } => self.task_started(event),
            Event::Step {
                step,
                loss,
                tokens,
                milliseconds,
                elapsed_seconds,
                ..
            } => {
                if let Some(run) = &mut self.run {
                    let took =
                        Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default();
                    let begun = *run.begun.get_or_insert(now.saturating_sub(took));
                    let first = run.rate.is_empty();
                    run.rate.step(*step, *tokens, now.saturating_sub(begun));
                    run.loss = Some(*loss);
                    run.losses.push(*loss);
                    self.step(*step, *elapsed_seconds, now, first);
                }
            }
            Event::Validation { loss, .. } => {
                if let Some(run) = &mut self.run {
                    run.validation = format!("validation {loss:.3}");
                }
            }
            Event::TaskValidation {
                step,
                epoch,
                primary,
                metrics,
                best,
                ..
            } => self.task_validated(*step, *epoch, primary, metrics, *best, now),
            Event::TaskFinished { result } => self.task_finished(result),
            Event::Warning { message } => self.screen.warning(message),
            Event::GradientReport { step, zero, .. } if !zero.is_empty() => {
                self.screen.warning(&format!(
                    "step {step}: the gradient is all zero in {}",
                    zero.join(", ")
                ));
            }
            Event::StoppedEarly { step, best_step } => {
                self.screen.note(&format!(
                    "{}  stopped early at step {step}; step {best_step} was the best",
                    self.title
                ));
            }
            Event::Finished { summary } => {
                self.ended();
                self.screen.note(&format!(
                    "{}  done: {} steps, validation loss {:.4}, perplexity {:.2}, {} tokens/s",
                    self.title,
                    grouped(summary.steps),
                    summary.validation_loss,
                    summary.perplexity,
                    short(summary.tokens_per_second),
                ));
            }
            // The failure that ends the run says it, after the bar is gone.
            Event::Diverged { .. } | Event::Interrupted { .. } => self.screen.clear(),
            _ => {}
        }
    }

    /// What is trained, once.
    fn introduction(
        &mut self,
        parameters: &BTreeMap<String, usize>,
        activation: &str,
        precision: &str,
        threads: usize,
    ) {
        if self.introduce {
            let threads = format!("{threads} thread{}", if threads == 1 { "" } else { "s" });
            self.screen.note(&format!(
                "model: activation {activation}, parameters {}, {precision}, {threads}",
                summary::roles(parameters)
            ));
        }
    }

    fn goes_on(&mut self, step: u64) {
        if step > 0 {
            self.screen
                .note(&format!("{}  goes on from step {step}", self.title));
        }
    }

    /// A run begins or goes on.
    fn begun(&mut self, run: Running) {
        let share = run.share(0.0);
        self.run = Some(run);
        if let (Some(whole), Some(share)) = (&mut self.whole, share) {
            whole.reach(share, self.clock.elapsed());
        }
    }

    /// A run came to its end.
    fn ended(&mut self) {
        self.screen.clear();
        if let Some(whole) = &mut self.whole {
            whole.one_more();
        }
    }

    fn step(&mut self, step: u64, used: f64, now: Duration, first: bool) {
        let Some(run) = &mut self.run else { return };
        let share = run.share(used);
        if let (Some(whole), Some(share)) = (&mut self.whole, share) {
            whole.reach(share, now);
        }
        // The last step of a fine-tuning is followed by the line of its epoch.
        let edge = first || (run.steps == Some(step) && run.epochs.is_none());
        if !self.screen.is_due(now, edge) {
            return;
        }
        let speed = run.rate.tokens_per_second();
        let budget = run
            .minutes
            .and_then(|minutes| Duration::try_from_secs_f64((minutes * 60.0 - used).max(0.0)).ok());
        let by_steps = run.steps.and_then(|steps| run.rate.remaining(steps));
        let remaining = [budget, by_steps].into_iter().flatten().min();
        let speed = speed.map(|speed| format!("{} tokens/s", short(speed)));
        let remaining = remaining.map(|time| format!("ETA {}", duration(time)));
        run.pace = speed.into_iter().chain(remaining).collect();
        let status = run.status(&self.title, share, self.whole.as_ref());
        self.screen.status(&status, now, edge);
    }
}

impl Running {
    /// A run at the step from which it is trained here.
    fn new(step: u64, steps: Option<u64>, minutes: Option<f64>) -> Self {
        Self {
            steps,
            minutes,
            begun: None,
            rate: Rate::new(step),
            loss: None,
            losses: Losses::new(),
            pace: Vec::new(),
            validation: String::new(),
            epochs: None,
        }
    }

    /// Share of the run that is done, after so many seconds; what ends first counts.
    fn share(&self, used: f64) -> Option<f64> {
        let by_steps = self
            .steps
            .filter(|&steps| steps > 0)
            .map(|steps| self.rate.position() as f64 / steps as f64);
        let by_time = self.minutes.map(|minutes| used / (minutes * 60.0));
        [by_steps, by_time].into_iter().flatten().reduce(f64::max)
    }

    fn status<'a>(
        &'a self,
        title: &'a str,
        share: Option<f64>,
        whole: Option<&'a Whole>,
    ) -> Status<'a> {
        Status {
            length: self.steps,
            share,
            loss: self.loss,
            pace: &self.pace,
            note: &self.validation,
            losses: Some(&self.losses),
            whole,
            ..Status::new(title, "step", self.rate.position())
        }
    }
}

impl EventSink for TrainingProgress {
    fn event(&mut self, event: &Event) {
        self.show(event, self.clock.elapsed());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn step(step: u64) -> Event {
        Event::Step {
            step,
            loss: 4.5,
            learning_rates: vec![],
            gradient_norm: 1.0,
            activation_gradient_norm: 0.0,
            tokens: 4096,
            masked_tokens: 600,
            milliseconds: 400.0,
            elapsed_seconds: 0.0,
        }
    }

    #[test]
    fn one_line_per_interval_measured_from_the_resume_point() {
        let buffer = Buffer::default();
        let mut progress = TrainingProgress::new(Screen::lines(buffer.clone()), "gelu seed 1");
        let started = Event::Started {
            step: 100,
            steps: Some(200),
            minutes: None,
            elapsed_seconds: 50.0,
            tokens_per_step: 4096,
            threads: 2,
            precision: "f32".to_owned(),
            activation: "gelu".to_owned(),
            parameters: [("total".to_owned(), 12_345), ("weight".to_owned(), 12_345)].into(),
            groups: vec![],
            initial_weights: String::new(),
        };
        progress.show(&started, Duration::from_secs(1000));
        for index in 1..=100 {
            progress.show(
                &step(100 + index),
                Duration::from_millis(1_000_000 + 400 * index),
            );
        }
        let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        let wanted = "\
            model: activation gelu, parameters 12,345 (weight 12,345), f32, 2 threads\n\
            gelu seed 1  goes on from step 100\n\
            gelu seed 1  step 101/200  loss 4.500  10.2k tokens/s  ETA 40s\n\
            gelu seed 1  step 126/200  loss 4.500  10.2k tokens/s  ETA 30s\n\
            gelu seed 1  step 151/200  loss 4.500  10.2k tokens/s  ETA 20s\n\
            gelu seed 1  step 176/200  loss 4.500  10.2k tokens/s  ETA 10s\n\
            gelu seed 1  step 200/200  loss 4.500  10.2k tokens/s  ETA 0s\n";
        assert_eq!(text, wanted);
    }
}
