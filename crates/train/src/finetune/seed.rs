//! One seed, from options to its run folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pliant_data::Tokenizer;
use pliant_data::task::EpochPlan;

use super::feed::{TaskFeed, score_parts};
use super::options::SavedOptions;
use super::result::{SeedResult, TaskFairness};
use super::rows::{TaskFiles, TaskRows};
use super::start::{TOKENIZER_FILE, build, open_tokenizer};
use super::tuned::Tuned;
use super::{FinetuneOptions, Mode, groups};
use crate::file::{read_json, write_json};
use crate::folder::{Found, RunFolder};
use crate::optimizer::Optimizer;
use crate::predict::{READING_FILE, Reading};
use crate::recipe::Clock;
use crate::run::{counts, in_threads, reports, save_model};
use crate::session::{Checkpoints, Routine, Session};
use crate::shapes::InputShapes;
use crate::trainable::Trainable;
use crate::{Event, EventSink, RunOptions, TrainError, environment, observe, precision};

/// Least time between checkpoints in seconds, unless the run says otherwise: a run with little data takes about as long.
const CHECKPOINT_SECONDS: f64 = 30.0;

/// Fine-tunes one seed into the folder `out`; a finished one is found again.
///
/// The folder holds `recipe.toml` (options and seed), `metrics.jsonl`, `result.json`, `shapes/inputs.json`, and `model/`, or
/// `adapter/` for a mode with an adapter that is not merged. An interrupted run goes on from its last checkpoint to the same
/// bytes, at any number of threads. With `files`, which [`TaskFiles::read`] gave for the same task and data, they are not read
/// again.
///
/// # Errors
/// See [`TrainError`]; [`TrainError::Interrupted`] after the stop flag was raised, [`TrainError::Diverged`] before a step
/// whose loss or gradient is not finite is applied.
pub fn finetune_seed(
    options: &FinetuneOptions,
    files: Option<&TaskFiles>,
    seed: u64,
    out: &Path,
    run: &RunOptions,
    sink: &mut dyn EventSink,
) -> Result<SeedResult, TrainError> {
    let options = options.checked()?;
    seed_of_files(&options, files, seed, out, run, sink)
}

/// [`finetune_seed`] with checked options and, where they are shared, the task's files.
pub(crate) fn seed_of_files(
    options: &FinetuneOptions,
    files: Option<&TaskFiles>,
    seed: u64,
    out: &Path,
    run: &RunOptions,
    sink: &mut dyn EventSink,
) -> Result<SeedResult, TrainError> {
    let out = &std::path::absolute(out).map_err(TrainError::io("find", out))?;
    in_threads(run.threads, || {
        let saved = SavedOptions {
            seed,
            finetune: options.clone(),
        };
        let (folder, found) = RunFolder::open::<SeedResult>(out, run.start, &saved)?;
        if let Found::Finished(result) = found {
            sink.event(&Event::TaskFinished {
                result: result.clone(),
            });
            return Ok(*result);
        }
        environment::reset_peak_memory();
        let read;
        let files = if let Some(files) = files {
            files
        } else {
            read = TaskFiles::read(options)?;
            &read
        };
        let tokenizer = open_tokenizer(&options.model)?;
        let rows = files.rows(options, seed, &tokenizer)?;
        let model = build(options, rows.head.clone(), &tokenizer, seed)?;
        if matches!(found, Found::Nothing) {
            folder.begin(&saved.to_toml(run.commit.as_deref())?)?;
        }
        let work = Work {
            options,
            seed,
            folder: &folder,
            tokenizer: &tokenizer,
            run,
        };
        work.train(rows, model, files.warnings(), sink)
    })
}

/// What stays the same through one seed.
struct Work<'w> {
    options: &'w FinetuneOptions,
    seed: u64,
    folder: &'w RunFolder,
    tokenizer: &'w Tokenizer,
    run: &'w RunOptions,
}

