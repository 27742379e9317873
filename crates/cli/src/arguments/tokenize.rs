use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Print the token ids of text, line by line
///
/// One line of ids, separated by spaces, for each line of the text; --json prints one document with a list of ids for each line. Nothing is
/// put around them (no `[CLS]`, no `[SEP]`), and a special token that the text spells out is text like any other. A line ends at a line feed, with or without a
/// carriage return before it.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant tokenize --tokenizer run/model --tokens text.txt")]
pub(crate) struct Tokenize {
    /// `tokenizer.json` or `vocab.txt`, or a folder with either of them or with `vocab.json` and `merges.txt`
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) tokenizer: PathBuf,

    /// Text in UTF-8; `-` for standard input
    #[arg(value_name = "FILE", default_value = "-", value_hint = ValueHint::FilePath)]
    pub(crate) input: PathBuf,

    /// Print what the ids stand for instead, such as `##ing`
    #[arg(long)]
    pub(crate) tokens: bool,
}
