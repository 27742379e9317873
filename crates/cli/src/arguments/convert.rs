use std::{num::NonZeroUsize, path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum, ValueHint};
use pliant_activation::{ActivationSpec, library};
use pliant_lab::conversion::{Fit, Keep};
use pliant_nn::Sites;

use super::number::count;

/// Bring a BERT in, and give it learnable activations
///
/// Reads a folder of Hugging Face's transformers with a model of the kind bert or roberta (config.json; model.safetensors or `pytorch_model.bin`, also in shards;
/// tokenizer.json, vocab.txt, or vocab.json with merges.txt), with a head for masked words, classification or questions, or none,
/// and writes a model folder of this program. Names of old versions are understood; a tensor that is missing, unexpected or
/// misshapen is refused unless it is allowed by name. A rational starts as the function it replaces; what that changes in hidden
/// states and logits is measured and printed, with --corpus also the masked-language-model loss before and after.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant convert --from bert-base-uncased --activation rational --fit observed --corpus wiki.txt --out bert-rational\n  pliant convert --from bert-base-uncased --activation keep --allow 'bert.pooler.*' --allow 'cls.seq_relationship.*' --out bert\n  pliant convert --from bert-base-uncased --keep embeddings,0-5 --out half-fresh"
)]
pub(crate) struct Convert {
    /// Folder of the model: of transformers, or of this program
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) from: PathBuf,

    /// Folder to write; new, empty, or an earlier conversion
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,

    /// The activation of the sites, or `keep` for the one that is there
    #[arg(long, value_name = "FUNCTION", default_value = "rational")]
    pub(crate) activation: Choice,

    /// The sites: `all`, `0-5`, `0,2,4`; `+pooler` behind it for the pooler too [default: all]
    #[arg(long, value_name = "SITES")]
    pub(crate) layers: Option<Sites>,

    /// Where a rational's start is fitted
    #[arg(long, value_enum, value_name = "HOW", default_value = "usual")]
    pub(crate) fit: FitChoice,

    /// Keep only these parts of the model, drawing the others afresh: `embeddings`, layers as `0-5`, `pooler`, `head`
    #[arg(long, value_name = "PARTS")]
    pub(crate) keep: Option<Keep>,

    /// Seed of what is drawn
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) seed: u64,

    /// A tensor that may be missing, and is then drawn, or unexpected, and is then left out; `*` stands for any characters
    #[arg(long, value_name = "NAME")]
    pub(crate) allow: Vec<String>,

    /// Leave the head out; the encoder gets a fresh one for masked words, as pre-training and fine-tuning expect
    #[arg(long)]
    pub(crate) without_head: bool,

    /// Text to look at and to measure the masked-language-model loss on [default: a few built-in sentences, no loss]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) corpus: Option<PathBuf>,

    /// Sequences of the corpus, of 128 tokens each, on which the loss is measured; an eighth of them is looked at
    #[arg(long, value_name = "N", default_value = "256", value_parser = count::<NonZeroUsize>, requires = "corpus")]
    pub(crate) sequences: NonZeroUsize,
}

/// A function, or the one that is there.
#[derive(Debug, Clone)]
pub(crate) enum Choice {
    Keep,
    Replace(ActivationSpec),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "keep" {
            return Ok(Self::Keep);
        }
        library::resolve(text)
            .map(Self::Replace)
            .map_err(|error| match error.hint() {
                Some(hint) => format!("{error}\n{hint}"),
                None => error.to_string(),
            })
    }
}

/// As [`Fit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FitChoice {
    /// Where the activation's text says
    Usual,
    /// Where the inputs of each site lie, on the text that is looked at
    Observed,
}

impl From<FitChoice> for Fit {
    fn from(choice: FitChoice) -> Self {
        match choice {
            FitChoice::Usual => Self::Usual,
            FitChoice::Observed => Self::Observed,
        }
    }
}
