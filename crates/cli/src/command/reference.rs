//! `docs/reference/cli.md`, written from the argument table.

use std::{fmt::Write as _, path::Path};

use clap::{Arg, Command, CommandFactory};

use crate::arguments::Arguments;

/// The page: the program, its global options, then every verb.
fn page() -> String {
    let mut root = Arguments::command().term_width(100);
    root.build();
    let mut page = String::from("# Command reference\n\n");
    page += "Written from the argument table by `UPDATE_REFERENCE=1 cargo test -p pliant-cli reference`; do not edit.\n\n";
    let _ = writeln!(
        page,
        "{}\n",
        root.get_long_about()
            .map(ToString::to_string)
            .unwrap_or_default()
    );
    page += "## Global options\n\nEvery verb understands these.\n\n";
    arguments(
        root.get_arguments()
            .filter(|argument| argument.is_global_set()),
        &mut page,
    );
    let codes = root
        .get_after_long_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    if let Some((_, codes)) = codes.split_once("Exit codes:\n") {
        page += "\n## Exit codes\n\n| code | meaning |\n|---|---|\n";
        for line in codes.lines() {
            let (code, meaning) = line.trim().split_once(' ').unwrap_or_default();
            let _ = writeln!(page, "| {code} | {} |", meaning.trim());
        }
    }
    for verb in root.get_subcommands() {
        describe(verb, &mut page);
    }
    page
}

fn describe(verb: &Command, page: &mut String) {
    if verb.is_subcommand_required_set() {
        return verb.get_subcommands().for_each(|verb| describe(verb, page));
    }
    let name = verb.get_bin_name().unwrap_or_default();
    let about = verb
        .get_long_about()
        .or(verb.get_about())
        .map(ToString::to_string)
        .unwrap_or_default();
    let _ = writeln!(page, "\n## {name}\n\n{about}\n");
    let own = || {
        verb.get_arguments()
            .filter(|argument| !argument.is_global_set() && argument.get_id() != "help")
    };
    let usage = verb.clone().render_usage().to_string();
    let _ = writeln!(page, "    {}\n", usage.trim_start_matches("Usage: "));
    arguments(own(), page);
    let example = verb
        .get_after_long_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    if let Some(example) = example.strip_prefix("Example:\n") {
        let _ = writeln!(page, "\nExample:\n\n    {}", example.trim());
    }
    // A verb may do something itself and have verbs besides.
    verb.get_subcommands().for_each(|verb| describe(verb, page));
}

fn arguments<'a>(arguments: impl Iterator<Item = &'a Arg>, page: &mut String) {
    for argument in arguments {
        let help = argument
            .get_long_help()
            .or(argument.get_help())
            .map(ToString::to_string)
            .unwrap_or_default();
        let paragraphs: Vec<_> = help.split("\n\n").map(words).collect();
        let mut help = paragraphs.join(". ");
        let values: Vec<_> = argument
            .get_possible_values()
            .iter()
            .map(|value| value.get_name().to_owned())
            .collect();
        if !values.is_empty() && argument.get_action().takes_values() {
            let _ = write!(help, " ({})", values.join(", "));
        }
        let defaults = argument.get_default_values();
        if !defaults.is_empty() && argument.get_action().takes_values() {
            let defaults: Vec<_> = defaults
                .iter()
                .map(|value| value.to_string_lossy())
                .collect();
            let _ = write!(help, " [default: {}]", defaults.join(" "));
        }
        let short = argument
            .get_short()
            .map(|short| format!("-{short}, "))
            .unwrap_or_default();
        let _ = writeln!(page, "- `{short}{argument}`: {help}");
    }
}

/// The text on one line.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
#[allow(clippy::unwrap_used, reason = "a test")]
fn the_reference_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/cli.md");
    let page = page();
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &page).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == page,
        "docs/reference/cli.md differs from the argument table; write it anew with UPDATE_REFERENCE=1"
    );
}
