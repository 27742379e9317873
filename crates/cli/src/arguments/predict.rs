use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, ValueHint};

use super::number::count;

/// Ask a model: words for masks, a label for a text or a pair, an answer from a context
///
/// What is answered depends on the model: a masked-language model fills every `[MASK]` of --text, a classifier or regressor
/// labels --text (with --text-pair), a question-answering model finds the answer to --question in --context.
///
/// Without --text and --question the input is a stream of JSON objects, one a line, from --input or standard input, with the
/// keys `text`, `text_pair`, `question` and `context` as above; an `id` comes back with the answer. Streams of any
/// length are answered in little memory.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant predict --model qa/seed-1/model --question 'Who wrote it?' --context 'Ada wrote it in May.' --json"
)]
pub(crate) struct Predict {
    /// Folder of the model
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) model: PathBuf,

    /// Folder of an adapter that was trained on the model
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) adapter: Option<PathBuf>,

    /// The text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with_all = ["question", "input"])]
    pub(crate) text: Option<String>,

    /// The second text of a pair
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        requires = "text"
    )]
    pub(crate) text_pair: Option<String>,

    /// The question
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        requires = "context",
        conflicts_with = "input"
    )]
    pub(crate) question: Option<String>,

    /// The text that holds the answer
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        requires = "question"
    )]
    pub(crate) context: Option<String>,

    /// File with one JSON object a line; `-` for standard input [default without --text and --question: -]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) input: Option<PathBuf>,

    /// Answers to give, the most probable first; classifiers always give all labels
    #[arg(long, value_name = "K", default_value = "5", value_parser = count::<NonZeroUsize>)]
    pub(crate) top: NonZeroUsize,

    /// Print one JSON object a line, as soon as it is known; --json collects a stream into one document
    #[arg(long, conflicts_with = "json")]
    pub(crate) jsonl: bool,
}
