//! What is to be prepared: the parts of the corpus, and a name for the outcome.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::checksum::{sha256, sha256_of_file};
use crate::corpus::files;
use crate::corpus::source::Source;
use crate::language::{Language, WORDS_PER_DOCUMENT};
use crate::prepare::VERSION;
use crate::{Corpus, DataConfig, DataError, Generated, Split, TokenizerSource};

/// Validation words of the generated language.
const GENERATED_VALIDATION: u64 = 50_000;

/// The corpus, found and fingerprinted.
pub(super) struct Input {
    /// The corpus as the user named it.
    pub(super) name: String,
    /// `None` where everything is for evaluation.
    pub(super) train: Option<Source>,
    /// `None` where validation documents are chosen from the train part by their hash.
    pub(super) validation: Option<Source>,
    /// SHA-256 of the corpus.
    pub(super) corpus_hash: String,
    /// SHA-256 of all that decides the outcome.
    pub(super) key: String,
}

impl Input {
    pub(super) fn new(config: &DataConfig) -> Result<Self, DataError> {
        let (train, validation, corpus_hash) = match &config.corpus {
            Corpus::Generated(generated) => generate(*generated, config.split),
            Corpus::Path(path) => {
                let files = files::find(path, config.split)?;
                let hash = files.hash()?;
                let train = (!files.train.is_empty()).then_some(Source::Files(files.train));
                let validation = (!files.split_by_hash).then_some(Source::Files(files.validation));
                (train, validation, hash)
            }
        };
        let mut description = format!(
            "version {VERSION}\ncorpus {corpus_hash}\nsequence {}\nsplit {:?}\n",
            config.sequence, config.split
        );
        // Writing to a string cannot fail.
        let _ = match &config.tokenizer {
            TokenizerSource::Trained { vocabulary_size } => {
                write!(description, "trained {vocabulary_size}")
            }
            TokenizerSource::File(path) => {
                let list = path
                    .extension()
                    .is_some_and(|end| end.eq_ignore_ascii_case("txt"));
                write!(description, "file {list} {}", sha256_of_file(path)?)
            }
        };
        Ok(Self {
            name: config.corpus.to_string(),
            train,
            validation,
            corpus_hash,
            key: sha256(description.as_bytes()),
        })
    }
}

fn generate(generated: Generated, split: Split) -> (Option<Source>, Option<Source>, String) {
    let language = Arc::new(Language::new(generated.seed));
    let documents = generated.words.div_ceil(WORDS_PER_DOCUMENT);
    let validation = (documents / 100).max(GENERATED_VALIDATION / WORDS_PER_DOCUMENT);
    let part = |first, documents| Source::Generated {
        language: Arc::clone(&language),
        first,
        documents,
    };
    let train = (split == Split::TrainAndValidation).then(|| part(0, documents));
    let hash = sha256(format!("generated {} {}", generated.seed, generated.words).as_bytes());
    (train, Some(part(documents, validation)), hash)
}
