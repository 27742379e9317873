//! What happens in a run, as values: one JSON object per line of `metrics.jsonl`, tagged `event`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::finetune::SeedResult;
use crate::health::Health;
use crate::shapes::SiteCoefficients;
use crate::summary::RunSummary;

/// Receives the events of a run, in order.
pub trait EventSink: Send {
    /// Called once per event, on the training thread.
    fn event(&mut self, event: &Event);
}

impl<F: FnMut(&Event) + Send> EventSink for F {
    fn event(&mut self, event: &Event) {
        self(event);
    }
}

/// An optimizer group as the run resolved it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupReport {
    /// Name of the group.
    pub name: String,
    /// Tensors that the group trains.
    pub tensors: usize,
    /// Numbers in those tensors.
    pub elements: usize,
    /// Highest learning rate of its schedule.
    pub learning_rate: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// What decay pulls towards: `zero` or `start`.
    pub decay_towards: String,
    /// Schedule after warm-up: `linear`, `constant` or `cosine`.
    pub schedule: String,
    /// Warm-up, in minutes (time budget) or in steps.
    pub warmup: f64,
    /// How long its values are kept before that, in the same unit.
    #[serde(default)]
    pub hold: f64,
    /// Whether all layers have the same values.
    #[serde(default)]
    pub tied: bool,
}

