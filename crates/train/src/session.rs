//! The training loop.

use std::time::Instant;

use crate::checkpoint::{self, State, Weights};
use crate::event::EventSink;
use crate::folder::RunFolder;
use crate::health::LastStep;
use crate::metrics::Metrics;
use crate::optimizer::{GradientNorms, Optimizer};
use crate::recipe::Clock;
use crate::schedule::Moment;
use crate::trainable::{Feed, Trainable, Validate};
use crate::{
    Event, StopFlag, TrainError, digest, divergence, environment, gradient_report, health, observe,
    step,
};

/// Sends events to the caller and to `metrics.jsonl`.
pub(crate) struct Recorder<'s> {
    pub(crate) sink: &'s mut dyn EventSink,
    pub(crate) metrics: Metrics,
}

impl Recorder<'_> {
    pub(crate) fn emit(&mut self, event: &Event) -> Result<(), TrainError> {
        if event.is_recorded() {
            self.metrics.append(event)?;
        }
        self.sink.event(event);
        Ok(())
    }
}

/// What the loop does at which step.
#[derive(Clone, Debug)]
pub(crate) struct Routine {
    /// Keys dropout.
    pub(crate) seed: u64,
    /// Sequences that go through the model at once.
    pub(crate) micro_batch: usize,
    /// Largest norm of a gradient; 0 for none.
    pub(crate) gradient_clip: f64,
    /// What ends the run.
    pub(crate) clock: Clock,
    /// Whether the model is scored before the first step.
    pub(crate) validates_first: bool,
    /// Steps between validations; 0 for one at the end only.
    pub(crate) validate_every: u64,
    /// Validations in a row without a new best that end the run; 0 for never.
    pub(crate) patience: u64,
    pub(crate) checkpoints: Checkpoints,
    /// The step whose gradients are reported.
    pub(crate) report_gradients_at: u64,
}

/// When checkpoints are written, and which stay.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Checkpoints {
    /// Every so many steps and at every best validation; the newest `keep` and the best stay.
    Steps { every: u64, keep: usize },
    /// Behind a validation when the last one is so many seconds ago; the newest stays, the best weights lie inside.
    Apart { seconds: f64 },
}

/// Everything the loop works on.
pub(crate) struct Session<'r, 's, M: Trainable, F: Feed> {
    pub(crate) routine: Routine,
    pub(crate) folder: &'r RunFolder,
    pub(crate) feed: &'r F,
    pub(crate) model: M,
    pub(crate) optimizer: Optimizer,
    pub(crate) state: State,
    /// Hash of the weights that the model began with here, as in the state.
    pub(crate) initial_weights: String,
    /// The weights of the best validation, where the run keeps them in memory.
    pub(crate) best: Option<Weights>,
    /// The last step that this process took.
    pub(crate) last: Option<LastStep>,
    pub(crate) recorder: Recorder<'s>,
    pub(crate) stop: StopFlag,
}

/// Measures training time over all parts of a run.
struct Stopwatch {
    before: f64,
    since: Instant,
}

impl Stopwatch {
    fn seconds(&self) -> f64 {
        self.before + self.since.elapsed().as_secs_f64()
    }
}

pub(crate) fn milliseconds_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

impl<'r, 's, M: Trainable, F: Feed<Batch = M::Batch> + Validate<M>> Session<'r, 's, M, F> {
    /// A session where the folder's newest checkpoint left off, or before the first step; with what there is to warn of.
    /// `model` holds its initial values, `data` is the hash of what it is trained on.
    ///
    /// # Errors
    /// [`TrainError::OtherData`] where the checkpoint is of other data, and what checkpoints and files say.
    pub(crate) fn open(
        routine: Routine,
        folder: &'r RunFolder,
        feed: &'r F,
        mut model: M,
        mut optimizer: Optimizer,
        data: &str,
        stop: StopFlag,
        sink: &'s mut dyn EventSink,
    ) -> Result<(Self, Vec<String>), TrainError> {
        let initial_weights = digest::initial_weights(&model);
        let checkpoints = folder.checkpoints();
        let warnings = checkpoint::clean(&checkpoints)?;
        let (state, best) = match checkpoint::read_newest(&checkpoints, &mut model, &mut optimizer)?
        {
            Some((state, _)) if state.data != data => {
                return Err(TrainError::OtherData {
                    folder: folder.path().to_path_buf(),
                });
            }
            Some(found) => found,
            None => (State::new(data.to_owned(), initial_weights.clone()), None),
        };
        let recorder = Recorder {
            metrics: Metrics::open(&folder.metrics(), state.step)?,
            sink,
        };
        let session = Self {
            routine,
            folder,
            feed,
            model,
            optimizer,
            state,
            initial_weights,
            best,
            last: None,
            recorder,
            stop,
        };
        Ok((session, warnings))
    }

