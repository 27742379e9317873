use pliant_train::evaluate::{EvaluationOptions, evaluate};

use super::context::Context;
use crate::{
    arguments,
    exit::Failure,
    render::{screen::Screen, summary, training::TrainingProgress},
};

pub(crate) fn run(arguments: &arguments::eval::Eval, context: &Context) -> Result<(), Failure> {
    let model = arguments.model.display();
    if !arguments.model.join("config.json").is_file() {
        return Err(Failure::usage(format_args!(
            "{model} is no model folder: it has no config.json"
        ))
        .hint("give the folder `model` of a finished run"));
    }
    let options = EvaluationOptions {
        batch: arguments.batch.into(),
        sequence: arguments.sequence.into(),
        cache: arguments.cache.clone(),
        precision: arguments.precision,
        threads: context.threads,
    };
    let mut progress = TrainingProgress::new(Screen::new(context.quiet, context.palette), "eval");
    let result = evaluate(&arguments.model, &arguments.corpus, &options, &mut progress);
    progress.screen.clear();
    let report = result?;
    context
        .output
        .result(&report, |palette| summary::evaluation(&report, palette))
}
