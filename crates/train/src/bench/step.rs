//! A training step and an inference pass, timed.

use std::path::Path;
use std::time::{Duration, Instant};

use pliant_activation::ActivationSpec;
use pliant_nn::{
    MaskedLanguageModel, ModelConfig, OperationTimes, ParameterInfo, Precision, Preset,
    time_operations,
};

use super::error::BenchError;
use super::report::{Milliseconds, ModelBenchReport, Processor, ShareOfTime, peak_rss_mib};
use super::workload::{
    DrawnTokens, VOCABULARY, default_batch, forward_flops, memory_bytes, model_config,
};
use crate::optimizer::{GradientNorms, Optimizer};
use crate::schedule::Moment;
use crate::trainable::{Feed, Trainable, input};
use crate::{Recipe, TrainError, environment, group, step};

/// Seed of weights, batches and dropout.
const SEED: u64 = 1;

/// The optimizer of the timed step. The groups are those of every run.
const OPTIMIZER: &str = "[optimizer]\nlearning_rate = 1e-4\nschedule = \"constant\"\nwarmup = 0\n";

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Forward, backward, global norm, `AdamW`.
    Training,
    /// Forward with the masked-LM loss, without dropout and without gradients.
    Inference,
}

impl Pass {
    const fn name(self) -> &'static str {
        match self {
            Self::Training => "train",
            Self::Inference => "infer",
        }
    }
}

/// What to measure.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelBenchOptions {
    /// What runs.
    pub pass: Pass,
    /// Size of the model.
    pub preset: Preset,
    /// Activation of the feed-forward layers.
    pub activation: ActivationSpec,
    /// What the operands of matrix products are rounded to.
    pub precision: Precision,
    /// Tokens of a sequence.
    pub sequence: usize,
    /// Sequences of a step; none for [`default_batch`], for inference 1.
    pub batch: Option<usize>,
    /// Steps that are timed, at least one.
    pub steps: usize,
    /// Steps before them that are not.
    pub warmup: usize,
}

/// Measures a step with the threads of the current rayon pool.
///
/// BERT of the preset's size with 30,522 words, learned positions, norms after the sub-layers and dropout 0.1, on token ids
/// that are drawn, 15 % of them masked; drawing them counts. A training step is the one of a run: forward, backward, global norm,
/// clipping, `AdamW`.
///
/// The floating-point operations are those of the matrix products. With T tokens in sequences of S, M of them masked,
/// hidden size H, feed-forward size I, L layers and V words a forward pass has
/// `L·T·(8·H² + 4·H·I + 4·S·H) + 2·M·H·(H + V)`; a training step three times as many (what the backward pass computes anew does not count).
///
/// # Errors
/// [`BenchError`]: a sequence that is too long, too little memory, an activation that does not suit the model.
pub fn measure(options: &ModelBenchOptions) -> Result<ModelBenchReport, BenchError> {
    let config = model_config(options.preset, options.activation.clone())?;
    if options.sequence == 0 || options.sequence > config.max_positions {
        return Err(BenchError::Sequence {
            given: options.sequence,
            longest: config.max_positions,
        });
    }
    let tokens = DrawnTokens {
        seed: SEED,
        batch: options.batch.unwrap_or(match options.pass {
            Pass::Training => default_batch(options.preset),
            Pass::Inference => 1,
        }),
        sequence: options.sequence,
    };
    let parameters: usize = MaskedLanguageModel::describe(&config)
        .map_err(TrainError::from)?
        .iter()
        .map(ParameterInfo::count)
        .sum();
    check_memory(options.pass, &config, &tokens, parameters)?;
    let mut model = MaskedLanguageModel::new(&config, SEED).map_err(TrainError::from)?;
    model.set_precision(options.precision);
    let timed = match options.pass {
        Pass::Training => time_training(model, &tokens, options)?,
        Pass::Inference => time_inference(&model, &tokens, options)?,
    };
    let ms_per_step = Milliseconds::of(&timed.steps);
    let per_second = |amount: f64| amount / (1e-3 * ms_per_step.median);
    let flops_per_step = forward_flops(&config, &tokens)?
        * match options.pass {
            Pass::Training => 3.0,
            Pass::Inference => 1.0,
        };
    Ok(ModelBenchReport {
        pass: options.pass.name(),
        preset: options.preset.to_string(),
        activation: options.activation.to_string(),
        precision: options.precision.name(),
        threads: rayon::current_num_threads(),
        batch: tokens.batch,
        sequence: tokens.sequence,
        vocabulary: VOCABULARY,
        masked_tokens: tokens.masked_tokens(),
        steps: timed.steps.len(),
        warmup: options.warmup,
        parameters,
        ms_per_step,
        tokens_per_second: per_second((tokens.batch * tokens.sequence) as f64),
        peak_rss_mib: peak_rss_mib(),
        flops_per_step,
        flops_per_second: per_second(flops_per_step),
        share_of_time: ShareOfTime::of(
            &timed.operations,
            timed.gradient_norm,
            timed.optimizer,
            timed.steps.iter().sum(),
        ),
        processor: Processor::inspect(),
    })
}