impl Work<'_> {
    fn train(
        &self,
        rows: TaskRows,
        model: Tuned,
        warnings: &[String],
        sink: &mut dyn EventSink,
    ) -> Result<SeedResult, TrainError> {
        let options = self.options;
        let counted = row_counts(&rows);
        let TaskRows {
            scoring,
            train,
            validation,
            test,
            hash,
            stated,
            ..
        } = rows;
        let feed = TaskFeed {
            plan: EpochPlan::new(train.sequences.lengths(), options.batch, self.seed)?,
            train: train.sequences,
            validation,
            scoring,
            pad: self.tokenizer.special().pad,
        };
        let start_coefficients = observe::coefficients(&model);
        let clock = Clock::Steps(options.epochs * feed.steps_per_epoch());
        let grouping = groups::assign(options, model.parameters(), &model.selection, clock);
        let optimizer = Optimizer::new(grouping, options.betas, options.epsilon, &model);
        let (mut session, found) = Session::open(
            self.routine(&feed, clock),
            self.folder,
            &feed,
            model,
            optimizer,
            &hash,
            self.run.stop.clone(),
            sink,
        )?;
        if session.state.initial_weights != session.initial_weights {
            return Err(TrainError::OtherModel {
                folder: self.folder.path().to_path_buf(),
                model: options.model.clone(),
            });
        }
        let messages = warnings
            .iter()
            .cloned()
            .chain(found)
            .chain(precision::warning(options.precision))
            .chain(self.warning(&session.model));
        for message in messages.collect::<Vec<_>>() {
            session.recorder.emit(&Event::Warning { message })?;
        }
        let started = self.started(&session, &feed, &counted, &stated);
        session.recorder.emit(&started)?;
        session.train()?;
        let Session {
            mut model,
            state,
            initial_weights,
            best,
            mut recorder,
            ..
        } = session;

        // What is reported and saved is the best epoch.
        if let Some(best) = &best {
            best.restore(&mut model)?;
        }
        let micro_batch = options.micro_batch();
        let score = |parts, threshold| {
            score_parts(
                &model,
                parts,
                &feed.scoring,
                micro_batch,
                feed.pad,
                threshold,
            )
        };
        let scored = score(&feed.validation, None)?;
        let best_step = state.best.as_ref().map_or(state.step, |best| best.step);
        let tested = if test.is_empty() {
            None
        } else {
            let tested = score(&test, scored.null_threshold)?;
            if !tested.loss.is_finite() {
                return Err(TrainError::Diverged {
                    step: best_step,
                    loss: tested.loss,
                    place: "the loss of the test part".to_owned(),
                    report: self.folder.metrics(),
                });
            }
            Some(tested.metrics)
        };
        let shapes = observe::shapes(&model, &feed, micro_batch, &start_coefficients, best_step)?;
        // Merging an adapter changes what parameters there are.
        let parameters = counts(model.parameters());
        self.save(&mut model, &shapes, scored.null_threshold)?;

        let result = SeedResult {
            seed: self.seed,
            validation: scored.metrics,
            test: tested,
            task: options.task.to_string(),
            mode: options.mode,
            protocol: options.protocol.to_string(),
            primary: feed.scoring.primary().name().to_owned(),
            trainable_parameters: model.selection.total(),
            trained: model.selection.counts.clone(),
            parameters,
            best_epoch: feed.epochs(best_step),
            epochs: feed.epochs(state.step),
            steps: state.step,
            stopped_early: state.stopped_early,
            rows: counted,
            stated,
            null_threshold: scored.null_threshold,
            training_loss: state.recent_loss(),
            fairness: TaskFairness {
                rows: hash,
                initial_weights,
                batches: state.batches.clone(),
                targets: state.masks.clone(),
            },
            coefficients: observe::coefficients(&model),
            activation: model.model.config().activation.to_string(),
            precision: options.precision.to_string(),
            step_milliseconds: state.median_step_milliseconds(),
            elapsed_seconds: state.elapsed_seconds,
            peak_memory_bytes: state
                .peak_memory_bytes
                .max(environment::peak_memory_bytes()),
        };
        recorder.emit(&Event::TaskFinished {
            result: Box::new(result.clone()),
        })?;
        // Its presence says that the run is finished; the checkpoints are of no more use then.
        write_json(&self.folder.result(), &result)?;
        remove(&self.folder.checkpoints())?;
        // As the file has it: a number that went through JSON may differ in its last bit.
        read_json(&self.folder.result())
    }

    fn routine(&self, feed: &TaskFeed, clock: Clock) -> Routine {
        Routine {
            seed: self.seed,
            micro_batch: self.options.micro_batch(),
            gradient_clip: self.options.gradient_clip,
            clock,
            validates_first: false,
            validate_every: feed.steps_per_epoch(),
            patience: self.options.patience,
            checkpoints: Checkpoints::Apart {
                seconds: self.run.checkpoint_seconds.unwrap_or(CHECKPOINT_SECONDS),
            },
            // The first matrix of LoRA has no gradient while the second is 0, as it is in the first step.
            report_gradients_at: match self.options.mode {
                Mode::Lora { .. } => 2,
                _ => 1,
            },
        }
    }

    /// A mode that does not do what its name says to this model.
    fn warning(&self, model: &Tuned) -> Option<String> {
        (self.options.mode == Mode::FrozenActivations
            && observe::coefficients(model).is_empty())
        .then(|| {
            "the activations of this model do not learn: mode frozen-activations trains everything, as full does"
                .to_owned()
        })
    }

    fn started(
        &self,
        session: &Session<'_, '_, Tuned, TaskFeed>,
        feed: &TaskFeed,
        rows: &BTreeMap<String, usize>,
        stated: &[String],
    ) -> Event {
        let options = self.options;
        Event::TaskStarted {
            seed: self.seed,
            task: options.task.to_string(),
            mode: options.mode.to_string(),
            protocol: options.protocol.to_string(),
            step: session.state.step,
            steps: options.epochs * feed.steps_per_epoch(),
            epochs: options.epochs,
            steps_per_epoch: feed.steps_per_epoch(),
            elapsed_seconds: session.state.elapsed_seconds,
            rows: rows.clone(),
            stated: stated.to_vec(),
            threads: rayon::current_num_threads(),
            precision: options.precision.to_string(),
            activation: session.model.model.config().activation.to_string(),
            parameters: counts(session.model.parameters()),
            trained: session.model.selection.counts.clone(),
            groups: reports(&session.optimizer),
            initial_weights: session.state.initial_weights.clone(),
        }
    }

    /// Writes shapes and what was learned: the model, or the adapter where there is one that is not to be merged.
    fn save(
        &self,
        model: &mut Tuned,
        shapes: &InputShapes,
        null_threshold: Option<f64>,
    ) -> Result<(), TrainError> {
        let folder = self.folder.shapes();
        fs::create_dir_all(&folder).map_err(TrainError::io("create", &folder))?;
        write_json(&folder.join("inputs.json"), shapes)?;
        if self.run.discard_model {
            return Ok(());
        }
        let options = self.options;
        let reading = Reading {
            task: options.task.to_string(),
            max_length: options.max_length,
            doc_stride: options.doc_stride,
            max_query_length: options.max_query_length,
            max_answer_length: options.max_answer_length,
            null_threshold,
        };
        let beside = |part: &Path| {
            self.tokenizer.save(&part.join(TOKENIZER_FILE))?;
            write_json(&part.join(READING_FILE), &reading)
        };
        let has_adapter = options.mode.adapter().is_some();
        if has_adapter && !options.merge {
            // The pooler's coefficients do not train, but the base knows nothing of a pooler.
            let kept: Vec<usize> = (0..model.parameters().len())
                .filter(|index| {
                    model.trains(*index)
                        || model.parameters()[*index].name.starts_with("bert.pooler.")
                })
                .collect();
            return save_model(self.folder, &self.folder.adapter(), &|part| {
                model.model.save_adapter(part, &kept)?;
                beside(part)
            });
        }
        if has_adapter {
            model.model.merge_adapter()?;
        }
        save_model(self.folder, &self.folder.model(), &|part| {
            model.model.save(part)?;
            beside(part)
        })
    }
}

/// Rows of each part; with several parts of a kind under their names.
fn row_counts(rows: &TaskRows) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::from([("train".to_owned(), rows.train.rows())]);
    for (kind, parts) in [("validation", &rows.validation), ("test", &rows.test)] {
        for part in parts {
            let name = if parts.len() == 1 {
                kind.to_owned()
            } else {
                format!("{kind} {}", part.name)
            };
            counts.insert(name, part.rows());
        }
    }
    counts
}

fn remove(folder: &Path) -> Result<(), TrainError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(TrainError::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}
