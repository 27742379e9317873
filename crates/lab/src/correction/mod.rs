//! Entropy corrections for the inputs that the activations of a run see: tables, a picture, and activations to use elsewhere.

mod error;
mod figure;

use std::path::{Path, PathBuf};

use pliant_activation::ActivationSpec;
use pliant_activation::entropy::{Binned, Branch, Correction, Density, Tabulated};
use pliant_train::{InputHistogram, SiteShape};
use serde::Serialize;

pub use error::CorrectionError;

use crate::shapes::curves;

/// Places at which a correction is printed.
const PLACES: usize = 13;
/// Fewer inputs than this within a bandwidth are thin ground.
const FEW: f64 = 30.0;

/// What is corrected, and for which inputs.
#[derive(Debug, Clone)]
pub struct CorrectionRequest<'a> {
    /// The function.
    pub from: ActivationSpec,
    /// The finished run whose inputs are taken; `None` for standard normal ones.
    pub run: Option<&'a Path>,
    /// One site of the run, e.g. `layer.3` or `layer3`; `None` for all.
    pub site: Option<&'a str>,
    /// Knots of the tables, at least two.
    pub knots: usize,
    /// What the names of the activations begin with.
    pub name: &'a str,
}

/// The corrections of one function.
#[derive(Debug, Clone, Serialize)]
pub struct Corrections {
    /// The function.
    pub from: ActivationSpec,
    /// The run whose inputs were taken.
    pub run: Option<PathBuf>,
    /// The step of its weights.
    pub step: Option<u64>,
    /// One for each site, or one for standard normal inputs.
    pub corrections: Vec<SiteCorrection>,
    /// All layers together as one activation, where several were corrected.
    pub together: Option<Named>,
}

/// An activation and its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The activation.
    pub activation: ActivationSpec,
}

/// One correction.
#[derive(Debug, Clone, Serialize)]
pub struct SiteCorrection {
    /// The site; `None` for standard normal inputs.
    pub site: Option<String>,
    /// The activation to use elsewhere.
    #[serde(flatten)]
    pub named: Named,
    /// What is known of the inputs.
    pub inputs: Inputs,
    /// Where the function increases.
    pub branch: Branch,
    /// How fast the entropy of the output rises with the coefficient at 0, in nats.
    pub entropy_slope: f64,
    /// The correction at some inputs.
    pub places: Vec<Place>,
    /// The correction at the knots.
    pub table: Tabulated,
    #[serde(skip)]
    correction: Correction,
}

/// The source of a density.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "density")]
pub enum Inputs {
    /// Mean 0, deviation 1.
    StandardNormal,
    /// Estimated from the histogram of a run.
    Measured {
        /// Inputs in the histogram.
        samples: u64,
        /// Inputs beyond it, which are left out.
        outside: u64,
        /// Mean of all.
        mean: f64,
        /// Standard deviation of all.
        deviation: f64,
        /// Bandwidth of the kernels.
        bandwidth: f64,
        /// The part of the table's range where at least thirty inputs lie within a bandwidth.
        supported: Option<(f64, f64)>,
    },
}

/// The correction at one input.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Place {
    /// The input.
    pub x: f64,
    /// The density of the inputs there.
    pub density: f64,
    /// Inputs within a bandwidth; `None` for a law.
    pub samples: Option<f64>,
    /// The function.
    pub value: f64,
    /// The correction.
    pub correction: f64,
}

/// Computes the corrections.
///
/// # Errors
/// [`CorrectionError`]: the run or the site is not there, or there is no correction for its inputs.
pub fn corrections(request: &CorrectionRequest<'_>) -> Result<Corrections, CorrectionError> {
    let Some(run) = request.run else {
        let name = format!("{}-{}", request.name, plain(&request.from.to_string()));
        let correction = Correction::new(&request.from, Density::StandardNormal)?;
        let only = site_correction(request, None, name, correction, Inputs::StandardNormal)?;
        return Ok(Corrections {
            from: request.from.clone(),
            run: None,
            step: None,
            corrections: vec![only],
            together: None,
        });
    };
    let recorded = curves::read_inputs(run)?;
    let known: Vec<String> = recorded
        .sites
        .iter()
        .map(|site| plain(&site.site))
        .collect();
    let chosen: Vec<&SiteShape> = recorded
        .sites
        .iter()
        .filter(|site| {
            request
                .site
                .is_none_or(|wanted| plain(&site.site) == plain(wanted))
        })
        .collect();
    if chosen.is_empty() {
        return Err(CorrectionError::UnknownSite {
            run: run.to_path_buf(),
            site: request.site.unwrap_or_default().to_owned(),
            known,
        });
    }
    let mut corrections = Vec::new();
    for site in &chosen {
        let (density, inputs) = measured(&site.inputs).map_err(|error| at(&site.site, error))?;
        let correction =
            Correction::new(&request.from, density).map_err(|error| at(&site.site, error))?;
        let name = format!("{}-{}", request.name, plain(&site.site));
        let named = Some(site.site.clone());
        corrections.push(site_correction(request, named, name, correction, inputs)?);
    }
    Ok(Corrections {
        from: request.from.clone(),
        run: Some(run.to_path_buf()),
        step: Some(recorded.step),
        together: together(request, &chosen, &corrections)?,
        corrections,
    })
}

