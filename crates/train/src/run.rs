//! A run from recipe to run folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use pliant_data::{BatchPlan, Dataset, PrepareProgress, Stage};
use pliant_nn::{ParameterInfo, parameter_counts};

use crate::checkpoint::State;
use crate::event::GroupReport;
use crate::file::write_json;
use crate::folder::{Found, RunFolder};
use crate::optimizer::Optimizer;
use crate::recipe::{Clock, RecipeError};
use crate::session::{Checkpoints, Routine, Session};
use crate::shapes::SiteCoefficients;
use crate::trainable::{Feed, Trainable, Validate};
use crate::{
    Event, EventSink, FairnessHashes, Recipe, RunSummary, StopFlag, TrainError, environment, group,
    observe, precision,
};

/// How a run treats what its folder holds already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// The folder must not hold a run.
    #[default]
    Fresh,
    /// The folder must hold a run with a completed checkpoint (`--resume`).
    Resume,
    /// Goes on where the folder's run stopped, from the beginning where it has no completed checkpoint; the recipe must be the same.
    Continue,
}

/// What is no part of the recipe because it may not change the result.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// How to treat an existing run.
    pub start: Start,
    /// Threads; none for the process's default (`RAYON_NUM_THREADS`, else all cores).
    pub threads: Option<usize>,
    /// Request to stop.
    pub stop: StopFlag,
    /// Commit of the program, for the header of the saved recipe.
    pub commit: Option<String>,
    /// Fine-tuning: least time between checkpoints in seconds, 0 for one behind each validation; none for the default.
    pub checkpoint_seconds: Option<f64>,
    /// Fine-tuning: whether the trained model is not kept, only its result and shapes.
    pub discard_model: bool,
}

/// Runs a recipe into the run folder `out`.
///
/// A finished run that is resumed (or continued) returns its summary at once.
///
/// # Errors
/// See [`TrainError`]; [`TrainError::Interrupted`] after [`StopFlag::raise`].
pub fn run(
    recipe: &Recipe,
    out: &Path,
    options: &RunOptions,
    sink: &mut dyn EventSink,
) -> Result<RunSummary, TrainError> {
    refuse_arms(recipe)?;
    let out = &std::path::absolute(out).map_err(TrainError::io("find", out))?;
    in_threads(options.threads, || {
        let (folder, found) = RunFolder::open::<RunSummary>(out, options.start, recipe)?;
        if let Found::Finished(summary) = found {
            sink.event(&Event::Finished {
                summary: summary.clone(),
            });
            return Ok(*summary);
        }
        environment::reset_peak_memory();
        if matches!(found, Found::Nothing) {
            folder.begin(&recipe.to_toml(options.commit.as_deref()))?;
        }
        let prepared = prepare(recipe, out, sink)?;
        let plan = prepared.plan(recipe)?;
        let mut model =
            crate::initial::model(recipe, prepared.dataset.tokenizer().vocabulary_size())?;
        model.set_precision(recipe.train.precision);
        let summary = train(
            recipe,
            &folder,
            &prepared.facts,
            &plan,
            model,
            options,
            sink,
            &|model_folder| {
                Ok(prepared
                    .dataset
                    .tokenizer()
                    .save(&model_folder.join("tokenizer.json"))?)
            },
        )?;
        Ok(summary)
    })
}

/// A recipe with arms is no single run.
pub(crate) fn refuse_arms(recipe: &Recipe) -> Result<(), RecipeError> {
    match recipe.arms.len() {
        0 => Ok(()),
        count => Err(RecipeError::HasArms { count }),
    }
}

/// Runs `work` on that many threads, or on the process's default ones.
pub(crate) fn in_threads<R: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> Result<R, TrainError> + Send,
) -> Result<R, TrainError> {
    let Some(threads) = threads else {
        return work();
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| TrainError::Threads {
            threads,
            reason: error.to_string(),
        })?;
    pool.install(work)
}

/// Prepared data with what the run reports about them.
pub(crate) struct Prepared {
    pub(crate) dataset: Dataset,
    pub(crate) facts: DataFacts,
}

/// What the loop needs to know of the data beside the batches.
#[derive(Clone, Debug)]
pub(crate) struct DataFacts {
    /// Hash of what was prepared.
    pub(crate) hash: String,
    pub(crate) unigram_loss: f64,
    /// The event that reports them.
    pub(crate) event: Event,
}