fn check_memory(
    pass: Pass,
    config: &ModelConfig,
    tokens: &DrawnTokens,
    parameters: usize,
) -> Result<(), BenchError> {
    let needed = memory_bytes(config, tokens, parameters, pass == Pass::Training)?;
    match environment::inspect().available_memory_bytes {
        Some(available) if needed > available => Err(BenchError::Memory { needed, available }),
        _ => Ok(()),
    }
}

/// Times of the steps behind the warm-up, and where they went.
#[derive(Debug, Default)]
struct Timed {
    steps: Vec<Duration>,
    operations: OperationTimes,
    gradient_norm: Duration,
    optimizer: Duration,
}

/// Runs `step(number from 1)` through warm-up and measurement; it gives the times of norm and optimizer.
fn time_steps(
    options: &ModelBenchOptions,
    mut step: impl FnMut(u64) -> Result<[Duration; 2], TrainError>,
) -> Result<Timed, TrainError> {
    let warmup = options.warmup as u64;
    for number in 1..=warmup {
        step(number)?;
    }
    let mut timed = Timed::default();
    let (result, operations) = time_operations(|| {
        for number in warmup + 1..=warmup + options.steps.max(1) as u64 {
            let start = Instant::now();
            let [gradient_norm, optimizer] = step(number)?;
            timed.steps.push(start.elapsed());
            timed.gradient_norm += gradient_norm;
            timed.optimizer += optimizer;
        }
        Ok(())
    });
    timed.operations = operations;
    result.map(|()| timed)
}

fn time_training(
    mut model: MaskedLanguageModel,
    tokens: &DrawnTokens,
    options: &ModelBenchOptions,
) -> Result<Timed, TrainError> {
    let recipe = Recipe::parse(Path::new("the benchmark's own recipe"), OPTIMIZER, &[])?;
    let grouping = group::assign(&recipe, Trainable::parameters(&model))?;
    let mut optimizer = Optimizer::new(
        grouping,
        recipe.optimizer.betas,
        recipe.optimizer.epsilon,
        &model,
    );
    time_steps(options, |number| {
        let computed = step::compute(&model, tokens, SEED, number, tokens.batch, ("", ""))?;
        let began = Instant::now();
        let norms = GradientNorms::of(&computed.gradients, model.parameters());
        let normed = began.elapsed();
        let rates = optimizer.learning_rates(Moment {
            step: number,
            minutes: 0.0,
        });
        let clip = norms.clip(recipe.train.gradient_clip);
        optimizer.apply(&mut model, &computed.gradients, clip, &rates, number)?;
        Ok([normed, began.elapsed().saturating_sub(normed)])
    })
}

fn time_inference(
    model: &MaskedLanguageModel,
    tokens: &DrawnTokens,
    options: &ModelBenchOptions,
) -> Result<Timed, TrainError> {
    time_steps(options, |number| {
        model
            .score(&input(&tokens.rows(number, 0..tokens.batch)))
            .map_err(TrainError::from)?;
        Ok([Duration::ZERO; 2])
    })
}
