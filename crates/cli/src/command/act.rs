use std::fs;

use pliant_activation::{
    ActivationSpec, DenominatorForm, bench, check, fit, import, library, list,
};
use pliant_lab::correction::{CorrectionRequest, corrections};

use super::context::Context;
use crate::{
    arguments::act::{Act, Bench, Check, Eafo, Fit, Import},
    exit::{Code, Failure},
    render::{activation, correction},
};

pub(crate) fn run(verb: &Act, context: &Context) -> Result<(), Failure> {
    match verb {
        Act::Fit(arguments) => run_fit(arguments, context),
        Act::List(_) => {
            let entries = list::list()?;
            context.output.result(&entries, |palette| {
                activation::list(&entries, &list::gated(), palette)
            })
        }
        Act::Check(arguments) => run_check(arguments, context),
        Act::Bench(arguments) => run_bench(arguments, context),
        Act::Import(arguments) => run_import(arguments, context),
        Act::Eafo(arguments) => run_eafo(arguments, context),
    }
}

fn run_fit(arguments: &Fit, context: &Context) -> Result<(), Failure> {
    let target = library::resolve(&arguments.target)?;
    let form = DenominatorForm::from_letter(&arguments.form).ok_or_else(|| {
        Failure::usage(format_args!(
            "`{}` is no form of a denominator",
            arguments.form
        ))
        .hint("forms are a, b, c and n")
    })?;
    let mut request = fit::FitRequest::new(target, form);
    request.numerator_degree = arguments.degrees.numerator;
    request.denominator_degree = arguments.degrees.denominator;
    if let Some(range) = arguments.range {
        request.range = (range.low, range.high);
    }
    if let Some(weight) = arguments.tail_weight {
        request.tail_weight = weight;
    }
    let report = fit::fit(&request)?;
    context
        .output
        .result(&report, |palette| activation::fit(&report, palette))
}

fn run_check(arguments: &Check, context: &Context) -> Result<(), Failure> {
    let options = check::CheckOptions {
        only: specs(&arguments.only)?,
        ..check::CheckOptions::default()
    };
    let report = check::run(&options)?;
    context
        .output
        .result(&report, |palette| activation::check(&report, palette))?;
    if report.passed {
        return Ok(());
    }
    let failed = report.rows.iter().filter(|row| !row.passed).count();
    let message = format!("{failed} of {} checks failed", report.rows.len());
    Err(Failure::new(Code::Failed, message).reported())
}

fn run_bench(arguments: &Bench, context: &Context) -> Result<(), Failure> {
    let mut options = bench::BenchOptions {
        rows: arguments.rows.into(),
        columns: arguments.columns.into(),
        repeats: arguments.repeats.into(),
        ..bench::BenchOptions::default()
    };
    if !arguments.activations.is_empty() {
        options.activations = specs(&arguments.activations)?;
    }
    let report = bench::run(&options)?;
    context
        .output
        .result(&report, |palette| activation::bench(&report, palette))
}

fn run_import(arguments: &Import, context: &Context) -> Result<(), Failure> {
    let name = arguments.file.display();
    let text = fs::read_to_string(&arguments.file)
        .map_err(|error| Failure::new(Code::Data, format_args!("cannot read {name}: {error}")))?;
    let report = import::read(&text).map_err(|error| {
        Failure::new(Code::Data, format_args!("{name}: {error}")).maybe(error.hint())
    })?;
    context
        .output
        .result(&report, |palette| activation::import(&report, palette))
}

fn run_eafo(arguments: &Eafo, context: &Context) -> Result<(), Failure> {
    let request = CorrectionRequest {
        from: library::resolve(&arguments.from)?,
        run: arguments.run.as_deref(),
        site: Some(arguments.site.as_str()).filter(|site| *site != "all"),
        knots: arguments.knots,
        name: &arguments.name,
    };
    let result = corrections(&request)?;
    if let Some(file) = &arguments.picture {
        fs::write(file, result.figure()).map_err(|error| {
            Failure::new(
                Code::Failed,
                format_args!("cannot write {}: {error}", file.display()),
            )
        })?;
    }
    if let Some(file) = &arguments.out {
        let entries: Vec<(String, ActivationSpec)> = result
            .named()
            .map(|named| (named.name.clone(), named.activation.clone()))
            .collect();
        library::add(file, &entries)?;
    }
    context.output.result(&result, |palette| {
        let files = correction::Files {
            library: arguments.out.as_deref(),
            picture: arguments.picture.as_deref(),
        };
        correction::text(&result, &files, palette)
    })
}

fn specs(texts: &[String]) -> Result<Vec<ActivationSpec>, Failure> {
    Ok(texts
        .iter()
        .map(|text| library::resolve(text))
        .collect::<Result<_, _>>()?)
}