impl Prepared {
    pub(crate) fn plan(&self, recipe: &Recipe) -> Result<BatchPlan, TrainError> {
        Ok(BatchPlan::new(
            &self.dataset,
            recipe.train.seed,
            recipe.train.batch,
            recipe.masking(),
        )?)
    }
}

/// Prepares the data of a recipe, with progress events.
pub(crate) fn prepare(
    recipe: &Recipe,
    out: &Path,
    sink: &mut dyn EventSink,
) -> Result<Prepared, TrainError> {
    let began = Instant::now();
    let dataset = pliant_data::prepare(&recipe.data_config(out), &mut |progress| {
        sink.event(&preparing(&progress));
    })?;
    let manifest = dataset.manifest();
    let event = Event::Prepared {
        vocabulary_size: dataset.tokenizer().vocabulary_size(),
        training_sequences: manifest.train.sequences,
        validation_sequences: dataset.validation_sequences(),
        training_tokens: manifest.train.tokens,
        unigram_loss: dataset.unigram_loss(),
        seconds: began.elapsed().as_secs_f64(),
    };
    let facts = DataFacts {
        hash: format!("{}-{}", manifest.corpus_hash, manifest.tokenizer_hash),
        unigram_loss: dataset.unigram_loss(),
        event,
    };
    Ok(Prepared { dataset, facts })
}

pub(crate) fn preparing(progress: &PrepareProgress) -> Event {
    let stage = match progress.stage {
        Stage::Waiting => "waiting for another process that prepares the same data",
        Stage::Counting => "counting words",
        Stage::Tokenizer => "training the tokenizer",
        Stage::Splitting => "choosing validation documents",
        Stage::Encoding => "tokenizing",
        Stage::Verifying => "verifying shards",
    };
    Event::Preparing {
        stage: stage.to_owned(),
        done: progress.done,
        total: (progress.total > 0).then_some(progress.total),
        tokens_per_second: (progress.tokens_per_second > 0.0).then_some(progress.tokens_per_second),
    }
}

/// Numbers of parameters by role, and `total`.
pub(crate) fn counts(parameters: &[ParameterInfo]) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = parameter_counts(parameters)
        .into_iter()
        .map(|(role, count)| (role.to_string(), count))
        .collect();
    counts.insert("total".to_owned(), counts.values().sum());
    counts
}

/// Trains a model that holds its initial values, from the folder's newest checkpoint if there is one, to the summary.
pub(crate) fn train<M: Trainable>(
    recipe: &Recipe,
    folder: &RunFolder,
    data: &DataFacts,
    feed: &(impl Feed<Batch = M::Batch> + Validate<M>),
    model: M,
    options: &RunOptions,
    sink: &mut dyn EventSink,
    save_tokenizer: &dyn Fn(&Path) -> Result<(), TrainError>,
) -> Result<RunSummary, TrainError> {
    let parameters = counts(model.parameters());
    let start_coefficients = observe::coefficients(&model);
    let grouping = group::assign(recipe, model.parameters())?;
    grouping.ties.check(&model)?;
    let optimizer = Optimizer::new(
        grouping,
        recipe.optimizer.betas,
        recipe.optimizer.epsilon,
        &model,
    );
    let (mut session, warnings) = Session::open(
        routine(recipe),
        folder,
        feed,
        model,
        optimizer,
        &data.hash,
        options.stop.clone(),
        sink,
    )?;
    for message in warnings
        .into_iter()
        .chain(precision::warning(recipe.train.precision))
    {
        session.recorder.emit(&Event::Warning { message })?;
    }
    session.recorder.emit(&data.event)?;
    let started = started(
        recipe,
        &session.state,
        &parameters,
        reports(&session.optimizer),
    );
    session.recorder.emit(&started)?;
    session.train()?;
    let Session {
        model,
        state,
        mut recorder,
        ..
    } = session;

    save_model(folder, &folder.model(), &|part| {
        model.save(part)?;
        save_tokenizer(part)
    })?;
    let shapes = observe::shapes(
        &model,
        feed,
        recipe.micro_batch(),
        &start_coefficients,
        state.step,
    )?;
    fs::create_dir_all(folder.shapes()).map_err(TrainError::io("create", &folder.shapes()))?;
    write_json(&folder.shapes().join("inputs.json"), &shapes)?;

    let summary = summarise(
        recipe,
        &state,
        data,
        parameters,
        observe::coefficients(&model),
    );
    recorder.emit(&Event::Finished {
        summary: Box::new(summary.clone()),
    })?;
    // Last: its presence says that the run is finished.
    write_json(&folder.summary(), &summary)?;
    Ok(summary)
}

