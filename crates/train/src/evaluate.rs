//! Scoring a saved model on a whole corpus.

use std::path::{Path, PathBuf};
use std::time::Instant;

use pliant_data::{Corpus, DataConfig, Masking, Split, TokenizerSource};
use pliant_nn::{MaskedLanguageModel, Precision};
use serde::{Deserialize, Serialize};

use crate::checkpoint::State;
use crate::run::{in_threads, preparing};
use crate::temporary::TemporaryFolder;
use crate::{EventSink, TrainError, precision, validation};

/// How to score.
#[derive(Clone, Debug)]
pub struct EvaluationOptions {
    /// Sequences that go through the model at once.
    pub batch: usize,
    /// Tokens per sequence; at most what the model accepts.
    pub sequence: usize,
    /// Folder for prepared shards; none for a temporary one.
    pub cache: Option<PathBuf>,
    /// What the operands of matrix products are rounded to.
    pub precision: Precision,
    /// Threads; none for the process's default.
    pub threads: Option<usize>,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self {
            batch: 32,
            sequence: 128,
            cache: None,
            precision: Precision::F32,
            threads: None,
        }
    }
}

/// Result of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvaluationReport {
    /// Mean cross-entropy in nats over the masked tokens.
    pub loss: f64,
    /// `exp(loss)`.
    pub perplexity: f64,
    /// Fraction of masked tokens found.
    pub masked_accuracy: f64,
    /// Masked tokens scored.
    pub tokens: u64,
    /// Sequences scored.
    pub sequences: u64,
    /// Cross-entropy in nats of the corpus's words under their own frequencies.
    pub unigram_loss: f64,
    /// What the operands of matrix products were rounded to, `f32` or `bf16`.
    pub precision: String,
    /// Time of scoring in seconds.
    pub seconds: f64,
}

/// Scores the model in `model_folder` (`config.json`, `model.safetensors`, `tokenizer.json`) on all of `corpus`, with the
/// fixed masks of validation.
///
/// # Errors
/// A model or corpus that cannot be read.
pub fn evaluate(
    model_folder: &Path,
    corpus: &Path,
    options: &EvaluationOptions,
    sink: &mut dyn EventSink,
) -> Result<EvaluationReport, TrainError> {
    in_threads(options.threads, || {
        precision::warn(options.precision, sink);
        let mut model = MaskedLanguageModel::load(model_folder)?;
        model.set_precision(options.precision);
        let temporary = match options.cache {
            None => Some(TemporaryFolder::new("evaluation")?),
            Some(_) => None,
        };
        let cache = match (&options.cache, &temporary) {
            (Some(cache), _) => cache.clone(),
            (None, Some(temporary)) => temporary.path().to_path_buf(),
            (None, None) => model_folder.to_path_buf(),
        };
        let config = DataConfig {
            corpus: Corpus::Path(corpus.to_path_buf()),
            tokenizer: TokenizerSource::File(model_folder.join("tokenizer.json")),
            sequence: options.sequence.min(model.config().max_positions),
            cache,
            validation_sequences: None,
            split: Split::EvaluationOnly,
        };
        let dataset =
            pliant_data::prepare(&config, &mut |progress| sink.event(&preparing(&progress)))?;
        let began = Instant::now();
        let batches = dataset.validation_batches(options.batch, Masking::default());
        let result = validation::score(&model, batches, 0)?;
        Ok(EvaluationReport {
            loss: result.loss,
            perplexity: State::perplexity(result.loss),
            masked_accuracy: result.masked_accuracy,
            tokens: result.tokens,
            sequences: dataset.validation_sequences(),
            unigram_loss: dataset.unigram_loss(),
            precision: options.precision.to_string(),
            seconds: began.elapsed().as_secs_f64(),
        })
    })
}
