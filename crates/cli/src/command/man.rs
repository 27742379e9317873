use std::{fmt::Write as _, io};

use clap::{Command, CommandFactory};
use serde::Serialize;

use super::context::Context;
use crate::{
    arguments::{Arguments, man::Man},
    exit::Failure,
};

#[derive(Serialize)]
struct Document {
    page: String,
}

pub(crate) fn run(_: &Man, context: &Context) -> Result<(), Failure> {
    let document = Document {
        page: page().map_err(|error| Failure::output(&error))?,
    };
    context.output.result(&document, |_| document.page.clone())
}

/// One page for the whole program: its own sections, then one section for each verb.
fn page() -> io::Result<String> {
    let mut root = Arguments::command();
    root.build();
    let man = clap_mangen::Man::new(root.clone())
        .date("")
        .manual("Pliant");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    man.render_extra_section(&mut page)?;
    let mut page = once(&String::from_utf8_lossy(&page));
    for verb in root.get_subcommands() {
        render_verb(verb, &mut page)?;
    }
    Ok(page)
}

/// The page's own sections, with the preamble that each begins with only at its first place.
fn once(page: &str) -> String {
    let mut text = String::new();
    for (index, line) in page.lines().enumerate() {
        if index < 2 || !is_preamble(line) {
            push(&mut text, line, ".SH");
        }
    }
    text + ".fi\n"
}

/// A line, with sections as deep as `level`. The last section holds the examples, whose lines stay as they are.
fn push(page: &mut String, line: &str, level: &str) {
    let _ = match (line.strip_prefix(".SH "), line) {
        (Some("EXTRA"), _) => writeln!(page, "{level} EXAMPLES\n.nf"),
        (Some(heading), _) => writeln!(page, "{level} {heading}"),
        (None, "Example:" | "Examples:") => Ok(()),
        (None, line) => writeln!(page, "{line}"),
    };
}

/// Whether a line defines the apostrophe, as roff(7) pages do at their top.
fn is_preamble(line: &str) -> bool {
    line.starts_with(".ie ") || line.starts_with(".el ")
}

/// The section of a verb, or of each of its own verbs.
fn render_verb(verb: &Command, page: &mut String) -> io::Result<()> {
    if verb.is_subcommand_required_set() {
        return verb
            .get_subcommands()
            .try_for_each(|verb| render_verb(verb, page));
    }
    let name = verb
        .get_bin_name()
        .unwrap_or(verb.get_name())
        .to_uppercase();
    // The global options stand at the top of the page, once.
    let verb = verb.clone().mut_args(|argument| {
        let global =
            argument.is_global_set() || matches!(argument.get_id().as_str(), "help" | "version");
        argument.hide(global)
    });
    let man = clap_mangen::Man::new(verb.clone());
    let mut section = Vec::new();
    man.render_description_section(&mut section)?;
    man.render_synopsis_section(&mut section)?;
    man.render_options_section(&mut section)?;
    man.render_extra_section(&mut section)?;
    let _ = writeln!(page, ".SH \"{name}\"");
    for line in String::from_utf8_lossy(&section).lines() {
        // Every rendered section takes itself for one of the whole page.
        if is_preamble(line) || line == ".SH DESCRIPTION" {
            continue;
        }
        push(page, line, ".SS");
    }
    page.push_str(".fi\n");
    // A verb may do something itself and have verbs besides.
    verb.get_subcommands()
        .try_for_each(|verb| render_verb(verb, page))
}