fn routine(recipe: &Recipe) -> Routine {
    Routine {
        seed: recipe.train.seed,
        micro_batch: recipe.micro_batch(),
        gradient_clip: recipe.train.gradient_clip,
        clock: recipe.clock(),
        validates_first: true,
        validate_every: recipe.validation.every,
        patience: recipe.validation.patience,
        checkpoints: Checkpoints::Steps {
            every: recipe.checkpoint.every,
            keep: recipe.checkpoint.keep,
        },
        report_gradients_at: 1,
    }
}

pub(crate) fn reports(optimizer: &Optimizer) -> Vec<GroupReport> {
    optimizer
        .grouping()
        .groups
        .iter()
        .map(|group| group.report.clone())
        .collect()
}

fn started(
    recipe: &Recipe,
    state: &State,
    parameters: &BTreeMap<String, usize>,
    groups: Vec<GroupReport>,
) -> Event {
    let (steps, minutes) = match recipe.clock() {
        Clock::Steps(steps) => (Some(steps), None),
        Clock::Minutes(minutes) => (None, Some(minutes)),
    };
    Event::Started {
        step: state.step,
        steps,
        minutes,
        elapsed_seconds: state.elapsed_seconds,
        tokens_per_step: tokens_per_step(recipe),
        threads: rayon::current_num_threads(),
        precision: recipe.train.precision.to_string(),
        activation: recipe.activation.function.to_string(),
        parameters: parameters.clone(),
        groups,
        initial_weights: state.initial_weights.clone(),
    }
}

pub(crate) fn tokens_per_step(recipe: &Recipe) -> u64 {
    (recipe.train.batch * recipe.train.sequence) as u64
}

/// Writes the folder `target` beside itself and puts it in place, so that a killed process leaves the old one or the new one.
pub(crate) fn save_model(
    folder: &RunFolder,
    target: &Path,
    save: &dyn Fn(&Path) -> Result<(), TrainError>,
) -> Result<(), TrainError> {
    let part = folder.path().join("model.part");
    for old in [part.as_path(), target] {
        match fs::remove_dir_all(old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(TrainError::io("remove", old)(error));
            }
            _ => {}
        }
    }
    fs::create_dir_all(&part).map_err(TrainError::io("create", &part))?;
    save(&part)?;
    crate::file::sync_files(&part)?;
    fs::rename(&part, target).map_err(TrainError::io("rename", &part))?;
    crate::file::sync_folder(folder.path())
}

fn summarise(
    recipe: &Recipe,
    state: &State,
    data: &DataFacts,
    parameters: BTreeMap<String, usize>,
    coefficients: Vec<SiteCoefficients>,
) -> RunSummary {
    let last = state.last_validation.as_ref();
    let loss = last.map_or(0.0, |last| last.loss);
    let best = state.best.as_ref().or(last);
    let step_milliseconds = state.median_step_milliseconds();
    let tokens = tokens_per_step(recipe) as f64;
    RunSummary {
        steps: state.step,
        stopped_early: state.stopped_early,
        validation_loss: loss,
        perplexity: State::perplexity(loss),
        masked_accuracy: last.map_or(0.0, |last| last.masked_accuracy),
        validation_tokens: last.map_or(0, |last| last.tokens),
        best_step: best.map_or(0, |best| best.step),
        best_validation_loss: best.map_or(0.0, |best| best.loss),
        unigram_loss: data.unigram_loss,
        training_loss: state.recent_loss(),
        tokens_per_second: if step_milliseconds > 0.0 {
            tokens / step_milliseconds * 1e3
        } else {
            0.0
        },
        step_milliseconds,
        elapsed_seconds: state.elapsed_seconds,
        peak_memory_bytes: state
            .peak_memory_bytes
            .max(environment::peak_memory_bytes()),
        parameters,
        fairness: FairnessHashes {
            initial_weights: state.initial_weights.clone(),
            batches: state.batches.clone(),
            masks: state.masks.clone(),
        },
        coefficients,
        activation: recipe.activation.function.to_string(),
        precision: recipe.train.precision.to_string(),
        seed: recipe.train.seed,
    }
}
