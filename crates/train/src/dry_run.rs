//! What a run would take, from one step that is thrown away.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use pliant_data::BatchPlan;
use pliant_nn::MaskedLanguageModel;
use serde::{Deserialize, Serialize};

use crate::event::GroupReport;
use crate::optimizer::{GradientNorms, Optimizer};
use crate::recipe::Clock;
use crate::run::{Prepared, counts, in_threads, prepare, refuse_arms, reports, tokens_per_step};
use crate::schedule::Moment;
use crate::temporary::TemporaryFolder;
use crate::trainable::{Feed, input};
use crate::{
    EventSink, Recipe, RunOptions, TrainError, environment, gradient_report, group, precision, step,
};

/// Estimates for a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DryRunReport {
    /// Numbers of parameters by role, and `total`.
    pub parameters: BTreeMap<String, usize>,
    /// What the operands of matrix products are rounded to, `f32` or `bf16`.
    pub precision: String,
    /// Optimizer groups with what they matched.
    pub groups: Vec<GroupReport>,
    /// Training sequences there are.
    pub training_sequences: u64,
    /// Passes over the training text that the run makes; none with a time budget.
    pub epochs: Option<f64>,
    /// Tokens of one step.
    pub tokens_per_step: u64,
    /// Loss of the step.
    pub loss: f64,
    /// Cross-entropy in nats of the validation words under training word frequencies.
    pub unigram_loss: f64,
    /// Time of the step in milliseconds (the second one: the first warms up).
    pub step_milliseconds: f64,
    /// Tokens per second of that step.
    pub tokens_per_second: f64,
    /// Time that the steps take in seconds, without validation and checkpoints.
    pub training_seconds: f64,
    /// Time that all validations take in seconds.
    pub validation_seconds: f64,
    /// Steps that fit a time budget, or the run's steps.
    pub steps: u64,
    /// Largest resident memory so far in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// Size of one checkpoint in bytes.
    pub checkpoint_bytes: u64,
    /// Most that checkpoints take on disk at once, in bytes.
    pub checkpoints_bytes: u64,
}

/// Prepares the data, builds the model, takes two steps on real batches (the first warms up) and writes nothing but
/// prepared data.
///
/// Data go to `data.cache`, or to `out/data` if `out` is given, or to a temporary folder.
///
/// # Errors
/// What would stop the run before its second step.
pub fn dry_run(
    recipe: &Recipe,
    out: Option<&Path>,
    options: &RunOptions,
    sink: &mut dyn EventSink,
) -> Result<DryRunReport, TrainError> {
    refuse_arms(recipe)?;
    in_threads(options.threads, || {
        environment::reset_peak_memory();
        let temporary = match (out, &recipe.data.cache) {
            (None, None) => Some(TemporaryFolder::new("dry-run")?),
            _ => None,
        };
        let folder = temporary
            .as_ref()
            .map(TemporaryFolder::path)
            .or(out)
            .unwrap_or(Path::new("."));
        precision::warn(recipe.train.precision, sink);
        let prepared = prepare(recipe, folder, sink)?;
        let plan = prepared.plan(recipe)?;
        let mut model =
            crate::initial::model(recipe, prepared.dataset.tokenizer().vocabulary_size())?;
        model.set_precision(recipe.train.precision);
        measure(recipe, &prepared, &plan, model)
    })
}

fn measure(
    recipe: &Recipe,
    prepared: &Prepared,
    plan: &BatchPlan,
    mut model: MaskedLanguageModel,
) -> Result<DryRunReport, TrainError> {
    let parameters = counts(model.parameters());
    let grouping = group::assign(recipe, model.parameters())?;
    grouping.ties.check(&model)?;
    let mut optimizer = Optimizer::new(
        grouping,
        recipe.optimizer.betas,
        recipe.optimizer.epsilon,
        &model,
    );
    let mut loss = 0.0;
    let mut step_seconds = 0.0;
    for number in 1..=2 {
        let began = Instant::now();
        let computed = step::compute(
            &model,
            plan,
            recipe.train.seed,
            number,
            recipe.micro_batch(),
            ("", ""),
        )?;
        if number == 1 {
            loss = computed.loss;
            gradient_report::examine(&model, &computed.gradients, number)?;
        }
        let norms = GradientNorms::of(&computed.gradients, model.parameters());
        let rates = optimizer.learning_rates(Moment {
            step: number,
            minutes: 0.0,
        });
        let clip = norms.clip(recipe.train.gradient_clip);
        optimizer.apply(&mut model, &computed.gradients, clip, &rates, number)?;
        step_seconds = began.elapsed().as_secs_f64();
    }
    let validation_seconds = validation_pass_seconds(recipe, prepared, plan, &model)?;
    let steps = match recipe.clock() {
        Clock::Steps(steps) => steps,
        Clock::Minutes(minutes) => (minutes * 60.0 / step_seconds) as u64,
    };
    let validations = steps.checked_div(recipe.validation.every).unwrap_or(0) + 2;
    let training_sequences = prepared.dataset.manifest().train.sequences;
    let total = parameters.get("total").copied().unwrap_or(0) as u64;
    // Weights and two moments, four bytes each.
    let checkpoint_bytes = total * 12;
    let tokens_per_step = tokens_per_step(recipe);
    Ok(DryRunReport {
        parameters,
        precision: recipe.train.precision.to_string(),
        groups: reports(&optimizer),
        training_sequences,
        epochs: matches!(recipe.clock(), Clock::Steps(_))
            .then(|| steps as f64 * recipe.train.batch as f64 / training_sequences.max(1) as f64),
        tokens_per_step,
        loss,
        unigram_loss: prepared.dataset.unigram_loss(),
        step_milliseconds: step_seconds * 1e3,
        tokens_per_second: tokens_per_step as f64 / step_seconds,
        training_seconds: steps as f64 * step_seconds,
        validation_seconds: validations as f64 * validation_seconds,
        steps,
        peak_memory_bytes: environment::peak_memory_bytes(),
        checkpoint_bytes,
        // The newest, the best, and the one being written.
        checkpoints_bytes: checkpoint_bytes * (recipe.checkpoint.keep as u64 + 2),
    })
}

/// Time of one validation, from its first batch.
fn validation_pass_seconds(
    recipe: &Recipe,
    prepared: &Prepared,
    plan: &BatchPlan,
    model: &MaskedLanguageModel,
) -> Result<f64, TrainError> {
    let Some(batch) = plan.validation(recipe.micro_batch()).next() else {
        return Ok(0.0);
    };
    let began = Instant::now();
    model.score(&input(&batch))?;
    let batches = prepared.dataset.validation_sequences() as f64 / batch.sequences.max(1) as f64;
    Ok(began.elapsed().as_secs_f64() * batches)
}
