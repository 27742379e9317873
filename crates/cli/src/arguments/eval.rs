use std::{num::NonZeroUsize, path::PathBuf};

use clap::{
    Args, ValueHint,
    builder::{PossibleValuesParser, TypedValueParser},
};
use pliant_kernels::Precision;

use super::number::count;

/// Measure a trained model on a text
///
/// Masked-language-model loss, perplexity and accuracy over the whole of the text, with masks fixed by it.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant eval --model run/model --corpus wiki/valid.txt.xz --json"
)]
pub(crate) struct Eval {
    /// Folder of the model, `model/` of a run
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) model: PathBuf,

    /// Text to measure on: a file or folder of .txt, .txt.xz, .txt.zst, .txt.gz
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) corpus: PathBuf,

    /// Tokens per sequence that the text is cut into
    #[arg(long, value_name = "N", default_value = "128", value_parser = count::<NonZeroUsize>)]
    pub(crate) sequence: NonZeroUsize,

    /// Sequences that go through the model at once
    #[arg(long, value_name = "N", default_value = "32", value_parser = count::<NonZeroUsize>)]
    pub(crate) batch: NonZeroUsize,

    /// What matrix products round their operands to; `bf16` is faster on some processors (see `pliant doctor`)
    #[arg(long, value_name = "FORMAT", default_value = "f32", value_parser = PossibleValuesParser::new(Precision::ALL.map(Precision::name)).try_map(|name| name.parse::<Precision>()))]
    pub(crate) precision: Precision,

    /// Folder that keeps the prepared text for the next time [default: none]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) cache: Option<PathBuf>,
}