/// One event of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The corpus is being prepared; progress only, not written to `metrics.jsonl`.
    Preparing {
        /// What is being done.
        stage: String,
        /// Units done.
        done: u64,
        /// Units to do, where known.
        total: Option<u64>,
        /// Tokens per second of the tokenizer, where it runs.
        tokens_per_second: Option<f64>,
    },
    /// The corpus is ready.
    Prepared {
        /// Words of the tokenizer.
        vocabulary_size: usize,
        /// Training sequences.
        training_sequences: u64,
        /// Validation sequences used by the run.
        validation_sequences: u64,
        /// Training tokens.
        training_tokens: u64,
        /// Cross-entropy in nats of validation words under training word frequencies.
        unigram_loss: f64,
        /// Time that preparation took in seconds.
        seconds: f64,
    },
    /// The model is built and training begins.
    Started {
        /// Step from which training goes on; 0 for a fresh run.
        step: u64,
        /// Steps of the whole run; none with a time budget.
        steps: Option<u64>,
        /// Time budget in minutes.
        minutes: Option<f64>,
        /// Training time already used by earlier parts of the run in seconds.
        elapsed_seconds: f64,
        /// Tokens of one step.
        tokens_per_step: u64,
        /// Threads in use.
        threads: usize,
        /// What the operands of matrix products are rounded to, `f32` or `bf16`.
        #[serde(default = "crate::precision::before_the_key")]
        precision: String,
        /// Text form of the activation.
        activation: String,
        /// Numbers of parameters by role, and `total`.
        parameters: BTreeMap<String, usize>,
        /// Optimizer groups with what they matched.
        groups: Vec<GroupReport>,
        /// Hash of the initial weights without activation coefficients.
        initial_weights: String,
    },
    /// Whether every trainable parameter got a gradient in the first step.
    GradientReport {
        /// Step of the report.
        step: u64,
        /// Parameters with a finite gradient that is not all zero.
        healthy: usize,
        /// Parameters whose gradient is all zero.
        zero: Vec<String>,
        /// Gradient norm by role.
        norms: BTreeMap<String, f64>,
    },
    /// A step was applied.
    Step {
        /// Number of the step, from 1.
        step: u64,
        /// Mean loss over the step's masked tokens (in fine-tuning its sequences), before the update.
        loss: f64,
        /// Learning rate of each group, in the order of [`Event::Started`]'s or [`Event::TaskStarted`]'s groups.
        learning_rates: Vec<f64>,
        /// Global norm of the gradient before clipping, of all parameters but activation coefficients.
        gradient_norm: f64,
        /// That of the activation coefficients; 0 where there are none, and in records older than this field.
        #[serde(default)]
        activation_gradient_norm: f64,
        /// Tokens of the step.
        tokens: u64,
        /// Masked tokens of the step; in fine-tuning its sequences.
        masked_tokens: u64,
        /// Time of the step in milliseconds.
        milliseconds: f64,
        /// Training time used so far in seconds, over all interruptions.
        elapsed_seconds: f64,
    },
    /// The validation set was scored.
    Validation {
        /// Step of the weights.
        step: u64,
        /// Mean loss over the masked tokens.
        loss: f64,
        /// `exp(loss)`.
        perplexity: f64,
        /// Fraction of masked tokens found.
        masked_accuracy: f64,
        /// Masked tokens scored.
        tokens: u64,
        /// Whether it is the lowest loss so far.
        best: bool,
        /// Time of the validation in milliseconds.
        milliseconds: f64,
        /// Coefficients of every learnable site.
        coefficients: Vec<SiteCoefficients>,
        /// Gradients, updates and inputs; none in records older than this field.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        health: Option<Health>,
    },
    /// A fine-tuning begins or goes on.
    TaskStarted {
        /// Seed of the run.
        seed: u64,
        /// The task.
        task: String,
        /// What trains.
        mode: String,
        /// `paper` or `standard`.
        protocol: String,
        /// Step from which training goes on; 0 for a fresh run.
        step: u64,
        /// Steps of the whole run.
        steps: u64,
        /// Epochs of the whole run.
        epochs: u64,
        /// Steps of an epoch.
        steps_per_epoch: u64,
        /// Training time already used by earlier parts of the run in seconds.
        elapsed_seconds: f64,
        /// Rows (questions) by part.
        rows: BTreeMap<String, usize>,
        /// How they were chosen, a line for each part.
        stated: Vec<String>,
        /// Threads in use.
        threads: usize,
        /// What the operands of matrix products are rounded to, `f32` or `bf16`.
        precision: String,
        /// Text form of the activation.
        activation: String,
        /// Numbers of the model by role, and `total`.
        parameters: BTreeMap<String, usize>,
        /// Numbers that train by part, and `total`.
        trained: BTreeMap<String, usize>,
        /// Optimizer groups with what they matched.
        groups: Vec<GroupReport>,
        /// Hash of the initial weights without activation coefficients.
        initial_weights: String,
    },
    /// The validation part of a task was scored.
    TaskValidation {
        /// Step of the weights.
        step: u64,
        /// Epochs done.
        epoch: u64,
        /// The metric that chooses the best epoch.
        primary: String,
        /// Every metric by name, `loss` among them.
        metrics: BTreeMap<String, f64>,
        /// Whether it is the best so far.
        best: bool,
        /// Time of the validation in milliseconds.
        milliseconds: f64,
        /// Coefficients of every learnable site.
        coefficients: Vec<SiteCoefficients>,
        /// Gradients, updates and inputs; none in records older than this field.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        health: Option<Health>,
    },
    /// A fine-tuning is complete.
    TaskFinished {
        /// Its result.
        result: Box<SeedResult>,
    },
    /// A checkpoint is complete.
    Checkpoint {
        /// Its step.
        step: u64,
        /// Its folder.
        folder: PathBuf,
        /// Time of writing in milliseconds.
        milliseconds: f64,
    },
    /// Something the user should know; the run goes on.
    Warning {
        /// What.
        message: String,
    },
    /// A loss or gradient was not finite; the step was not applied.
    Diverged {
        /// The step that was not applied.
        step: u64,
        /// The loss of the step.
        loss: Option<f64>,
        /// Layer or tensor where the first such value appeared.
        place: String,
        /// File with batch ids and coefficients.
        report: PathBuf,
    },
    /// The run stopped on request after writing a checkpoint.
    Interrupted {
        /// Step of the checkpoint.
        step: u64,
    },
    /// Validation did not improve for `validation.patience` validations.
    StoppedEarly {
        /// The last step.
        step: u64,
        /// The best step.
        best_step: u64,
    },
    /// The run is complete.
    Finished {
        /// Its result.
        summary: Box<RunSummary>,
    },
}

impl Event {
    /// Whether the event is recorded in `metrics.jsonl`; progress of the preparation is not.
    pub fn is_recorded(&self) -> bool {
        !matches!(self, Self::Preparing { .. })
    }

    /// The step an event belongs to, none for those outside of training.
    pub fn step(&self) -> Option<u64> {
        match self {
            Self::Preparing { .. } | Self::Prepared { .. } | Self::Warning { .. } => None,
            Self::Started { step, .. }
            | Self::GradientReport { step, .. }
            | Self::Step { step, .. }
            | Self::Validation { step, .. }
            | Self::TaskStarted { step, .. }
            | Self::TaskValidation { step, .. }
            | Self::Checkpoint { step, .. }
            | Self::Diverged { step, .. }
            | Self::Interrupted { step }
            | Self::StoppedEarly { step, .. } => Some(*step),
            Self::Finished { summary } => Some(summary.steps),
            Self::TaskFinished { result } => Some(result.steps),
        }
    }
}
