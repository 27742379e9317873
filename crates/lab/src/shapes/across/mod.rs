//! How far fine-tuning moved the activations, task by task: the second figure of the RAFT paper (Fang et al. 2022), with a number
//! for what it shows.

mod distance;
mod figure;
mod label;
mod table;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use pliant_train::{InputHistogram, InputShapes, SiteShape};
use serde::{Deserialize, Serialize};

use super::curves::{self, INPUTS};
use super::run::{save, save_json};
use super::{ShapesError, file_stem};
use distance::{DISTANCE, distance};
use label::{labelled, name};

/// Points of the tables of curves.
const TABLE_POINTS: usize = 401;
/// Points of the drawn curves.
const DRAWN_POINTS: usize = 161;

/// What was compared and written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The pre-trained run.
    pub against: PathBuf,
    /// What `distance` is.
    pub distance: String,
    /// The fine-tuned runs, in the order given.
    pub runs: Vec<ComparedRun>,
    /// The sites that the pre-trained and every fine-tuned run have.
    pub sites: Vec<ComparedSite>,
    /// What a reader must know before believing the numbers.
    pub warnings: Vec<String>,
    /// All distances; columns `run`, `task`, `mode`, `seed`, `site`, `distance`, `outside`.
    pub csv: PathBuf,
    /// The figure: a panel for each site, a curve for each run, the pre-trained one dashed.
    pub svg: PathBuf,
    /// This, as JSON.
    pub json: PathBuf,
}

/// One fine-tuned run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedRun {
    /// Its folder.
    pub run: PathBuf,
    /// Its name in tables: the task, with mode and seed where it takes them to tell runs apart.
    pub label: String,
    /// Its task.
    pub task: String,
    /// Its mode.
    pub mode: String,
    /// Its seed.
    pub seed: Option<u64>,
}

/// One site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedSite {
    /// The site, for instance `layer.0`.
    pub site: String,
    /// The activation's text form.
    pub activation: String,
    /// One entry for each run.
    pub distances: Vec<SiteDistance>,
    /// Columns `x`, `pretrained` and one for each run; a leading column `group` where channels do not share one function.
    pub csv: PathBuf,
}

/// How far one run moved one site.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SiteDistance {
    /// See [`Compared::distance`].
    pub distance: f64,
    /// Share of the inputs outside of the histogram, which the distance leaves out.
    pub outside: f64,
}

/// Compares the activations of fine-tuned runs with those of the pre-trained run that they began from. Writes `shapes.svg`,
/// `distances.csv`, `distances.json` and a table of curves for each site into `out`.
///
/// # Errors
/// A folder is no finished run, a run has other sites or activations than the pre-trained one, or `out` cannot be written.
pub fn compare(runs: &[PathBuf], against: &Path, out: &Path) -> Result<Compared, ShapesError> {
    let pretrained = curves::read_inputs(against)?;
    let named = runs
        .iter()
        .map(|run| name(run))
        .collect::<Result<Vec<_>, _>>()?;
    let inputs = runs
        .iter()
        .map(|run| curves::read_inputs(run))
        .collect::<Result<Vec<_>, _>>()?;
    let runs = labelled(runs, named);
    fs::create_dir_all(out).map_err(ShapesError::io("create", out))?;
    let mut compared = Compared {
        against: against.to_path_buf(),
        distance: DISTANCE.to_owned(),
        runs,
        sites: Vec::new(),
        warnings: Vec::new(),
        csv: out.join("distances.csv"),
        svg: out.join("shapes.svg"),
        json: out.join("distances.json"),
    };
    let mut panels = Vec::new();
    let reach = curves::reach(histograms(&pretrained).chain(inputs.iter().flat_map(histograms)));
    let grids = Grids {
        table: curves::grid(-reach, reach, TABLE_POINTS),
        drawn: curves::grid(-reach, reach, DRAWN_POINTS),
        reach,
    };
    for site in &pretrained.sites {
        let found = inputs
            .iter()
            .zip(&compared.runs)
            .map(|(shapes, run)| matching(shapes, site, &run.run, against))
            .collect::<Result<Vec<_>, _>>()?;
        for (other, run) in found.iter().zip(&compared.runs) {
            let warning = format!(
                "{} did not begin with the activations of {}: the distances hold more than its fine-tuning.",
                run.label,
                against.display()
            );
            if other.start != site.learned && !compared.warnings.contains(&warning) {
                compared.warnings.push(warning);
            }
        }
        let compared_site = write_site(site, &found, &compared, &grids, out)?;
        panels.push(figure::panel(site, &found, &compared, &grids)?);
        compared.sites.push(compared_site);
    }
    save(&compared.csv, &table::distances_csv(&compared))?;
    save(&compared.svg, &figure::render(&compared, panels))?;
    save_json(&compared.json, &compared)?;
    Ok(compared)
}

/// Where curves are computed.
struct Grids {
    table: Vec<f64>,
    drawn: Vec<f64>,
    reach: f64,
}

fn histograms(shapes: &InputShapes) -> impl Iterator<Item = &InputHistogram> {
    shapes.sites.iter().map(|site| &site.inputs)
}

/// The site of a fine-tuned run that belongs to a site of the pre-trained one.
fn matching<'s>(
    shapes: &'s InputShapes,
    site: &SiteShape,
    run: &Path,
    against: &Path,
) -> Result<&'s SiteShape, ShapesError> {
    let unlike = |reason: String| ShapesError::Unlike {
        run: run.to_path_buf(),
        against: against.to_path_buf(),
        reason,
    };
    let Some(found) = shapes.sites.iter().find(|other| other.site == site.site) else {
        return Err(unlike(format!("it has no site {}", site.site)));
    };
    if found.activation != site.activation {
        return Err(unlike(format!(
            "{} is `{}` there and `{}` in the pre-trained run",
            site.site, found.activation, site.activation
        )));
    }
    Ok(found)
}

fn write_site(
    site: &SiteShape,
    found: &[&SiteShape],
    compared: &Compared,
    grids: &Grids,
    out: &Path,
) -> Result<ComparedSite, ShapesError> {
    let before = curves::of_site(site, &grids.table, &compared.against.join(INPUTS))?;
    let mut after = Vec::new();
    let mut distances = Vec::new();
    for (other, run) in found.iter().zip(&compared.runs) {
        let source = run.run.join(INPUTS);
        after.push(curves::of_site(other, &grids.table, &source)?);
        distances.push(distance(site, other, compared, &source)?);
    }
    let csv = out.join(format!("{}.csv", file_stem(&site.site)));
    save(
        &csv,
        &table::curves_csv(&grids.table, &before, &after, compared),
    )?;
    Ok(ComparedSite {
        site: site.site.clone(),
        activation: site.activation.clone(),
        distances,
        csv,
    })
}
