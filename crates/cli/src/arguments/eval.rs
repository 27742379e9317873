use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, ValueHint};
use pliant_kernels::Precision;

use super::number::{self, count};

/// Measure a trained model on a text or on a task
///
/// With --corpus: masked-language-model loss, perplexity and accuracy over the whole of the text, with masks fixed by it.
/// With --task and --data: the metrics of a fine-tuned model on labelled rows or questions, those it was fine-tuned for or others
/// (zero-shot): an MNLI model on SNLI, a question-answering model on any file in the form of SQuAD.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant eval --model run/model --corpus wiki/valid.txt.xz --json\n  pliant eval --model mnli/seed-1/model --task snli --data snli/dev.jsonl"
)]
pub(crate) struct Eval {
    /// Folder of the model, `model/` of a run
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) model: PathBuf,

    /// Sequences that go through the model at once
    #[arg(long, value_name = "N", default_value = "32", value_parser = count::<NonZeroUsize>)]
    pub(crate) batch: NonZeroUsize,

    /// What matrix products round their operands to; `bf16` is faster on some processors (see `pliant doctor`)
    #[arg(long, value_name = "FORMAT", default_value = "f32", value_parser = number::precision())]
    pub(crate) precision: Precision,

    #[command(flatten)]
    pub(crate) text: Text,

    #[command(flatten)]
    pub(crate) rows: Rows,
}

/// A masked-language model on a text.
#[derive(Debug, Args)]
#[command(next_help_heading = "A masked-language model on a text")]
pub(crate) struct Text {
    /// Text to measure on: a file or folder of .txt, .txt.xz, .txt.zst, .txt.gz
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath, conflicts_with_all = ["task", "data"])]
    pub(crate) corpus: Option<PathBuf>,

    /// Tokens per sequence that the text is cut into
    #[arg(long, value_name = "N", default_value = "128", value_parser = count::<NonZeroUsize>)]
    pub(crate) sequence: NonZeroUsize,

    /// Folder that keeps the prepared text for the next time [default: none]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "task")]
    pub(crate) cache: Option<PathBuf>,
}

/// A fine-tuned model on a task.
#[derive(Debug, Args)]
#[command(next_help_heading = "A fine-tuned model on a task")]
pub(crate) struct Rows {
    /// Task that says what the file looks like: cola, sst2, mrpc, stsb, qqp, mnli, qnli, rte, wnli, snli, squad, squad2, own
    #[arg(long, value_name = "NAME", requires = "data")]
    pub(crate) task: Option<String>,

    /// Labelled rows: a file of the task, or the folder with its development part
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath, requires = "task")]
    pub(crate) data: Option<PathBuf>,

    /// Folder of an adapter that was trained on the model
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "task")]
    pub(crate) adapter: Option<PathBuf>,

    /// With --task own: one or two columns that hold the text
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "task")]
    pub(crate) text_columns: Vec<String>,

    /// With --task own: the column that holds the label
    #[arg(long, value_name = "NAME", requires = "task")]
    pub(crate) label_column: Option<String>,

    /// Tokens of the longest sequence [default: 128; 384 for questions]
    #[arg(long, value_name = "N", value_parser = count::<NonZeroUsize>, requires = "task")]
    pub(crate) max_length: Option<NonZeroUsize>,
}
