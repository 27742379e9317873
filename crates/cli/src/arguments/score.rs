use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

/// Score predictions as the official scorers do: squad
#[derive(Debug, Subcommand)]
pub(crate) enum Score {
    Squad(Squad),
}

/// Score answers to the questions of a SQuAD file
///
/// Exact match and F1 of the words in percent, with the text normalisation of the official scorer of SQuAD v1.1 or, where
/// the file has questions without an answer, v2.0. A question without a prediction counts as wrong.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant score squad --data dev-v1.1.json --predictions predictions.json --json"
)]
pub(crate) struct Squad {
    /// File of SQuAD's form with the right answers
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) data: PathBuf,

    /// JSON object of answers by question id; an empty answer says that there is none
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) predictions: PathBuf,

    /// JSON object of scores of "no answer" by question id, to search the best thresholds for SQuAD v2.0
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) no_answer_scores: Option<PathBuf>,
}
