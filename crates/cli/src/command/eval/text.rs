use std::path::Path;

use pliant_train::evaluate::{EvaluationOptions, evaluate};

use super::Context;
use crate::{
    arguments::eval::Eval,
    exit::Failure,
    render::{screen::Interruption, summary, training::TrainingProgress},
};

pub(super) fn run(corpus: &Path, arguments: &Eval, context: &Context) -> Result<(), Failure> {
    let options = EvaluationOptions {
        batch: arguments.batch.into(),
        sequence: arguments.text.sequence.into(),
        cache: arguments.text.cache.clone(),
        precision: arguments.precision,
        threads: context.threads,
    };
    let mut progress = TrainingProgress::new(context.screen(Interruption::Leaves), "eval");
    let result = evaluate(&arguments.model, corpus, &options, &mut progress);
    progress.screen.clear();
    let report = result?;
    context
        .output
        .result(&report, |palette| summary::evaluation(&report, palette))
}
