use std::path::Path;

use pliant_data::{Corpus, DataConfig, Dataset, Split, Tokenizer, TokenizerSource};
use pliant_hub::hugging_face::{self, ImportOptions, ImportReport};
use pliant_lab::conversion::{
    ConversionOptions, ConversionReport, Sample, convert, masked_lm_loss,
};
use pliant_nn::{AnyModel, Sites};
use pliant_train::TemporaryFolder;
use serde::Serialize;

use super::context::Context;
use crate::{
    arguments::convert::{Choice, Convert, FitChoice},
    exit::Failure,
    render,
};

/// Tokens of a sequence of the corpus.
const SEQUENCE: usize = 128;

/// What was done, for `--json` and for `conversion.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Conversion {
    /// What became of every tensor.
    pub(crate) tensors: ImportReport,
    /// What was not kept, and drawn from the seed.
    pub(crate) drawn_afresh: Vec<String>,
    /// What the new activation changed; none where the old one was kept.
    pub(crate) activation: Option<ConversionReport>,
    /// Masked-language-model loss in nats per masked token.
    pub(crate) loss: Option<Losses>,
}

/// Losses on the corpus.
#[derive(Debug, Serialize)]
pub(crate) struct Losses {
    /// As it came.
    pub(crate) before: f64,
    /// As it was written.
    pub(crate) after: f64,
}

pub(crate) fn run(arguments: &Convert, context: &Context) -> Result<(), Failure> {
    if matches!(arguments.activation, Choice::Keep)
        && (arguments.layers.is_some() || arguments.fit == FitChoice::Observed)
    {
        return Err(Failure::usage(
            "--layers and --fit say where a new activation goes, but --activation keep names none",
        )
        .hint("leave them out, or name an activation"));
    }
    let imported = hugging_face::import(
        &arguments.from,
        &ImportOptions {
            allow: arguments.allow.clone(),
            without_head: arguments.without_head,
            seed: arguments.seed,
        },
    )?;
    let mut folder = hugging_face::ModelFolder::create(&arguments.out)?;
    let original = imported.model;
    let corpus = match &arguments.corpus {
        Some(corpus) => Some(prepare(corpus, &imported.tokenizer, &original)?),
        None => None,
    };
    let (mixed, drawn_afresh) = match &arguments.keep {
        Some(keep) => keep.apply(&original, arguments.seed)?,
        None => (original, Vec::new()),
    };
    let sequences: usize = arguments.sequences.into();
    let loss = |model: &AnyModel| match &corpus {
        Some((dataset, _)) => masked_lm_loss(model, dataset, sequences),
        None => Ok(None),
    };
    let before = loss(&mixed)?;
    let (model, activation) = match &arguments.activation {
        Choice::Keep => (mixed, None),
        Choice::Replace(activation) => {
            let sample = match &corpus {
                Some((dataset, _)) => Sample::of(dataset, sequences.div_ceil(8)),
                None => Sample::built_in(&imported.tokenizer, mixed.config().max_positions)?,
            };
            let options = ConversionOptions {
                activation: activation.clone(),
                sites: arguments.layers.clone().unwrap_or_else(Sites::all),
                fit: arguments.fit.into(),
            };
            let converted = convert(&mixed, &sample, &options)?;
            (converted.model, Some(converted.report))
        }
    };
    let loss = match (before, loss(&model)?) {
        (Some(before), Some(after)) => Some(Losses { before, after }),
        _ => None,
    };
    let conversion = Conversion {
        tensors: imported.report,
        drawn_afresh,
        activation,
        loss,
    };
    folder.write(&model, &imported.tokenizer, &conversion)?;
    context.output.result(&conversion, |palette| {
        render::conversion::text(&conversion, &model, &arguments.out, palette)
    })
}

/// The corpus in the model's tokens, in a folder that goes when the pair does.
fn prepare(
    corpus: &Path,
    tokenizer: &Tokenizer,
    model: &AnyModel,
) -> Result<(Dataset, TemporaryFolder), Failure> {
    let cache = TemporaryFolder::new("conversion")?;
    let path = cache.path().join("tokenizer.json");
    tokenizer.save(&path)?;
    let config = DataConfig {
        corpus: Corpus::Path(corpus.to_path_buf()),
        tokenizer: TokenizerSource::File(path),
        sequence: SEQUENCE.min(model.config().max_positions),
        cache: cache.path().to_path_buf(),
        validation_sequences: None,
        split: Split::EvaluationOnly,
    };
    Ok((pliant_data::prepare(&config, &mut |_| {})?, cache))
}
