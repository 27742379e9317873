use pliant_nn::{Precision, Preset};
use pliant_train::{
    TrainError,
    bench::{self, DataBenchOptions, ModelBenchOptions, Pass},
};
use serde::Serialize;

use super::context::Context;
use crate::{
    arguments::{
        VERSION,
        bench::{Bench, Data, Model},
    },
    exit::Failure,
    render::bench as render,
};

pub(crate) fn run(verb: &Bench, context: &Context) -> Result<(), Failure> {
    match verb {
        Bench::Step(step) => {
            let batch = step.batch.map(Into::into);
            run_model(Pass::Training, &step.model, batch, context)
        }
        Bench::Infer(infer) => {
            let batch = Some(infer.batch.into());
            run_model(Pass::Inference, &infer.model, batch, context)
        }
        Bench::Data(data) => run_data(data, context),
    }
}

/// A measurement with the program that made it.
#[derive(Serialize)]
struct Document<'a, R> {
    version: &'static str,
    #[serde(flatten)]
    report: &'a R,
}

fn document<R>(report: &R) -> Document<'_, R> {
    Document {
        version: VERSION,
        report,
    }
}

fn run_model(
    pass: Pass,
    model: &Model,
    batch: Option<usize>,
    context: &Context,
) -> Result<(), Failure> {
    let precision: Precision = model
        .precision
        .parse()
        .map_err(|error| Failure::usage(error).hint("give --precision f32 or bf16"))?;
    let preset: Preset = model.preset.parse().map_err(TrainError::from)?;
    let options = ModelBenchOptions {
        pass,
        preset,
        activation: model.activation.parse()?,
        precision,
        sequence: model.sequence.into(),
        batch,
        steps: model.steps.into(),
        warmup: model.warmup,
    };
    let report = bench::measure(&options)?;
    context.output.result(&document(&report), |palette| {
        render::model(&report, palette)
    })
}

fn run_data(arguments: &Data, context: &Context) -> Result<(), Failure> {
    let options = DataBenchOptions {
        corpus: arguments.corpus.clone(),
        vocabulary: arguments.vocabulary.clone(),
        sequence: arguments.sequence.into(),
        repeats: arguments.repeats.into(),
    };
    let report = bench::prepare(&options)?;
    context
        .output
        .result(&document(&report), |palette| render::data(&report, palette))
}
