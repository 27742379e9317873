//! The start of each site: the function it replaces, fitted on the usual range or on the inputs that it sees.

use std::collections::BTreeMap;

use pliant_activation::{Activation, ActivationSpec};
use pliant_nn::AnyModel;
use serde::Serialize;

use super::{ConversionError, Sample};

/// Where the start of a rational is fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Where the activation's text says.
    #[default]
    Usual,
    /// Between the quantiles of what each site sees on the sample.
    Observed,
}

/// The start of a site.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SiteFit {
    /// `layer.0`, …, `pooler`.
    pub site: String,
    /// The function that it starts as.
    pub start: String,
    /// Between these values it is fitted; none where the start is no fit.
    pub range: Option<(f64, f64)>,
    /// Largest error between them.
    pub max_error: Option<f64>,
}

/// A ten-thousandth of the inputs lies outside on each side.
const OUTSIDE: f64 = 1e-4;
/// Inputs of a site that are looked at, at most.
const VALUES: usize = 1 << 21;
/// A narrower range says that a site sees next to nothing.
const NARROWEST: f64 = 0.5;

/// From sites to the range in which each is fitted.
pub(super) type Ranges = BTreeMap<String, (f64, f64)>;

impl Fit {
    /// The ranges to fit in; none for the usual ones.
    pub(super) fn ranges(self, seen: &[(String, (f64, f64))]) -> Ranges {
        match self {
            Self::Usual => Ranges::new(),
            Self::Observed => seen.iter().cloned().collect(),
        }
    }
}

/// The activation with the start that belongs to the function it replaces.
pub(super) fn starting_as(
    activation: &ActivationSpec,
    replaced: &ActivationSpec,
) -> Result<ActivationSpec, ConversionError> {
    match activation.rational() {
        Some(mut options) if options.start.to_string() == "gelu" => {
            options.start = replaced.clone();
            Ok(options.spec()?)
        }
        _ => Ok(activation.clone()),
    }
}

/// Sets the coefficients of every site: fitted in its range if it has one, and to the function that stood there (the pooler's
/// is another than that of the layers).
pub(super) fn started(
    mut model: AnyModel,
    original: &AnyModel,
    ranges: &Ranges,
) -> Result<(AnyModel, Vec<SiteFit>), ConversionError> {
    let mut fits = Vec::new();
    let mut coefficients: BTreeMap<String, Vec<f32>> = BTreeMap::new();
    for site in model.sites() {
        let spec = site.activation.spec();
        let range = ranges.get(&site.name).copied();
        let activation = match spec.rational() {
            Some(mut options) => {
                if site.layer.is_none() {
                    options.start = original.config().pooler_activation().clone();
                }
                if let Some(range) = range {
                    options.range = range;
                }
                Activation::new(&options.spec()?)?
            }
            None if range.is_some() => {
                return Err(ConversionError::NotFitted {
                    activation: spec.to_string(),
                });
            }
            None => site.activation.clone(),
        };
        let start = activation.start_coefficients(site.channels)?;
        let mut rest = start.as_slice();
        for (name, tensor) in site
            .parameter_names
            .iter()
            .zip(activation.coefficient_tensors(site.channels)?)
        {
            let (own, others) = rest.split_at(tensor.len());
            coefficients.insert(name.clone(), own.to_vec());
            rest = others;
        }
        fits.push(SiteFit {
            site: site.name.clone(),
            start: activation
                .spec()
                .rational()
                .map_or_else(|| spec.to_string(), |options| options.start.to_string()),
            range: activation.fit().map(|fit| fit.request.range),
            max_error: activation.fit().map(|fit| fit.inside.max),
        });
    }
    model.update(&mut |_, info, values| {
        if let Some(start) = coefficients.get(&info.name) {
            values.copy_from_slice(start);
        }
    })?;
    Ok((model, fits))
}

/// Between which values the inputs of each site lie. The layers are looked at in the original model; its pooler is no site, so
/// the pooler is looked at in `converted`.
pub(super) fn seen(
    original: &AnyModel,
    converted: &AnyModel,
    sample: &Sample,
) -> Result<Vec<(String, (f64, f64))>, ConversionError> {
    let wanted = |name: &str| converted.sites().iter().any(|site| site.name == name);
    let mut ranges = Vec::new();
    for (model, layers) in [(original, true), (converted, false)] {
        let mut values: Vec<Vec<f32>> = vec![Vec::new(); model.sites().len()];
        for batch in sample.batches() {
            let share = VALUES / sample.batches().len().max(1);
            model.observe(&batch.input(), &mut |site, inputs| {
                let step = inputs.len().div_ceil(share.max(1)).max(1);
                values[site].extend(inputs.iter().step_by(step));
            })?;
        }
        for (site, mut values) in model.sites().iter().zip(values) {
            if site.layer.is_some() == layers && wanted(&site.name) && !values.is_empty() {
                values.sort_unstable_by(f32::total_cmp);
                ranges.push((site.name.clone(), range(&values)));
            }
        }
    }
    Ok(ranges)
}

/// The range of ascending values, at least of some width.
fn range(values: &[f32]) -> (f64, f64) {
    let outside = (values.len() as f64 * OUTSIDE) as usize;
    let low = f64::from(values[outside.min(values.len() - 1)]);
    let high = f64::from(values[values.len() - 1 - outside.min(values.len() - 1)]);
    let lacking = (NARROWEST - (high - low)).max(0.0) / 2.0;
    (low - lacking, high + lacking)
}
