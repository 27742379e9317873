use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, Subcommand, ValueHint};

use super::number::count;

/// Measure this machine: a training step, an inference pass, the preparation of text
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    Step(Step),
    Infer(Infer),
    Data(Data),
}

/// Time training steps on drawn tokens
///
/// A step is forward, backward, global norm and `AdamW` of a masked-language model with BERT's 30,522 words, learned
/// positions, norms after the sub-layers and dropout 0.1; 15 % of the tokens are masked. Reports the time per step, tokens
/// per second, peak memory, the share of each operation, and the floating-point rate of the matrix products.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant bench step --preset mini --activation rational --precision f32 --json"
)]
pub(crate) struct Step {
    #[command(flatten)]
    pub(crate) model: Model,

    /// Sequences per step [default: 32 for tiny and mini, 16 for small and medium, 8 for base]
    #[arg(long, value_name = "N", value_parser = count::<NonZeroUsize>)]
    pub(crate) batch: Option<NonZeroUsize>,
}

/// Time inference on drawn tokens
///
/// The model of `pliant bench step`, forward only: masked-language-model loss without dropout and without gradients.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant bench infer --preset base --batch 32 --json")]
pub(crate) struct Infer {
    #[command(flatten)]
    pub(crate) model: Model,

    /// Sequences per pass
    #[arg(long, value_name = "N", default_value = "1", value_parser = count::<NonZeroUsize>)]
    pub(crate) batch: NonZeroUsize,
}

/// What a step and a pass have in common.
#[derive(Debug, Args)]
pub(crate) struct Model {
    /// Size of the model: tiny, mini, small, medium or base
    #[arg(long, value_name = "NAME", default_value = "mini")]
    pub(crate) preset: String,

    /// Activation of the feed-forward layers; `pliant act list` names them all
    #[arg(long, value_name = "ACTIVATION", default_value = "rational")]
    pub(crate) activation: String,

    /// What the operands of matrix products are rounded to: f32 or bf16
    #[arg(long, value_name = "FORMAT", default_value = "f32")]
    pub(crate) precision: String,

    /// Tokens per sequence, at most 512
    #[arg(long, value_name = "N", default_value = "128", value_parser = count::<NonZeroUsize>)]
    pub(crate) sequence: NonZeroUsize,

    /// Steps that are timed
    #[arg(long, value_name = "N", default_value = "10", value_parser = count::<NonZeroUsize>)]
    pub(crate) steps: NonZeroUsize,

    /// Steps before them that are not
    #[arg(long, value_name = "N", default_value = "3")]
    pub(crate) warmup: usize,
}

/// Time the preparation of text: reading, tokenizing, packing, writing shards
///
/// Prepares the text into a temporary folder as a run does, each time from the start.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant bench data --corpus wiki/ --vocabulary vocab.txt --json"
)]
pub(crate) struct Data {
    /// Text to prepare: a file or folder of .txt, .txt.xz, .txt.zst, .txt.gz
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) corpus: PathBuf,

    /// Tokenizer: a `vocab.txt` or a `tokenizer.json`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) vocabulary: PathBuf,

    /// Tokens per sequence
    #[arg(long, value_name = "N", default_value = "128", value_parser = count::<NonZeroUsize>)]
    pub(crate) sequence: NonZeroUsize,

    /// How often
    #[arg(long, value_name = "N", default_value = "3", value_parser = count::<NonZeroUsize>)]
    pub(crate) repeats: NonZeroUsize,
}
