//! What to prepare: corpus, tokenizer, sequence length, where to keep the result.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where the text comes from.
///
/// Text form (also in recipes): `generated`, or the path of a file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Corpus {
    /// The generated language: needs no file.
    Generated(Generated),
    /// A `.txt`, `.txt.xz`, `.txt.zst` or `.txt.gz` file, a `.parquet` or `.jsonl` table with a column `text`, or a folder
    /// of them.
    Path(PathBuf),
}

/// Seed and size of the generated language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generated {
    /// Draws lexicon, grammar and documents.
    pub seed: u64,
    /// Words of the train part; the validation part has a hundredth more, at least 50,000.
    pub words: u64,
}

impl Default for Generated {
    /// Four million words: more than the 1,000 steps of 32 × 128 tokens of the default comparison consume.
    fn default() -> Self {
        Self {
            seed: 1,
            words: 4_000_000,
        }
    }
}

impl FromStr for Corpus {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "generated" => Self::Generated(Generated::default()),
            path => Self::Path(PathBuf::from(path)),
        })
    }
}

impl fmt::Display for Corpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generated(_) => f.write_str("generated"),
            Self::Path(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Which tokenizer to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenizerSource {
    /// A lower-casing `WordPiece` tokenizer trained on the corpus: on its train files, or on all of it where the
    /// documents are split by hash.
    Trained {
        /// Most words the vocabulary may have, special tokens included; a small corpus gives fewer.
        vocabulary_size: usize,
    },
    /// A `tokenizer.json`, or a `vocab.txt` of a lower-casing `WordPiece` tokenizer.
    File(PathBuf),
}

/// Which parts a corpus is cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Train and validation. In a folder, files beginning with `train` train, `valid`, `validation` or `dev`
    /// validate, `test` is left alone; otherwise 1 % of the documents validate, chosen by a hash of the document,
    /// more until they have 10,000 tokens, at most a tenth.
    #[default]
    TrainAndValidation,
    /// Everything, whatever the file is called, is validation; there is no train part.
    EvaluationOnly,
}

/// What [`prepare`](crate::prepare) does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataConfig {
    /// Where the text comes from.
    pub corpus: Corpus,
    /// Which tokenizer to use.
    pub tokenizer: TokenizerSource,
    /// Tokens per sequence, `[CLS]` and `[SEP]` included; at least 8.
    pub sequence: usize,
    /// Folder that keeps prepared data; created where it is missing.
    pub cache: PathBuf,
    /// Validate on this many sequences, spread evenly over the validation part; `None` is all of it.
    pub validation_sequences: Option<usize>,
    /// Which parts the corpus is cut into.
    pub split: Split,
}

impl DataConfig {
    /// A configuration with the defaults: trained tokenizer of 8,192 words, 128 tokens per sequence.
    pub fn new(corpus: Corpus, cache: impl Into<PathBuf>) -> Self {
        Self {
            corpus,
            tokenizer: TokenizerSource::Trained {
                vocabulary_size: 8192,
            },
            sequence: 128,
            cache: cache.into(),
            validation_sequences: None,
            split: Split::TrainAndValidation,
        }
    }
}