    /// Trains from the state's step to the end. With [`Checkpoints::Steps`] the state behind the last step is in a checkpoint
    /// when it returns.
    ///
    /// # Errors
    /// [`TrainError::Interrupted`] (after a checkpoint), [`TrainError::Diverged`], or what files and model say.
    pub(crate) fn train(&mut self) -> Result<(), TrainError> {
        let clock = Stopwatch {
            before: self.state.elapsed_seconds,
            since: Instant::now(),
        };
        let mut checkpointed = (self.state.step > 0).then_some(self.state.step);
        let mut written = Instant::now();
        if self.routine.validates_first
            && self.state.step == 0
            && self.state.last_validation.is_none()
        {
            self.validate()?;
        }
        let mut is_over = self.is_over(&clock);
        while !is_over {
            if self.stop.is_raised() {
                return self.interrupt(&clock, checkpointed);
            }
            self.step(&clock)?;
            let step = self.state.step;
            let (mut is_best, mut has_validated) = (false, false);
            // Asked once per step: the clock of a time budget goes on.
            is_over = self.is_over(&clock);
            if is_over || is_due(step, self.routine.validate_every) {
                is_best = self.validate()?;
                has_validated = true;
                self.consider_early_stop()?;
                is_over |= self.state.stopped_early;
            }
            let writes = match self.routine.checkpoints {
                Checkpoints::Steps { every, .. } => is_best || is_over || is_due(step, every),
                Checkpoints::Apart { seconds } => {
                    has_validated && written.elapsed().as_secs_f64() >= seconds
                }
            };
            if writes {
                self.checkpoint(&clock)?;
                written = Instant::now();
                checkpointed = Some(step);
            }
        }
        // A resumed run with a time budget may be over before its first step.
        if self
            .state
            .last_validation
            .as_ref()
            .is_none_or(|last| last.step != self.state.step)
        {
            self.validate()?;
            checkpointed = None;
        }
        match self.routine.checkpoints {
            Checkpoints::Steps { .. } if checkpointed != Some(self.state.step) => {
                self.checkpoint(&clock)?;
            }
            Checkpoints::Steps { .. } => {}
            Checkpoints::Apart { .. } => self.state.elapsed_seconds = clock.seconds(),
        }
        Ok(())
    }

    fn is_over(&self, clock: &Stopwatch) -> bool {
        self.state.stopped_early
            || match self.routine.clock {
                Clock::Steps(steps) => self.state.step >= steps,
                Clock::Minutes(minutes) => clock.seconds() >= minutes * 60.0,
            }
    }

    /// Computes, checks and applies one step.
    fn step(&mut self, clock: &Stopwatch) -> Result<(), TrainError> {
        let began = Instant::now();
        let number = self.state.step + 1;
        let mut computed = step::compute(
            &self.model,
            self.feed,
            self.routine.seed,
            number,
            self.routine.micro_batch,
            (&self.state.batches, &self.state.masks),
        )?;
        let mut norms = GradientNorms::of(&computed.gradients, self.model.parameters());
        let moment = Moment {
            step: number,
            minutes: clock.seconds() / 60.0,
        };
        let learning_rates = self.optimizer.learning_rates(moment);
        if !computed.loss.is_finite() || !norms.is_finite() {
            return Err(self.diverged(
                number,
                computed.loss,
                norms.weights.hypot(norms.coefficients),
                &learning_rates,
                Some(&computed.gradients),
            )?);
        }
        if number == self.routine.report_gradients_at {
            let report = gradient_report::examine(&self.model, &computed.gradients, number)?;
            self.recorder.emit(&report)?;
        }
        let ties = &self.optimizer.grouping().ties;
        if !ties.is_empty() {
            ties.gather(&mut computed.gradients);
            norms = GradientNorms::of(&computed.gradients, self.model.parameters());
        }
        let clip = norms.clip(self.routine.gradient_clip);
        self.optimizer.apply(
            &mut self.model,
            &computed.gradients,
            clip,
            &learning_rates,
            number,
        )?;
        let gradient_norm = norms.weights;
        let activation_gradient_norm = norms.coefficients;
        self.last = Some(LastStep {
            moment,
            learning_rates: learning_rates.clone(),
            gradient_norms: norms.by_role,
        });
        let milliseconds = milliseconds_since(began);
        self.state
            .advance(computed.loss, milliseconds, computed.digests);
        self.recorder.emit(&Event::Step {
            step: number,
            loss: computed.loss,
            learning_rates,
            gradient_norm,
            activation_gradient_norm,
            tokens: computed.tokens,
            masked_tokens: computed.rows,
            milliseconds,
            elapsed_seconds: clock.seconds(),
        })
    }

