//! The passes over the corpus: count words, train the tokenizer, choose validation documents, encode and write.

use std::path::Path;
use std::time::Instant;

use super::input::Input;
use super::{MANIFEST, PrepareProgress, Stage, TOKENIZER, VERSION, split};
use crate::checksum::sha256;
use crate::corpus::source::Source;
use crate::frequencies::unigram_loss;
use crate::manifest::{PartCounts, ShardEntry};
use crate::shard::{Packer, ShardWriter, width, write_synced};
use crate::tokenizer::{Encoder, WordCounter, train};
use crate::{DataConfig, DataError, Manifest, Tokenizer, TokenizerSource};

/// Everything about one part after it is written.
#[derive(Default)]
struct Part {
    counts: PartCounts,
    frequencies: Vec<u64>,
    shards: Vec<ShardEntry>,
}

/// Fills `folder`; the manifest comes last.
pub(super) fn build(
    config: &DataConfig,
    input: &Input,
    folder: &Path,
    progress: &mut dyn FnMut(PrepareProgress),
) -> Result<(), DataError> {
    let started = Instant::now();
    let tokenizer = match &config.tokenizer {
        TokenizerSource::Trained { vocabulary_size } => {
            train_tokenizer(input, *vocabulary_size, progress)?
        }
        TokenizerSource::File(path) => Tokenizer::open(path)?,
    };
    let json = tokenizer.to_json()?;
    write_synced(&folder.join(TOKENIZER), json.as_bytes())?;

    let encoder = Encoder::new(&tokenizer);
    let flags = match (&input.train, &input.validation) {
        (Some(source), None) => split::choose(source, &encoder, progress)?,
        _ => Vec::new(),
    };
    let mut encoding = Encoding {
        config,
        folder,
        encoder,
        tokenizer: &tokenizer,
        started: Instant::now(),
        total: [&input.train, &input.validation]
            .into_iter()
            .flatten()
            .map(Source::size)
            .sum(),
        done: 0,
        tokens: 0,
        bytes: 0,
        progress,
    };
    let (train, validation) = match (&input.train, &input.validation) {
        (Some(source), None) => encoding.run(source, &flags)?,
        (Some(source), Some(validation)) => (
            encoding.run(source, &[])?.0,
            encoding.validation(validation)?,
        ),
        (None, Some(validation)) => (Part::default(), encoding.validation(validation)?),
        (None, None) => (Part::default(), Part::default()),
    };
    check_parts(input, &train, &validation)?;
    let train_frequencies = if input.train.is_some() {
        &train.frequencies
    } else {
        &validation.frequencies
    };
    let manifest = Manifest {
        version: VERSION,
        corpus: input.name.clone(),
        corpus_hash: input.corpus_hash.clone(),
        tokenizer_hash: sha256(json.as_bytes()),
        vocabulary_size: tokenizer.vocabulary_size(),
        sequence: config.sequence,
        width: width(tokenizer.vocabulary_size()),
        train: train.counts,
        validation: validation.counts,
        bytes: encoding.bytes,
        tokens_per_second: encoding.tokens_per_second(),
        seconds: started.elapsed().as_secs_f64(),
        unigram_loss: unigram_loss(
            tokenizer.ordinary(),
            train_frequencies,
            &validation.frequencies,
        ),
        train_shards: train.shards,
        validation_shards: validation.shards,
    };
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| DataError::io("write", &folder.join(MANIFEST))(error.into()))?;
    write_synced(&folder.join(MANIFEST), &text)
}

fn train_tokenizer(
    input: &Input,
    vocabulary_size: usize,
    progress: &mut dyn FnMut(PrepareProgress),
) -> Result<Tokenizer, DataError> {
    let Some(source) = input.train.as_ref().or(input.validation.as_ref()) else {
        return Err(DataError::EmptyCorpus {
            corpus: input.name.clone(),
        });
    };
    let total = source.size();
    let counter = WordCounter::default();
    source.for_each(
        false,
        |chunk| {
            counter.count(&chunk);
            Ok(())
        },
        |(), done| {
            progress(PrepareProgress::new(Stage::Counting, done, total));
            Ok(())
        },
    )?;
    let words = counter.finish()?;
    if words.is_empty() {
        return Err(DataError::EmptyCorpus {
            corpus: input.name.clone(),
        });
    }
    let vocabulary = train(&words, vocabulary_size, &mut |size| {
        let report = PrepareProgress::new(Stage::Tokenizer, size as u64, vocabulary_size as u64);
        progress(report);
    })?;
    Tokenizer::from_words(&vocabulary)
}

