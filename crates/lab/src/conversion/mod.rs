//! Learnable activations in a model that was trained without them: the function of each site becomes the start of another,
//! and what that changes is measured.

mod drift;
mod error;
mod fit;
mod keep;
mod sample;

use pliant_activation::ActivationSpec;
use pliant_nn::{AnyModel, Sites};
use serde::Serialize;

pub use drift::{Difference, Drift, ModuleDrift};
pub use error::ConversionError;
pub use fit::{Fit, SiteFit};
pub use keep::Keep;
pub use sample::Sample;

/// What becomes of a model.
#[derive(Clone, Debug)]
pub struct ConversionOptions {
    /// The activation of the sites. A rational that starts as gelu, which is the default, starts as the function it replaces
    /// instead.
    pub activation: ActivationSpec,
    /// Where it goes.
    pub sites: Sites,
    /// Where its start is fitted.
    pub fit: Fit,
}

/// A model with the new activation, and what changed.
#[derive(Debug)]
pub struct Converted {
    /// The model.
    pub model: AnyModel,
    /// What changed.
    pub report: ConversionReport,
}

/// What a new activation changed before any training.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConversionReport {
    /// Text form of the new activation.
    pub activation: String,
    /// Text form of the one that was replaced.
    pub replaced: String,
    /// Where it went, in text form.
    pub sites: String,
    /// Numbers that learn and were not there before.
    pub coefficients: usize,
    /// Where the start of each site is fitted.
    pub fits: Vec<SiteFit>,
    /// The fit that was taken: of the two, where the observed one was asked for, the one that moves the logits less.
    pub fit: Fit,
    /// How far the model moved.
    pub drift: Drift,
    /// How far it would have moved with the other fit, where that was tried.
    pub other_drift: Option<Drift>,
}

/// Replaces the activation of a model. What it does to hidden states and logits is measured on `sample`, and so is what the
/// sites see where the start is fitted to it.
///
/// # Errors
/// The activation cannot stand there, or the model's own cannot be replaced.
pub fn convert(
    model: &AnyModel,
    sample: &Sample,
    options: &ConversionOptions,
) -> Result<Converted, ConversionError> {
    let replaced = model.config().activation.clone();
    let activation = fit::starting_as(&options.activation, &replaced)?;
    let usual = fit::started(
        model.with_activation(&activation, &options.sites)?,
        model,
        &fit::Seen::new(),
    )?;
    let mut candidates = vec![(Fit::Usual, usual)];
    if options.fit == Fit::Observed {
        let seen = fit::seen(model, &candidates[0].1.0, sample)?;
        let observed = fit::started(
            model.with_activation(&activation, &options.sites)?,
            model,
            &seen,
        )?;
        candidates.push((Fit::Observed, observed));
    }
    let models: Vec<&AnyModel> = candidates.iter().map(|(_, (model, _))| model).collect();
    let drifts = drift::measure(model, &models, sample)?;
    // The usual one stands first, and stays there among equal ones.
    let mut by_drift: Vec<_> = candidates.into_iter().zip(drifts).collect();
    by_drift.sort_by(|(_, one), (_, other)| one.logits.mean.total_cmp(&other.logits.mean));
    let mut by_drift = by_drift.into_iter();
    let Some(((fit, (converted, fits)), drift)) = by_drift.next() else {
        return Err(ConversionError::EmptySample);
    };
    let other_drift = by_drift.next().map(|(_, drift)| drift);
    let coefficients = converted
        .parameters()
        .iter()
        .filter(|parameter| parameter.role == pliant_nn::Role::Activation)
        .map(pliant_nn::ParameterInfo::count)
        .sum();
    Ok(Converted {
        report: ConversionReport {
            activation: activation.to_string(),
            replaced: replaced.to_string(),
            sites: options.sites.to_string(),
            coefficients,
            fits,
            fit,
            drift,
            other_drift,
        },
        model: converted,
    })
}

/// Mean cross-entropy in nats over the masked tokens of a corpus, its first `sequences` sequences with the fixed masks of
/// validation; none for a model without a masked-language head.
///
/// # Errors
/// The corpus does not fit the model.
pub fn masked_lm_loss(
    model: &AnyModel,
    dataset: &pliant_data::Dataset,
    sequences: usize,
) -> Result<Option<f64>, ConversionError> {
    let AnyModel::MaskedLanguage(model) = model else {
        return Ok(None);
    };
    let (mut loss, mut tokens, mut seen) = (0.0, 0, 0);
    for batch in dataset.validation_batches(sample::SEQUENCES, pliant_data::Masking::default()) {
        let score = model.score(&pliant_train::model_input(&batch))?;
        loss += score.loss_sum;
        tokens += score.rows;
        seen += batch.sequences;
        if seen >= sequences {
            break;
        }
    }
    Ok((tokens > 0).then(|| loss / tokens as f64))
}
