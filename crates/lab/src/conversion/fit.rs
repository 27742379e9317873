//! The start of each site: the function it replaces, fitted on the usual range or on the inputs that it sees.

use std::collections::BTreeMap;

use pliant_activation::fit::{FitRequest, fit_inputs};
use pliant_activation::{Activation, ActivationSpec, RationalOptions};
use pliant_nn::{AnyModel, Site};
use serde::Serialize;

use super::{ConversionError, Sample};

/// Where the start of a rational is fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Where the activation's text says.
    #[default]
    Usual,
    /// To what each site sees on the sample, by least squares.
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

/// Inputs of a site that are looked at, at most.
const VALUES: usize = 1 << 16;
/// From sites to what each sees.
pub(super) type Seen = BTreeMap<String, Vec<f64>>;

/// The activation with the start that belongs to the function it replaces.
pub(super) fn starting_as(
    activation: &ActivationSpec,
    replaced: &ActivationSpec,
) -> Result<ActivationSpec, ConversionError> {
    match activation.elementwise().rational() {
        Some(mut options) if options.start.to_string() == "gelu" => {
            options.start = replaced.elementwise().clone();
            Ok(activation.with_elementwise(options.spec()?))
        }
        _ => Ok(activation.clone()),
    }
}

/// Sets the coefficients of every rational site to the function that stood there (the pooler's is another than that of the
/// layers), fitted to what it sees if that is known.
pub(super) fn started(
    mut model: AnyModel,
    original: &AnyModel,
    seen: &Seen,
) -> Result<(AnyModel, Vec<SiteFit>), ConversionError> {
    let mut fits = Vec::new();
    let mut coefficients: BTreeMap<String, Vec<f32>> = BTreeMap::new();
    for site in model.sites() {
        let spec = site.activation.spec();
        let inputs = seen.get(&site.name);
        let Some(mut options) = spec.rational() else {
            if inputs.is_some() {
                return Err(ConversionError::NotFitted {
                    activation: spec.to_string(),
                });
            }
            fits.push(SiteFit {
                site: site.name.clone(),
                start: spec.to_string(),
                range: None,
                max_error: None,
            });
            continue;
        };
        if site.layer().is_none() {
            options.start = original.config().pooler_activation().clone();
        }
        let start = start(&options, inputs)?;
        coefficients.extend(
            site.parameter_names
                .iter()
                .cloned()
                .zip(start.tensors(site)?),
        );
        fits.push(SiteFit {
            site: site.name.clone(),
            start: options.start.to_string(),
            range: start.range,
            max_error: start.max_error,
        });
    }
    model.update(&mut |_, info, values| {
        if let Some(start) = coefficients.get(&info.name) {
            values.copy_from_slice(start);
        }
    })?;
    Ok((model, fits))
}

/// The start of a rational: fitted on its range, or to what the site sees where that is known and comes nearer.
fn start(options: &RationalOptions, inputs: Option<&Vec<f64>>) -> Result<Start, ConversionError> {
    let usual = Activation::new(&options.spec()?)?;
    let mut start = Start {
        group: usual.group_start(),
        range: usual.fit().map(|fit| fit.request.range),
        max_error: usual.fit().map(|fit| fit.inside.max),
    };
    let Some(inputs) = inputs else {
        return Ok(start);
    };
    let target = Activation::new(&options.start)?;
    let error = |group: &[f64]| -> f64 {
        let squares = inputs
            .iter()
            .map(|input| (usual.value(group, *input) - target.value(&[], *input)).powi(2));
        squares.sum()
    };
    let request = FitRequest {
        target: options.start.clone(),
        form: options.form,
        numerator_degree: options.numerator_degree,
        denominator_degree: options.denominator_degree,
        ..FitRequest::new(options.start.clone(), options.form)
    };
    let fitted = fit_inputs(&request, inputs)?;
    let group = options.coefficients(&fitted.numerator, &fitted.denominator);
    if error(&group) < error(&start.group) {
        start = Start {
            group,
            range: Some(fitted.request.range),
            max_error: Some(fitted.inside.max),
        };
    }
    Ok(start)
}

/// One group's coefficients, numerator then denominator, and where they are fitted.
struct Start {
    group: Vec<f64>,
    range: Option<(f64, f64)>,
    max_error: Option<f64>,
}

impl Start {
    /// The values of a site's tensors, every group alike.
    fn tensors(&self, site: &Site) -> Result<Vec<Vec<f32>>, ConversionError> {
        let mut rest = self.group.as_slice();
        let tensors = site.activation.coefficient_tensors(site.channels)?;
        Ok(tensors
            .iter()
            .map(|tensor| {
                let (own, others) = rest.split_at(tensor.shape[1]);
                rest = others;
                let row: Vec<f32> = own.iter().map(|value| *value as f32).collect();
                row.repeat(tensor.shape[0])
            })
            .collect())
    }
}

/// What each site sees. The layers are looked at in the original model; its pooler is no site, so the pooler is looked at in
/// `converted`.
pub(super) fn seen(
    original: &AnyModel,
    converted: &AnyModel,
    sample: &Sample,
) -> Result<Seen, ConversionError> {
    let wanted = |name: &str| converted.sites().iter().any(|site| site.name == name);
    let mut seen = Seen::new();
    let share = VALUES / sample.batches().len().max(1);
    for (model, layers) in [(original, true), (converted, false)] {
        let mut values: Vec<Vec<f64>> = vec![Vec::new(); model.sites().len()];
        for batch in sample.batches() {
            model.observe(&batch.input(), &mut |site, inputs| {
                let step = inputs.len().div_ceil(share.max(1)).max(1);
                // The ends decide the range, so they are never left out.
                let ends = [f32::min, f32::max].map(|end| inputs.iter().copied().reduce(end));
                let thinned = inputs.iter().copied().step_by(step);
                values[site].extend(thinned.chain(ends.into_iter().flatten()).map(f64::from));
            })?;
        }
        for (site, mut values) in model.sites().iter().zip(values) {
            values.retain(|value| value.is_finite());
            if site.layer().is_some() == layers && wanted(&site.name) && !values.is_empty() {
                seen.insert(site.name.clone(), values);
            }
        }
    }
    Ok(seen)
}
