use std::collections::BTreeMap;

use pliant_data::task::{Protocol, TaskName};
use pliant_lab::{SeedList, report};
use pliant_train::{
    Event, RunOptions, Start, TrainError,
    finetune::{FinetuneOptions, FinetuneResult, Metrics, Mode, Spread, TaskData, finetune},
};
use serde::Serialize;

use super::{context::Context, recording::Recording};
use crate::{
    arguments::{
        VERSION,
        finetune::{Finetune, Rows},
    },
    exit::Failure,
    render::{finetuning::FinetuningProgress, screen::Interruption, task},
};

pub(crate) fn run(arguments: &Finetune, context: &Context) -> Result<(), Failure> {
    let seeds: SeedList = arguments.selection.seeds.parse()?;
    if !arguments.model.join("config.json").is_file() {
        return Err(Failure::no_model(&arguments.model));
    }
    let options = options(arguments)?;
    let run = RunOptions {
        start: Start::Continue,
        threads: context.threads,
        stop: Context::stop_on_signals()?,
        commit: Some(env!("PLIANT_COMMIT").to_owned()),
        ..RunOptions::default()
    };
    let screen = context.screen(Interruption::Finishes);
    let mut progress = FinetuningProgress::new(screen, seeds.as_slice().len());
    let out = &arguments.out;
    let saves_adapter = options.mode.adapter().is_some() && !options.merge;
    let mut recording = Recording::new(arguments.tensorboard, out);
    let mut both = |event: &Event| recording.event(event, &mut progress);
    let result = finetune(&options, seeds.as_slice(), out, &run, &mut both);
    progress.clear();
    let result = result.map_err(failure)?;
    let report = report::write_finetune(&result, out, VERSION);
    recording.finish()?;
    let report = report?;
    context.output.result(&Document::of(&result), |palette| {
        task::finetuned(&result, out, &report, saves_adapter, palette)
    })
}

/// What `--json` prints; the complete results lie in the folder.
#[derive(Serialize)]
struct Document<'a> {
    task: &'a str,
    mode: Mode,
    trainable_parameters: usize,
    seeds: Vec<DocumentSeed<'a>>,
    test: Option<&'a BTreeMap<String, Spread>>,
}

#[derive(Serialize)]
struct DocumentSeed<'a> {
    seed: u64,
    validation: &'a Metrics,
    test: Option<&'a Metrics>,
}

impl<'a> Document<'a> {
    fn of(result: &'a FinetuneResult) -> Self {
        let seeds = result.seeds.iter().map(|seed| DocumentSeed {
            seed: seed.seed,
            validation: &seed.validation,
            test: seed.test.as_ref(),
        });
        Self {
            task: &result.task,
            mode: result.mode,
            trainable_parameters: result.trainable_parameters,
            seeds: seeds.collect(),
            test: result.test.as_ref(),
        }
    }
}

/// The paper's settings for the task, with what was given in their place.
fn options(arguments: &Finetune) -> Result<FinetuneOptions, Failure> {
    let (rows, training) = (&arguments.rows, &arguments.training);
    let (task, data) = task_and_data(rows)?;
    let mode: Mode = arguments.selection.mode.parse()?;
    let examples = rows.examples.map(Into::into);
    let mut options = FinetuneOptions::new(&arguments.model, task, data, mode, examples);
    options.protocol = match &rows.protocol {
        Some(protocol) => protocol.parse()?,
        // Who gives rows to validate on wants them for that.
        None if rows.validation.is_some() => Protocol::Standard,
        None => Protocol::Paper,
    };
    options.stratified = rows.stratified;
    options.test_cap = rows.test_cap.map(Into::into);
    options.merge = arguments.selection.merge;
    options.precision = training.precision;
    options.micro_batch = training.micro_batch.map(Into::into);
    /// Replaces a setting where the option was given.
    macro_rules! given {
        ($($name:ident),+) => { $(
            if let Some(value) = training.$name {
                options.$name = value.into();
            }
        )+ };
    }
    given!(
        epochs,
        batch,
        max_length,
        learning_rate,
        head_learning_rate,
        activation_learning_rate,
        adapter_learning_rate,
        weight_decay,
        activation_weight_decay,
        dropout,
        patience
    );
    Ok(options)
}

fn task_and_data(rows: &Rows) -> Result<(TaskName, TaskData), Failure> {
    let task: TaskName = rows.task.as_deref().unwrap_or("own").parse()?;
    let Some(train) = &rows.train else {
        let folder = rows.data.clone().ok_or_else(|| {
            Failure::usage("there is nothing to train on")
                .hint("give --data DIR, or --train FILE with its columns")
        })?;
        return Ok((task, TaskData::Folder(folder)));
    };
    let data = if let TaskName::Squad { .. } = task {
        let dev = rows.test.clone().ok_or_else(|| {
            Failure::usage("questions need a file to be tested on")
                .hint("give the development file as --test, or both in one folder as --data")
        })?;
        TaskData::Questions {
            train: train.clone(),
            dev,
        }
    } else {
        let label_column = rows.label_column.clone();
        let (Some(label_column), [_, ..]) = (label_column, &*rows.text_columns) else {
            return Err(
                Failure::usage("your own rows need the names of their columns").hint(
                    "give --text-columns and --label-column, as in --text-columns premise,hypothesis --label-column label",
                ),
            );
        };
        TaskData::Own {
            train: train.clone(),
            validation: rows.validation.clone(),
            test: rows.test.clone(),
            text_columns: rows.text_columns.clone(),
            label_column,
            regression: rows.regression,
        }
    };
    Ok((task, data))
}

/// How to go on after an interruption, and with a folder of other settings; the options here are not those of a recipe.
fn failure(error: TrainError) -> Failure {
    let hint = match &error {
        TrainError::Interrupted { .. } => Some("go on with the same command"),
        TrainError::OtherRecipe { .. } => {
            Some("give the same settings again, or another folder with --out")
        }
        _ => None,
    };
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
