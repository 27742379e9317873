use std::io::{self, IsTerminal, Write};

use pliant_train::runs::{self, Removal};
use serde::Serialize;

use super::context::Context;
use crate::{
    arguments::runs::{Rm, Runs, RunsVerb},
    exit::{Code, Failure},
    render::{runs as render, screen::Interruption},
};

pub(crate) fn run(arguments: &Runs, context: &Context) -> Result<(), Failure> {
    if let Some(RunsVerb::Rm(verb)) = &arguments.verb {
        return remove(verb, context);
    }
    let listing = runs::find(&arguments.folder, arguments.limit.into())?;
    let mut screen = context.screen(Interruption::Leaves);
    for warning in &listing.warnings {
        screen.warning(warning);
    }
    context
        .output
        .result(&listing, |palette| render::listing(&listing, palette))
}

/// What was removed, as the document of `--json`.
#[derive(Serialize)]
struct Removed<'a> {
    removed: &'a [Removal],
}

fn remove(arguments: &Rm, context: &Context) -> Result<(), Failure> {
    let removals = runs::removals(&arguments.runs)?;
    let agreed = arguments.yes || ask(&removals, context)?;
    let removed = if agreed { &removals[..] } else { &[] };
    for removal in removed {
        removal.carry_out()?;
    }
    context
        .output
        .result(&Removed { removed }, |_| render::removed(removed))
}

/// Shows what would go, and waits for an answer; anything but yes is no.
fn ask(removals: &[Removal], context: &Context) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(
            Failure::usage("there is no terminal to ask on whether to remove the runs")
                .hint("look at them with `pliant runs`, then give --yes"),
        );
    }
    let question = render::question(removals, context.palette);
    let mut answer = String::new();
    let mut output = io::stderr();
    output
        .write_all(question.as_bytes())
        .and_then(|()| output.flush())
        .and_then(|()| io::stdin().read_line(&mut answer))
        .map_err(|error| Failure::new(Code::Failed, format_args!("cannot ask: {error}")))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
