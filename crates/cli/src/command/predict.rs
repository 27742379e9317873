use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use pliant_kernels::Precision;
use pliant_train::{
    TrainError,
    predict::{Predictor, Query, Streamed},
};
use serde::Serialize;

use super::context::Context;
use crate::{
    arguments::predict::Predict,
    exit::{Code, Failure},
    render::{output, prediction},
};

pub(crate) fn run(arguments: &Predict, context: &Context) -> Result<(), Failure> {
    if !arguments.model.join("config.json").is_file() {
        return Err(Failure::no_model(&arguments.model));
    }
    let load = || {
        let adapter = arguments.adapter.as_deref();
        Predictor::load(&arguments.model, adapter, Precision::F32)
    };
    let query = Query {
        id: None,
        text: arguments.text.clone(),
        text_pair: arguments.text_pair.clone(),
        question: arguments.question.clone(),
        context: arguments.context.clone(),
    };
    if query.text.is_none() && query.question.is_none() {
        let mut input = open(arguments.input.as_deref())?;
        return stream(&load()?, &mut input, arguments, context);
    }
    let reply = load()?.reply(&query, arguments.top.into())?;
    if arguments.jsonl {
        return output::print_line(&reply);
    }
    context
        .output
        .result(&reply, |palette| prediction::one(&reply, palette))
}

/// The stream: standard input, or a file.
fn open(input: Option<&Path>) -> Result<Box<dyn Read>, Failure> {
    match input {
        Some(path) if path != Path::new("-") => match File::open(path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(Failure::new(
                Code::Data,
                format_args!("cannot read {}: {error}", path.display()),
            )
            .hint("give a file with one JSON object a line, or - for standard input")),
        },
        _ => Ok(Box::new(io::stdin())),
    }
}

/// The one document of a whole stream.
#[derive(Serialize)]
struct Document {
    predictions: Vec<Streamed>,
}

fn stream(
    predictor: &Predictor,
    input: &mut dyn Read,
    arguments: &Predict,
    context: &Context,
) -> Result<(), Failure> {
    let top = arguments.top.into();
    let mut predictions = Vec::new();
    let mut output = io::stdout().lock();
    let mut answered = |streamed: Streamed| {
        if context.output.json {
            predictions.push(streamed);
        } else if arguments.jsonl {
            serde_json::to_writer(&mut output, &streamed)?;
            output.write_all(b"\n")?;
        } else {
            let text = prediction::line(&streamed, context.output.palette);
            output.write_all(text.as_bytes())?;
        }
        Ok(())
    };
    predictor
        .stream(input, top, &mut answered)
        .map_err(|error| match error {
            TrainError::Stream(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                Failure::output(&error)
            }
            error => error.into(),
        })?;
    drop(output);
    if context.output.json {
        let document = Document { predictions };
        context.output.result(&document, |_| String::new())?;
    }
    Ok(())
}