fn check_parts(input: &Input, train: &Part, validation: &Part) -> Result<(), DataError> {
    let name = &input.name;
    let documents = train.counts.documents + validation.counts.documents;
    if documents == 0 {
        return Err(DataError::EmptyCorpus {
            corpus: name.clone(),
        });
    }
    if input.validation.is_none() && validation.counts.sequences == 0 {
        return Err(DataError::NoValidation {
            corpus: name.clone(),
            documents,
        });
    }
    for (part, label, wanted) in [
        (train, "train", input.train.is_some()),
        (validation, "validation", true),
    ] {
        if wanted && part.counts.sequences == 0 {
            let reason = if part.counts.documents == 0 {
                "has no text"
            } else {
                "has no word that the tokenizer knows"
            };
            return Err(DataError::EmptyCorpus {
                corpus: format!("the {label} part of {name} {reason}"),
            });
        }
    }
    Ok(())
}

/// The pass that writes.
struct Encoding<'a> {
    config: &'a DataConfig,
    folder: &'a Path,
    encoder: Encoder<'a>,
    tokenizer: &'a Tokenizer,
    started: Instant,
    /// Work before the current source, and all of it.
    done: u64,
    total: u64,
    tokens: u64,
    /// Bytes of text.
    bytes: u64,
    progress: &'a mut dyn FnMut(PrepareProgress),
}

impl Encoding<'_> {
    fn tokens_per_second(&self) -> f64 {
        self.tokens as f64 / self.started.elapsed().as_secs_f64().max(1e-9)
    }

    fn validation(&mut self, source: &Source) -> Result<Part, DataError> {
        self.part(source, &[], true)
            .map(|(_, validation)| validation)
    }

    /// Train and validation part of a source; documents flagged in `flags` validate.
    fn run(&mut self, source: &Source, flags: &[bool]) -> Result<(Part, Part), DataError> {
        self.part(source, flags, false)
    }

    fn part(
        &mut self,
        source: &Source,
        flags: &[bool],
        validation: bool,
    ) -> Result<(Part, Part), DataError> {
        let sequence = self.config.sequence;
        let width = width(self.tokenizer.vocabulary_size());
        let mut parts = ["train", "validation"].map(|name| {
            let writer = ShardWriter::new(self.folder, name, width, sequence);
            (Packer::new(self.tokenizer, sequence), writer)
        });
        let mut document = 0;
        let encoder = &self.encoder;
        let (started, before, total) = (self.started, self.done, self.total);
        let (tokens, bytes, progress) = (&mut self.tokens, &mut self.bytes, &mut self.progress);
        source.for_each(
            false,
            |chunk| Ok((chunk.text.len(), encoder.encode(&chunk)?)),
            |(text_bytes, encoded), done| {
                let mut rest = encoded.ids.as_slice();
                let mut start = 0;
                for &end in &encoded.ends {
                    let (now, later) = rest.split_at(end - start);
                    let (packer, writer) = &mut parts[part_of(flags, document, validation)];
                    packer.tokens(now, &mut |ids| writer.push(ids))?;
                    packer.end_document();
                    (rest, start) = (later, end);
                    document += 1;
                }
                let (packer, writer) = &mut parts[part_of(flags, document, validation)];
                packer.tokens(rest, &mut |ids| writer.push(ids))?;
                *tokens += encoded.ids.len() as u64;
                *bytes += text_bytes as u64;
                progress(PrepareProgress {
                    stage: Stage::Encoding,
                    done: before + done,
                    total,
                    tokens: *tokens,
                    tokens_per_second: *tokens as f64 / started.elapsed().as_secs_f64().max(1e-9),
                });
                Ok(())
            },
        )?;
        self.done += source.size();
        let [train, validation] = parts.map(|(packer, mut writer)| {
            let (counts, frequencies) = packer.finish(&mut |ids| writer.push(ids))?;
            Ok::<_, DataError>(Part {
                counts,
                frequencies,
                shards: writer.finish()?,
            })
        });
        Ok((train?, validation?))
    }
}

/// 0 where the document trains, 1 where it validates.
fn part_of(flags: &[bool], document: usize, validation: bool) -> usize {
    usize::from(flags.get(document).copied().unwrap_or(validation))
}
