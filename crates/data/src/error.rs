//! What can go wrong with text and prepared data, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::task::TaskError;

/// A failure of reading, preparing or opening data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, e.g. `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The corpus is neither a file nor a folder.
    #[error("corpus not found: {}", .0.display())]
    CorpusNotFound(PathBuf),
    /// The corpus file has a name that says nothing about its format.
    #[error("unknown kind of text file: {}", .0.display())]
    UnknownFormat(PathBuf),
    /// A folder without a text file in it, or without a train file.
    #[error("no {wanted} in {}", folder.display())]
    NoTextFiles {
        /// The folder.
        folder: PathBuf,
        /// What was looked for.
        wanted: &'static str,
    },
    /// The text is not UTF-8.
    #[error("{}, line {line}: not UTF-8 text", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// One-based line number.
        line: u64,
    },
    /// A compressed file, or a table, ends early or is damaged.
    #[error("{}: damaged or truncated {format} {}: {reason}", path.display(), noun(format))]
    Archive {
        /// The file.
        path: PathBuf,
        /// `xz`, `zst`, `gz`, `parquet` or `jsonl`.
        format: &'static str,
        /// What the decoder says.
        reason: String,
    },
    /// A table without a column of text.
    #[error("{} has no column of texts named text", path.display())]
    NoTextColumn {
        /// The file.
        path: PathBuf,
        /// The columns it has.
        columns: Vec<String>,
    },
    /// There is no text in the corpus.
    #[error("empty corpus: {corpus}")]
    EmptyCorpus {
        /// The corpus, or the part of it, that is empty.
        corpus: String,
    },
    /// Too few documents to set a tenth of them aside.
    #[error(
        "{corpus} has {documents} documents, too few to set a tenth of them aside for validation"
    )]
    NoValidation {
        /// The corpus.
        corpus: String,
        /// How many documents it has.
        documents: u64,
    },
    /// Fewer train sequences than one batch needs.
    #[error(
        "the corpus is smaller than a batch: {sequences} train sequences of {length} tokens, a batch takes {batch}"
    )]
    CorpusSmallerThanBatch {
        /// Train sequences there are.
        sequences: u64,
        /// Tokens per sequence.
        length: usize,
        /// Sequences per batch.
        batch: usize,
    },
    /// The tokenizer file cannot be used.
    #[error("cannot use the tokenizer {}: {reason}", path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The tokenizer lacks a token that masked language modelling needs.
    #[error("the tokenizer {} has no {} token", path.display(), missing.join(", no "))]
    MissingSpecialTokens {
        /// The file.
        path: PathBuf,
        /// The missing names.
        missing: Vec<&'static str>,
    },
    /// A model folder has no tokenizer.
    #[error("{} has no tokenizer", folder.display())]
    NoTokenizer {
        /// The folder.
        folder: PathBuf,
    },
    /// The tokenizer refused a text, or could not be built.
    #[error("tokenizer: {0}")]
    Encode(String),
    /// The vocabulary is too small for the alphabet.
    #[error(
        "vocabulary_size = {vocabulary_size} is too small: the special tokens and the alphabet need {needed}"
    )]
    VocabularyTooSmall {
        /// The size asked for.
        vocabulary_size: usize,
        /// The least size.
        needed: usize,
    },
    /// An option has an impossible value.
    #[error("{key} = {value}: {reason}")]
    Option {
        /// The option's name.
        key: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        reason: &'static str,
    },
    /// A file of prepared data is truncated or altered.
    #[error("corrupt data file {}: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The files of a task, or the wish about them, cannot be used.
    #[error(transparent)]
    Task(#[from] TaskError),
}

impl DataError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "free some space or put data.cache on another disk".into()
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    "check the permissions, or put data.cache where you may write".into()
                }
                _ => return None,
            },
            Self::CorpusNotFound(_) => "give a text file, a folder of them, or \"generated\"".into(),
            Self::UnknownFormat(_) | Self::NoTextFiles { .. } => {
                "text files end in .txt, .txt.xz, .txt.zst or .txt.gz, tables with a column `text` in .parquet or .jsonl; in a folder, names beginning with train train \
                 and names beginning with valid, validation or dev validate"
                    .into()
            }
            Self::NotUtf8 { .. } => "convert the file to UTF-8, e.g. with iconv -t UTF-8".into(),
            Self::Archive { reason, .. } if reason.contains("Disabled feature") => {
                "write the table again, compressed by snappy or gzip, or not at all".into()
            }
            Self::Archive { .. } => "download or compress the file again".into(),
            Self::NoTextColumn { columns, .. } => format!(
                "its columns are {}: rename the one with the texts",
                columns.join(", ")
            ),
            Self::EmptyCorpus { .. } => "a corpus needs lines of text; a blank line separates documents".into(),
            Self::NoValidation { .. } => {
                "separate documents by blank lines, or give a folder with train*.txt and valid*.txt".into()
            }
            Self::CorpusSmallerThanBatch { sequences, .. } => {
                format!("give more text, a shorter sequence, or a batch of at most {sequences}")
            }
            Self::MissingSpecialTokens { .. } => {
                "a masked language model needs [PAD], [UNK], [CLS], [SEP] and [MASK] in its vocabulary, or <pad>, <unk>, <s>, </s> and <mask>".into()
            }
            Self::NoTokenizer { .. } => {
                "put its tokenizer.json there, or vocab.txt, or vocab.json and merges.txt".into()
            }
            Self::VocabularyTooSmall { needed, .. } => {
                format!("set vocabulary_size to at least {needed}, better some thousands")
            }
            Self::Corrupt { path, .. } => format!(
                "delete {} and run again: the data are prepared afresh",
                path.parent().unwrap_or(Path::new(".")).display()
            ),
            Self::Tokenizer { .. } => "give a tokenizer.json, or a vocab.txt with one WordPiece per line".into(),
            Self::Task(error) => return error.hint(),
            Self::Encode(_) | Self::Option { .. } => return None,
        })
    }

    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

/// What a file of a format is.
fn noun(format: &str) -> &'static str {
    match format {
        "parquet" | "jsonl" => "table",
        _ => "archive",
    }
}
