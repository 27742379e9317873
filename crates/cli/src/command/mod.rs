//! The verbs: arguments become a call of a library, its answer becomes text or JSON.

mod act;
mod bench;
mod compare;
mod completions;
mod context;
pub(crate) mod convert;
mod doctor;
mod eval;
mod export;
mod finetune;
pub(crate) mod freeze;
mod man;
mod place;
mod predict;
mod pretrain;
mod recipe;
mod recording;
#[cfg(test)]
mod reference;
mod runs;
mod score;
mod serve;
mod shapes;
mod sweep;
mod tokenize;
mod watch;

use std::{env, ffi::OsString, io};

use clap::{ColorChoice, CommandFactory, FromArgMatches, error::ErrorKind};

use crate::{
    arguments::{Arguments, Color, Verb},
    exit::{Code, Failure},
    render::{output, palette::Palette, report},
};
use context::Context;

/// Carries out the command line of this process.
pub(crate) fn main() -> Code {
    let line: Vec<OsString> = env::args_os().collect();
    let early = Early::read(&line);
    let result = parse(&line, early).and_then(|arguments| match arguments {
        Some(mut arguments) => dispatch(&mut arguments),
        None => Ok(()),
    });
    let Err(failure) = result else {
        return Code::Done;
    };
    report::print(&failure, Palette::new(early.color, &io::stderr()));
    if early.json && !failure.reported && failure.code != Code::Done {
        // The error on standard error is complete; a closed standard output changes nothing about it.
        let _ = output::print_document(&report::document(&failure));
    }
    failure.code
}

fn dispatch(arguments: &mut Arguments) -> Result<(), Failure> {
    let context = Context::new(&arguments.global)?;
    // A copy of the recipe lies there until the verb has come to its end.
    let _recipe = place::resolve(&mut arguments.verb, &context)?;
    match &arguments.verb {
        Verb::Compare(verb) => compare::run(verb, &context),
        Verb::Pretrain(verb) => pretrain::run(verb, &context),
        Verb::Finetune(verb) => finetune::run(verb, &context),
        Verb::Predict(verb) => predict::run(verb, &context),
        Verb::Serve(verb) => serve::run(verb, &context),
        Verb::Eval(verb) => eval::run(verb, &context),
        Verb::Sweep(verb) => sweep::run(verb, &context),
        Verb::Score(verb) => score::run(verb, &context),
        Verb::Shapes(verb) => shapes::run(verb, &context),
        Verb::Watch(verb) => watch::run(verb, &context),
        Verb::Convert(verb) => convert::run(verb, &context),
        Verb::Freeze(verb) => freeze::run(verb, &context),
        Verb::Export(verb) => export::run(verb, &context),
        Verb::Tokenize(verb) => tokenize::run(verb, &context),
        Verb::Runs(verb) => runs::run(verb, &context),
        Verb::Act(verb) => act::run(verb, &context),
        Verb::Recipe(verb) => recipe::run(verb, &context),
        Verb::Bench(verb) => bench::run(verb, &context),
        Verb::Doctor(verb) => doctor::run(verb, &context),
        Verb::Completions(verb) => completions::run(verb, &context),
        Verb::Man(verb) => man::run(verb, &context),
    }
}

/// What has to be known before the arguments are parsed: how to report that they are wrong.
#[derive(Debug, Clone, Copy)]
struct Early {
    json: bool,
    color: Color,
}

impl Early {
    fn read(line: &[OsString]) -> Self {
        let words: Vec<&str> = line
            .iter()
            .skip(1)
            .filter_map(|word| word.to_str())
            .collect();
        let value = |word: &str| match word {
            "always" => Some(Color::Always),
            "never" => Some(Color::Never),
            _ => None,
        };
        let color =
            words
                .iter()
                .enumerate()
                .find_map(|(index, word)| match word.strip_prefix("--color") {
                    Some("") => words.get(index + 1).copied().and_then(value),
                    Some(rest) => rest.strip_prefix('=').and_then(value),
                    None => None,
                });
        Self {
            json: words.contains(&"--json"),
            color: color
                .unwrap_or_default()
                .or_plain(words.contains(&"--plain")),
        }
    }
}

/// The parsed arguments; `None` when help or version was asked for and is printed.
fn parse(line: &[OsString], early: Early) -> Result<Option<Arguments>, Failure> {
    let choice = match early.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let parsed = Arguments::command()
        .color(choice)
        .try_get_matches_from(line)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let error = match parsed {
        Ok(arguments) => return Ok(Some(arguments)),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            error.print().map_err(|error| Failure::output(&error))?;
            Ok(None)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // The help is for a person; who wants JSON gets the error alone.
            if !early.json {
                error.print().map_err(|error| Failure::output(&error))?;
            }
            let verb = verb(line);
            Err(Failure::usage(format_args!("`{verb}` needs a verb"))
                .hint(format_args!("`{verb} --help` shows them")))
        }
        _ => Err(report::usage(&error, &verb(line))),
    }
}

/// The verb that a command line names, as far as it names one: `pliant act fit`.
fn verb(line: &[OsString]) -> String {
    let root = Arguments::command();
    let mut command = &root;
    let mut path = root.get_name().to_owned();
    for word in line.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(next) = command.find_subcommand(word) {
            command = next;
            path = format!("{path} {word}");
        }
    }
    path
}
