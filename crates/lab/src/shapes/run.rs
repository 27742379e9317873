//! One run: a table and a picture for each site, the numbers of all, and one figure.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::curves::{self, INPUTS};
use super::numbers::{self, Ruler, SiteNumbers};
use super::{ShapesError, file_stem, panels, table};
use crate::plot::multiples::{Key, Multiples};
use crate::plot::site::SitePanel;
use crate::plot::style::STANDALONE;

/// Points of a table, from end to end of the input histogram.
const TABLE_POINTS: usize = 401;

/// What was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Written {
    /// The step of the model.
    pub step: u64,
    /// What `error` is.
    pub error: String,
    /// What `nearly_linear` is.
    pub nearly_linear: String,
    /// One entry for each site, in the order of the model.
    pub sites: Vec<SiteFiles>,
    /// The figure: a panel for each site.
    pub svg: PathBuf,
    /// The numbers, a line for each site (and drawn group of channels).
    pub numbers: PathBuf,
    /// The distance of each site to every known function; columns `site`, `group`, `function`, `error`, `a`, `b`, `c`, `d`.
    pub known: PathBuf,
    /// This, as JSON.
    pub json: PathBuf,
}

/// One site and its files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteFiles {
    /// The site, for instance `layer.0`.
    pub site: String,
    /// The activation's text form.
    pub activation: String,
    /// What the curve is like.
    pub numbers: SiteNumbers,
    /// Columns `x`, `start`, `learned`, `derivative`, `input_density`; a leading column `group` where channels do not share one function.
    pub csv: PathBuf,
    /// The picture; self-contained.
    pub svg: PathBuf,
}

/// Writes `<site>.csv` and `<site>.svg` for each activation site of the finished run `run`, `shapes.svg` with all of them, their
/// numbers as `numbers.csv`, `known.csv` and `shapes.json` into `out`.
///
/// # Errors
/// `run` is no run folder or is not finished, or `out` cannot be written.
pub fn write(run: &Path, out: &Path) -> Result<Written, ShapesError> {
    let inputs = curves::read_inputs(run)?;
    let source = run.join(INPUTS);
    fs::create_dir_all(out).map_err(ShapesError::io("create", out))?;
    let reach = curves::reach(inputs.sites.iter().map(|site| &site.inputs));
    let ruler = Ruler::new(&source)?;
    let mut sites = Vec::new();
    let mut all = Vec::new();
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
        let density = curves::density(&site.inputs);
        save(&csv, &table::render(&grid, &groups, &density))?;
        let numbers = ruler.measure(
            site,
            (-reach, reach),
            &panels::chosen(groups.len()),
            &source,
        )?;
        let panel = panels::of_run(site, &numbers, reach, &source)?;
        let svg = out.join(format!("{stem}.svg"));
        let alone = SitePanel {
            style: Some(STANDALONE),
            ..panel.clone()
        };
        save(&svg, &alone.render())?;
        all.push(panel);
        sites.push(SiteFiles {
            site: site.site.clone(),
            activation: site.activation.clone(),
            numbers,
            csv,
            svg,
        });
    }
    let written = Written {
        step: inputs.step,
        error: numbers::ERROR.to_owned(),
        nearly_linear: numbers::NEARLY_LINEAR.to_owned(),
        sites,
        svg: out.join("shapes.svg"),
        numbers: out.join("numbers.csv"),
        known: out.join("known.csv"),
        json: out.join("shapes.json"),
    };
    let rows = written.sites.iter();
    save(
        &written.numbers,
        &numbers::numbers_csv(
            rows.clone()
                .map(|site| (&*site.site, &*site.activation, &site.numbers)),
        ),
    )?;
    save(
        &written.known,
        &numbers::known_csv(rows.map(|site| (&*site.site, &site.numbers))),
    )?;
    save(&written.svg, &figure(&written, all))?;
    save_json(&written.json, &written)?;
    Ok(written)
}

/// All sites under one legend.
fn figure(written: &Written, panels: Vec<SitePanel>) -> String {
    Multiples {
        id: "shapes".to_owned(),
        title: "Learned activations".to_owned(),
        description: format!(
            "A panel for each activation site after step {}: the learned curve, the curve it started from (dashed), its derivative (pale), and the density of its inputs; vertical lines where the fitted range ends.",
            written.step
        ),
        keys: vec![
            Key::learned("learned".to_owned(), "arm-1"),
            Key::start("before training"),
            Key::derivative("derivative", "arm-1"),
            Key::fitted("end of the fitted range"),
        ],
        panels,
        is_alike: false,
        moments: Vec::new(),
    }
    .render()
}

/// Writes a text.
pub(super) fn save(path: &Path, text: &str) -> Result<(), ShapesError> {
    fs::write(path, text).map_err(ShapesError::io("write", path))
}

/// Writes a document of JSON.
pub(super) fn save_json(path: &Path, document: &impl Serialize) -> Result<(), ShapesError> {
    let json = serde_json::to_string_pretty(document).map_err(|error| ShapesError::Unreadable {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })?;
    save(path, &(json + "\n"))
}