    fn diverged(
        &mut self,
        number: u64,
        loss: f64,
        norm: f64,
        learning_rates: &[f64],
        gradients: Option<&M::Gradients>,
    ) -> Result<TrainError, TrainError> {
        let error = divergence::record(
            &self.model,
            self.feed,
            self.routine.micro_batch,
            number,
            loss,
            norm,
            learning_rates,
            gradients,
            &self.folder.divergence(),
        )?;
        if let TrainError::Diverged { place, report, .. } = &error {
            let (place, report) = (place.clone(), report.clone());
            let loss = loss.is_finite().then_some(loss);
            self.recorder.emit(&Event::Diverged {
                step: number,
                loss,
                place,
                report,
            })?;
        }
        Ok(error)
    }

    /// Scores the validation set; returns whether it is the best so far.
    fn validate(&mut self) -> Result<bool, TrainError> {
        let began = Instant::now();
        let result = self
            .feed
            .validate(&self.model, self.routine.micro_batch, self.state.step)?;
        if !result.loss.is_finite() {
            return Err(self.diverged(result.step.max(1), result.loss, f64::NAN, &[], None)?);
        }
        let measured = health::measure(
            &self.model,
            &self.optimizer,
            self.feed,
            self.routine.micro_batch,
            self.last.as_ref(),
        )?;
        let best = self.state.validated(result.clone());
        if best && matches!(self.routine.checkpoints, Checkpoints::Apart { .. }) {
            self.best = Some(Weights::of(&self.model));
        }
        let event = self.feed.event(
            &result,
            best,
            milliseconds_since(began),
            observe::coefficients(&self.model),
            measured.health.clone(),
        );
        self.recorder.emit(&event)?;
        for message in health::leaving(&measured, result.step, &mut self.state.warned) {
            self.recorder.emit(&Event::Warning { message })?;
        }
        Ok(best)
    }

    fn consider_early_stop(&mut self) -> Result<(), TrainError> {
        let patience = self.routine.patience;
        if patience > 0
            && self.state.validations_without_best >= patience
            && !self.state.stopped_early
        {
            self.state.stopped_early = true;
            let best_step = self.state.best.as_ref().map_or(0, |best| best.step);
            self.recorder.emit(&Event::StoppedEarly {
                step: self.state.step,
                best_step,
            })?;
        }
        Ok(())
    }

    fn checkpoint(&mut self, clock: &Stopwatch) -> Result<(), TrainError> {
        let began = Instant::now();
        self.state.elapsed_seconds = clock.seconds();
        self.state.peak_memory_bytes = self
            .state
            .peak_memory_bytes
            .max(environment::peak_memory_bytes());
        let checkpoints = self.folder.checkpoints();
        let folder = checkpoint::write(
            &checkpoints,
            &self.model,
            &self.optimizer,
            &self.state,
            self.best.as_ref(),
        )?;
        match self.routine.checkpoints {
            Checkpoints::Steps { keep, .. } => {
                checkpoint::prune(&checkpoints, keep, self.state.best.as_ref())?;
            }
            Checkpoints::Apart { .. } => checkpoint::prune(&checkpoints, 1, None)?,
        }
        self.recorder.emit(&Event::Checkpoint {
            step: self.state.step,
            folder,
            milliseconds: milliseconds_since(began),
        })
    }

    fn interrupt(
        &mut self,
        clock: &Stopwatch,
        checkpointed: Option<u64>,
    ) -> Result<(), TrainError> {
        let step = self.state.step;
        if checkpointed != Some(step) {
            self.checkpoint(clock)?;
        }
        self.recorder.emit(&Event::Interrupted { step })?;
        Err(TrainError::Interrupted { step })
    }
}

fn is_due(step: u64, every: u64) -> bool {
    every > 0 && step.is_multiple_of(every)
}
