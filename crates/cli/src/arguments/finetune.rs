use std::{
    num::{NonZeroU64, NonZeroUsize},
    path::PathBuf,
};

use clap::{Args, ValueHint};
use pliant_kernels::Precision;

use super::number::{self, count};

/// Fine-tune a model on a task: GLUE, SQuAD, or your own table
///
/// Trains once per seed and reports mean and standard deviation. The rows, their order and the start of the head depend on
/// the seed alone: two models, or two modes, with the same seed are fed the same rows. What is not given has the paper's
/// settings for the task. A second call with the same settings goes on where the first one stopped, to the same bytes.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant finetune --model run/model --task rte --data glue/ --examples 100 --seeds 1-10 --mode activations --out rte"
)]
pub(crate) struct Finetune {
    /// Folder of the model to begin from: `model/` of a run, or of an earlier fine-tuning
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) model: PathBuf,

    /// Folder for the seeds: `seed-1/model`, … and the results
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,

    /// Also write event files for `TensorBoard`, into tensorboard/ of each seed's folder
    #[arg(long)]
    pub(crate) tensorboard: bool,

    #[command(flatten)]
    pub(crate) rows: Rows,

    #[command(flatten)]
    pub(crate) selection: Selection,

    #[command(flatten)]
    pub(crate) training: Training,
}

/// Where the rows come from and which of them are used.
#[derive(Debug, Args)]
#[command(next_help_heading = "Task and rows")]
pub(crate) struct Rows {
    /// Task: cola, sst2, mrpc, stsb, qqp, mnli, qnli, rte, wnli, snli, squad, squad2 [default with --train: own]
    #[arg(long, value_name = "NAME", required_unless_present = "train")]
    pub(crate) task: Option<String>,

    /// Folder of the task's files, or the GLUE folder that holds it
    ///
    /// TSV files as the official download has them, or Parquet files as in `nyu-mll/glue`; they are told apart.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::AnyPath, required_unless_present = "train", conflicts_with = "train")]
    pub(crate) data: Option<PathBuf>,

    /// Your own rows to train on: .csv, .tsv, .jsonl or .parquet; with --task squad a file in its form
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) train: Option<PathBuf>,

    /// Your own rows to choose the best epoch by [default: a quarter of --train, as --protocol paper has it]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "train")]
    pub(crate) validation: Option<PathBuf>,

    /// Your own rows for the final report
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "train")]
    pub(crate) test: Option<PathBuf>,

    /// One or two columns of --train that hold the text: `sentence` or `premise,hypothesis`
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "train")]
    pub(crate) text_columns: Vec<String>,

    /// Column of --train that holds the label
    #[arg(long, value_name = "NAME", requires = "train")]
    pub(crate) label_column: Option<String>,

    /// The label is a number to be predicted, not the name of a class
    #[arg(long, requires = "train")]
    pub(crate) regression: bool,

    /// What validates and what tests: paper or standard [default: paper; with --validation standard]
    ///
    /// `paper`: three quarters of the training rows train and a quarter validates, in the same cut for every run; the official
    /// development part tests. `standard`: the official development part, or --validation, validates, and nothing tests unless
    /// there is a labelled test file.
    #[arg(long, value_name = "NAME")]
    pub(crate) protocol: Option<String>,

    /// Train on so many rows only, drawn by the seed; with --protocol paper as many validate [default: all]
    #[arg(long, value_name = "N", value_parser = count::<NonZeroUsize>)]
    pub(crate) examples: Option<NonZeroUsize>,

    /// Draw the --examples so that each class has its share
    #[arg(long, requires = "examples")]
    pub(crate) stratified: bool,

    /// Test on at most so many rows, the same ones in every run [default: all]
    #[arg(long, value_name = "N", value_parser = count::<NonZeroUsize>)]
    pub(crate) test_cap: Option<NonZeroUsize>,
}

/// What trains, and how often.
#[derive(Debug, Args)]
#[command(next_help_heading = "What trains")]
pub(crate) struct Selection {
    /// What trains beside the head: full, frozen-activations, bitfit, bitfit+activations, activations, head, matched-bias,
    /// ia3, lora(8)
    ///
    /// `full`: everything. `frozen-activations`: all but the activations' coefficients. `bitfit`: biases. `activations`: the
    /// coefficients alone. `matched-bias`: as many bias entries, drawn by the seed, as there are coefficients. `ia3`: scales
    /// on keys, values and the inner feed-forward. `lora(r)`: low-rank changes of query and value.
    #[arg(long, value_name = "MODE", default_value = "full")]
    pub(crate) mode: String,

    /// Seeds, as a list or range: `1,2,3`, `1-10`
    #[arg(long, value_name = "LIST", default_value = "1")]
    pub(crate) seeds: String,

    /// Merge an adapter into the weights and save a whole model instead of the small adapter
    #[arg(long)]
    pub(crate) merge: bool,
}

/// The settings of the training; each has a default from the paper.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training [defaults: the paper's for the task and mode]")]
pub(crate) struct Training {
    /// Passes over the training rows
    #[arg(long, value_name = "N", value_parser = count::<NonZeroU64>)]
    pub(crate) epochs: Option<NonZeroU64>,

    /// Sequences per step
    #[arg(long, value_name = "N", value_parser = count::<NonZeroUsize>)]
    pub(crate) batch: Option<NonZeroUsize>,

    /// Sequences that go through the model at once, less than --batch to save memory; the same step but for rounding
    #[arg(long, value_name = "N", value_parser = count::<NonZeroUsize>)]
    pub(crate) micro_batch: Option<NonZeroUsize>,

    /// Tokens of the longest sequence; longer texts are cut, long contexts of questions become several windows
    #[arg(long, value_name = "N", value_parser = count::<NonZeroUsize>)]
    pub(crate) max_length: Option<NonZeroUsize>,

    /// Learning rate of the encoder
    #[arg(long, value_name = "RATE")]
    pub(crate) learning_rate: Option<f64>,

    /// Learning rate of the pooler and the output layer
    #[arg(long, value_name = "RATE")]
    pub(crate) head_learning_rate: Option<f64>,

    /// Learning rate of the activations' coefficients
    #[arg(long, value_name = "RATE")]
    pub(crate) activation_learning_rate: Option<f64>,

    /// Learning rate of an adapter (ia3, lora)
    #[arg(long, value_name = "RATE")]
    pub(crate) adapter_learning_rate: Option<f64>,

    /// Weight decay of weight matrices; biases, norms and `ia3` scales have none
    #[arg(long, value_name = "DECAY")]
    pub(crate) weight_decay: Option<f64>,

    /// Weight decay of the activations' coefficients [default: 0; the paper had 0.1, which pulls their shapes to zero]
    #[arg(long, value_name = "DECAY")]
    pub(crate) activation_weight_decay: Option<f64>,

    /// Probability of dropout
    #[arg(long, value_name = "SHARE")]
    pub(crate) dropout: Option<f64>,

    /// Epochs without a better validation that end the training; 0 never
    #[arg(long, value_name = "N")]
    pub(crate) patience: Option<u64>,

    /// What matrix products round their operands to
    #[arg(long, value_name = "FORMAT", default_value = "f32", value_parser = number::precision())]
    pub(crate) precision: Precision,
}