impl Corrections {
    /// Every activation with its name.
    pub fn named(&self) -> impl Iterator<Item = &Named> {
        self.corrections
            .iter()
            .map(|site| &site.named)
            .chain(&self.together)
    }

    /// A panel for each correction, as SVG that stands alone.
    pub fn figure(&self) -> String {
        figure::render(self)
    }
}

fn at(site: &str, error: pliant_activation::ActivationError) -> CorrectionError {
    CorrectionError::Site {
        site: site.to_owned(),
        source: error,
    }
}

fn measured(
    inputs: &InputHistogram,
) -> Result<(Density, Inputs), pliant_activation::ActivationError> {
    let density = Density::measured(&Binned {
        low: inputs.low,
        high: inputs.high,
        counts: &inputs.counts,
        below: inputs.below,
        above: inputs.above,
        deviation: inputs.deviation,
    })?;
    let known = Inputs::Measured {
        samples: density.samples().unwrap_or_default(),
        outside: density.outside(),
        mean: inputs.mean,
        deviation: inputs.deviation,
        bandwidth: density.bandwidth().unwrap_or_default(),
        supported: None,
    };
    Ok((density, known))
}

fn site_correction(
    request: &CorrectionRequest<'_>,
    site: Option<String>,
    name: String,
    correction: Correction,
    mut inputs: Inputs,
) -> Result<SiteCorrection, CorrectionError> {
    let table = correction.table(request.knots);
    let density = correction.density();
    let has_many = |u: &f64| density.samples_near(*u).is_none_or(|near| near >= FEW);
    if let Inputs::Measured { supported, .. } = &mut inputs {
        let grid = curves::grid(table.low, table.high, 401);
        *supported = grid
            .iter()
            .copied()
            .find(has_many)
            .zip(grid.iter().rev().copied().find(has_many));
    }
    let function = pliant_activation::Activation::new(&request.from)?;
    let places = curves::grid(table.low, table.high, PLACES)
        .into_iter()
        .map(|x| Place {
            x,
            density: density.at(x).0,
            samples: density.samples_near(x),
            value: function.value(&[], x),
            correction: correction.value(x),
        })
        .collect();
    let values: Vec<String> = table.values.iter().map(ToString::to_string).collect();
    let activation = format!(
        "corrected({}, table=[{}], range={}..{})",
        request.from,
        values.join(", "),
        table.low,
        table.high
    )
    .parse()?;
    Ok(SiteCorrection {
        site,
        named: Named { name, activation },
        inputs,
        branch: correction.branch(),
        entropy_slope: correction.entropy_slope(),
        places,
        table,
        correction,
    })
}

/// One activation with the correction of each layer, where all layers were corrected and there are several.
fn together(
    request: &CorrectionRequest<'_>,
    sites: &[&SiteShape],
    corrections: &[SiteCorrection],
) -> Result<Option<Named>, CorrectionError> {
    let layers: Vec<(usize, &ActivationSpec)> = sites
        .iter()
        .zip(corrections)
        .filter_map(|(site, correction)| Some((site.layer?, &correction.named.activation)))
        .collect();
    let is_complete = layers
        .iter()
        .enumerate()
        .all(|(index, (layer, _))| index == *layer);
    if request.site.is_some() || layers.len() < 2 || !is_complete {
        return Ok(None);
    }
    let functions: Vec<ActivationSpec> = layers.into_iter().map(|(_, spec)| spec.clone()).collect();
    Ok(Some(Named {
        name: request.name.to_owned(),
        activation: ActivationSpec::for_layers(&functions)?,
    }))
}

/// A name of letters, digits, `_` and `-`: `layer.3` is `layer3`.
fn plain(text: &str) -> String {
    let kept: String = text
        .chars()
        .filter(|c| *c != '.')
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect();
    kept.trim_matches('-').to_owned()
}
