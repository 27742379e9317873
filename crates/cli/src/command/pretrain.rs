use std::path::{Path, PathBuf};

use pliant_train::{Event, Recipe, RunOptions, Sources, Start, TrainError};

use super::{context::Context, recording::Recording};
use crate::{
    arguments,
    exit::Failure,
    render::{screen::Interruption, summary, training::TrainingProgress},
};

pub(crate) fn run(
    arguments: &arguments::pretrain::Pretrain,
    context: &Context,
) -> Result<(), Failure> {
    let recipe = Recipe::resolve(&sources(arguments))?;
    if arguments.dry_run {
        return dry_run(&recipe, arguments, context);
    }
    let Some(out) = arguments.out.as_deref() else {
        return Err(Failure::usage("`pliant pretrain` needs a run folder").hint("give --out DIR"));
    };
    let options = RunOptions {
        start: if arguments.resume {
            Start::Resume
        } else {
            Start::Fresh
        },
        threads: context.threads,
        stop: Context::stop_on_signals()?,
        commit: Some(env!("PLIANT_COMMIT").to_owned()),
        ..RunOptions::default()
    };
    let mut progress = TrainingProgress::new(context.screen(Interruption::Finishes), "pretrain");
    let mut recording = Recording::new(arguments.tensorboard, out);
    let mut both = |event: &Event| recording.event(event, &mut progress);
    let result = pliant_train::run(&recipe, out, &options, &mut both);
    progress.screen.clear();
    let summary = result.map_err(|error| failure(error, out))?;
    recording.finish()?;
    context
        .output
        .result(&summary, |palette| summary::text(&summary, out, palette))
}

/// Resuming without a recipe takes the one that the run folder holds.
fn sources(arguments: &arguments::pretrain::Pretrain) -> Sources {
    let saved = || {
        arguments
            .out
            .as_deref()
            .filter(|_| arguments.resume)
            .map(|out| out.join("recipe.toml"))
    };
    let file: Option<PathBuf> = arguments.recipe.clone().or_else(saved);
    Sources {
        file,
        settings: arguments.set.clone(),
    }
}

/// An interruption says how to go on.
fn failure(error: TrainError, out: &Path) -> Failure {
    let interrupted = matches!(error, TrainError::Interrupted { .. });
    let failure = Failure::from(error);
    if interrupted {
        failure.hint(format_args!(
            "go on with: pliant pretrain --out {} --resume",
            out.display()
        ))
    } else {
        failure
    }
}

fn dry_run(
    recipe: &Recipe,
    arguments: &arguments::pretrain::Pretrain,
    context: &Context,
) -> Result<(), Failure> {
    let options = RunOptions {
        threads: context.threads,
        ..RunOptions::default()
    };
    let mut progress = TrainingProgress::new(context.screen(Interruption::Leaves), "dry run");
    let result = pliant_train::dry_run(recipe, arguments.out.as_deref(), &options, &mut progress);
    progress.screen.clear();
    let report = result?;
    context
        .output
        .result(&report, |palette| summary::estimates(&report, palette))
}
