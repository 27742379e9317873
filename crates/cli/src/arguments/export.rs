use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// Write a model for other programs: hf, onnx
///
/// hf: a folder for Hugging Face's transformers: config.json, model.safetensors, tokenizer files, a model card with the numbers of
/// the run, and `modeling_pliant.py`, the model as one module of plain PyTorch whose activation functions are printed from this
/// program's definitions. It is loaded with `trust_remote_code=True` for masked words, classification or question answering, can
/// be fine-tuned there, and this program reads it and what `save_pretrained` writes.
///
/// onnx: a file for ONNX Runtime, tract and others, with operators of ONNX's own domain alone (opset 17). Inputs are `input_ids`,
/// `attention_mask` and `token_type_ids`, 64-bit integers of any batch and of any length up to the model's; outputs are `logits`,
/// or `start_logits` and `end_logits`, or `last_hidden_state`, in f32. Adapters are merged.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant export --to hf --model pliant-compare/rational/seed-1/model --out exported\n  pliant export --to hf --model run/model --out exported --push hub:ada/rational-bert --private\n  pliant export --to onnx --model rte/seed-1/model --out rte.onnx --half"
)]
pub(crate) struct Export {
    /// For whom
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) to: Format,

    /// Folder of the model
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) model: PathBuf,

    /// What to write: for hf a folder, new, empty, or an earlier export; for onnx a file, new or an earlier export
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) out: PathBuf,

    /// Also send the folder to the Hugging Face Hub: `hub:owner/name`, with `@branch` where it is not to be main
    ///
    /// The repository is created where it is missing. The token is that of `HF_TOKEN`, or of `hf auth login`.
    #[arg(long, value_name = "NAME")]
    pub(crate) push: Option<String>,

    /// A repository that --push creates is shown to nobody else
    #[arg(long, requires = "push")]
    pub(crate) private: bool,

    /// For onnx: weights and hidden values in half precision; activation functions stay in f32
    #[arg(long)]
    pub(crate) half: bool,

    /// For onnx: leave the head away, the output is `last_hidden_state`
    #[arg(long)]
    pub(crate) encoder_only: bool,

    /// For onnx: folder of an adapter that was trained on the model, to be merged
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) adapter: Option<PathBuf>,
}

/// What can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Hugging Face transformers
    Hf,
    /// ONNX Runtime, tract and other runtimes
    Onnx,
}
