//! What a run's activations learned: a table and a picture for each site; and how far fine-tuning moved them, task by task.

mod across;
pub(crate) mod curves;
mod error;
mod table;

use std::path::{Path, PathBuf};

use pliant_train::SiteShape;
use serde::{Deserialize, Serialize};

pub use across::{Compared, ComparedRun, ComparedSite, SiteDistance, compare};
pub use error::ShapesError;

use crate::plot::site::{SiteCurves, SitePanel};
use crate::plot::style::STANDALONE;
use curves::GroupCurves;

/// Points of a table, from end to end of the input histogram.
const TABLE_POINTS: usize = 401;
/// Groups of channels drawn in one picture; more would be a smear.
const GROUPS_DRAWN: usize = 12;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The step of the model.
    pub step: u64,
    /// One entry for each site, in the order of the model.
    pub sites: Vec<SiteFiles>,
}

/// The files of one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteFiles {
    /// The site, for instance `layer.0`.
    pub site: String,
    /// The activation's text form.
    pub activation: String,
    /// Columns `x`, `start`, `learned`, `derivative`, `input_density`; a leading column `group` where channels do not share one function.
    pub csv: PathBuf,
    /// The picture; self-contained.
    pub svg: PathBuf,
}

/// Writes `<site>.csv` and `<site>.svg` for each activation site of the finished run `run` into `out`.
///
/// # Errors
/// `run` is no run folder or is not finished, or `out` cannot be written.
pub fn write(run: &Path, out: &Path) -> Result<Written, ShapesError> {
    let inputs = curves::read_inputs(run)?;
    let source = run.join("shapes").join("inputs.json");
    std::fs::create_dir_all(out).map_err(ShapesError::io("create", out))?;
    let reach = curves::reach(inputs.sites.iter().map(|site| &site.inputs));
    let mut sites = Vec::new();
    for site in &inputs.sites {
        let stem = file_stem(&site.site);
        let (low, high) = if site.inputs.high > site.inputs.low {
            (site.inputs.low, site.inputs.high)
        } else {
            (-reach, reach)
        };
        let grid = curves::grid(low, high, TABLE_POINTS);
        let groups = curves::of_site(site, &grid, &source)?;
        let csv = out.join(format!("{stem}.csv"));
        std::fs::write(
            &csv,
            table::render(&grid, &groups, &curves::density(&site.inputs)),
        )
        .map_err(ShapesError::io("write", &csv))?;
        let svg = out.join(format!("{stem}.svg"));
        let picture = panel(site, reach, &source)?.render();
        std::fs::write(&svg, picture).map_err(ShapesError::io("write", &svg))?;
        sites.push(SiteFiles {
            site: site.site.clone(),
            activation: site.activation.clone(),
            csv,
            svg,
        });
    }
    Ok(Written {
        step: inputs.step,
        sites,
    })
}

/// A stand-alone picture of one site of one run.
fn panel(site: &SiteShape, reach: f64, source: &Path) -> Result<SitePanel, ShapesError> {
    let grid = curves::grid(-reach, reach, 161);
    let groups = curves::of_site(site, &grid, source)?;
    Ok(SitePanel {
        id: file_stem(&site.site),
        heading: format!("{} · {}", site.site, site.activation),
        description: describe(site),
        class: String::new(),
        x_domain: (-reach, reach),
        y_domain: value_range(&groups, reach),
        start: groups
            .first()
            .map(|group| curves::points(&grid, &group.start))
            .unwrap_or_default(),
        curves: drawn(&grid, &groups),
        density: curves::density(&site.inputs),
        style: Some(STANDALONE),
    })
}

/// The curves of at most twelve groups, evenly chosen.
pub(crate) fn drawn(grid: &[f64], groups: &[GroupCurves]) -> Vec<SiteCurves> {
    let count = groups.len().min(GROUPS_DRAWN);
    (0..count)
        .map(|index| &groups[index * groups.len() / count])
        .map(|group| SiteCurves {
            learned: curves::points(grid, &group.learned),
            derivative: curves::points(grid, &group.derivative),
            class: None,
        })
        .collect()
}

/// Bounds of the values that hold start and learned curves, and a derivative between -0.5 and 1.5.
pub(crate) fn value_range<'a>(
    groups: impl IntoIterator<Item = &'a GroupCurves>,
    reach: f64,
) -> (f64, f64) {
    let values = groups
        .into_iter()
        .flat_map(|group| group.start.iter().chain(&group.learned).copied());
    let (low, high) = crate::plot::scale::extent(values.chain([-0.5, 1.5])).unwrap_or((-0.5, 1.5));
    // A steep tail outside of the inputs would squeeze everything that matters.
    let limit = 1.5 * reach;
    (low.max(-limit), high.min(limit))
}

/// What a picture shows, in words, for those who do not see it.
pub(crate) fn describe(site: &SiteShape) -> String {
    let inputs = &site.inputs;
    format!(
        "Activation {} at {}: learned curve, the curve it started from (dashed), its derivative (pale), and the density of its inputs, which have mean {:.2}, standard deviation {:.2}, and lie between {:.2} and {:.2}.",
        site.activation, site.site, inputs.mean, inputs.deviation, inputs.minimum, inputs.maximum
    )
}

/// Letters, digits, `.`, `-` and `_` of a site's name.
fn file_stem(site: &str) -> String {
    site.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
                c
            } else {
                '-'
            }
        })
        .collect()
}
