use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// Write a model for other programs: hf
///
/// A folder for Hugging Face's transformers: config.json, model.safetensors, tokenizer files, a model card with the numbers of
/// the run, and `modeling_pliant.py`, the model as one module of plain PyTorch whose activation functions are printed from this
/// program's definitions. It is loaded with `trust_remote_code=True` for masked words, classification or question answering, can
/// be fine-tuned there, and this program reads it and what `save_pretrained` writes.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  pliant export --to hf --model pliant-compare/rational/seed-1/model --out exported\n  pliant export --to hf --model run/model --out exported --push hub:ada/rational-bert --private"
)]
pub(crate) struct Export {
    /// For whom
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) to: Format,

    /// Folder of the model
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) model: PathBuf,

    /// Folder to write; new, empty, or an earlier export
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,

    /// Also send the folder to the Hugging Face Hub: `hub:owner/name`, with `@branch` where it is not to be main
    ///
    /// The repository is created where it is missing. The token is that of `HF_TOKEN`, or of `hf auth login`.
    #[arg(long, value_name = "NAME")]
    pub(crate) push: Option<String>,

    /// A repository that --push creates is shown to nobody else
    #[arg(long, requires = "push")]
    pub(crate) private: bool,
}

/// What can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Hugging Face transformers
    Hf,
}
