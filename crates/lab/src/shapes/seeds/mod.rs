//! Several runs without a common ancestor: for each arm the mean of its runs' curves, with a band from the lowest to the highest.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pliant_train::{InputHistogram, InputShapes, SiteShape};
use serde::{Deserialize, Serialize};

use super::curves::{self, INPUTS};
use super::panels::DRAWN_POINTS;
use super::run::{save, save_json};
use super::spread::{Spread, spreads};
use super::{ShapesError, file_stem, histograms, panels, value_range};
use crate::csv::field;
use crate::plot::multiples::{Key, Multiples};
use crate::plot::site::{Band, SiteCurves, SitePanel};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds {
    /// Runs whose recipes differ in nothing but the seed, in the order of their first.
    pub arms: Vec<SeedsArm>,
    /// The sites that all runs have.
    pub sites: Vec<String>,
    /// The figure: a panel for each site, a curve with its band for each arm.
    pub svg: PathBuf,
    /// Columns `site`, `arm`, `runs`, `x`, `mean`, `deviation`, `low`, `high`; over the runs and their groups of channels alike.
    pub csv: PathBuf,
    /// This, as JSON.
    pub json: PathBuf,
}

/// Runs that differ in their seed alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedsArm {
    /// The activation, with a number where several arms have the same.
    pub name: String,
    /// The run folders.
    pub runs: Vec<PathBuf>,
}

/// Writes `seeds.svg`, `seeds.csv` and `seeds.json` of finished runs into `out`.
///
/// # Errors
/// A folder is no finished run, a run lacks a site that the first one has, or `out` cannot be written.
pub fn seeds(runs: &[PathBuf], out: &Path) -> Result<Seeds, ShapesError> {
    let inputs = runs
        .iter()
        .map(|run| curves::read_inputs(run))
        .collect::<Result<Vec<_>, _>>()?;
    let arms = arms(runs, &inputs)?;
    let histograms = inputs
        .iter()
        .flat_map(|run| run.sites.iter().map(|site| &site.inputs));
    let reach = histograms::reach(histograms);
    let grid = curves::grid(-reach, reach, DRAWN_POINTS);
    let (first, first_run) = match (inputs.first(), runs.first()) {
        (Some(inputs), Some(run)) => (&inputs.sites[..], &**run),
        _ => (&[][..], out),
    };
    let mut csv = "site,arm,runs,x,mean,deviation,low,high\n".to_owned();
    let mut drawn = Vec::new();
    for site in first {
        let mut panel = panel(site, reach);
        let mut all = Vec::new();
        let mut seen: Vec<&InputHistogram> = Vec::new();
        let mut notes: Vec<String> = Vec::new();
        for (number, (arm, members)) in arms.iter().enumerate() {
            let mut of_arm = Vec::new();
            for &member in members {
                let (run, inputs) = (&runs[member], &inputs[member]);
                let found = inputs.sites.iter().find(|other| other.site == site.site);
                let found = found.ok_or_else(|| ShapesError::SiteMissing {
                    run: run.clone(),
                    site: site.site.clone(),
                    other: first_run.to_path_buf(),
                })?;
                seen.push(&found.inputs);
                let note = curves::note(found, &run.join(INPUTS))?;
                if !note.is_empty() && of_arm.is_empty() {
                    notes.push(format!("{arm}: {note}"));
                }
                of_arm.extend(curves::of_site(found, &grid, &run.join(INPUTS))?);
            }
            let spread = spreads(&of_arm, |group| &group.learned);
            for (x, at) in grid.iter().zip(&spread) {
                let _ = writeln!(
                    csv,
                    "{},{},{},{x},{},{},{},{}",
                    field(&site.site),
                    field(arm),
                    members.len(),
                    at.mean,
                    at.deviation,
                    at.low,
                    at.high
                );
            }
            let of = |value: fn(&Spread) -> f64| {
                let values: Vec<f64> = spread.iter().map(value).collect();
                curves::points(&grid, &values)
            };
            let class = class(number);
            if of_arm.len() > 1 {
                panel.bands.push(Band {
                    low: of(|at| at.low),
                    high: of(|at| at.high),
                    class: class.clone(),
                    name: String::new(),
                });
            }
            panel.curves.push(SiteCurves {
                learned: of(|at| at.mean),
                class: Some(class),
                ..SiteCurves::default()
            });
            all.extend(of_arm);
        }
        // With several arms the starts, which may differ, would hide the means.
        if let ([_], Some(start)) = (&arms[..], all.first().filter(|_| !site.learned.is_empty())) {
            panel.starts = vec![panels::before(&grid, &start.start)];
        }
        panel.note = notes.join("; ");
        panel.y_domain = value_range(&all, reach);
        panel.densities = vec![histograms::mean_density(&seen)];
        drawn.push(panel);
    }
    fs::create_dir_all(out).map_err(ShapesError::io("create", out))?;
    let seeds = Seeds {
        sites: first.iter().map(|site| site.site.clone()).collect(),
        svg: out.join("seeds.svg"),
        csv: out.join("seeds.csv"),
        json: out.join("seeds.json"),
        arms: arms
            .into_iter()
            .map(|(name, members)| SeedsArm {
                name,
                runs: members
                    .into_iter()
                    .map(|member| runs[member].clone())
                    .collect(),
            })
            .collect(),
    };
    save(&seeds.csv, &csv)?;
    save(&seeds.svg, &figure(&seeds, drawn))?;
    save_json(&seeds.json, &seeds)?;
    Ok(seeds)
}

/// Names of arms with the places of their runs. Runs of one arm have the same recipe but for its seeds.
fn arms(
    runs: &[PathBuf],
    inputs: &[InputShapes],
) -> Result<Vec<(String, Vec<usize>)>, ShapesError> {
    let mut arms: Vec<(toml::Table, Vec<usize>)> = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let path = run.join("recipe.toml");
        let text = fs::read_to_string(&path).map_err(ShapesError::io("read", &path))?;
        let mut recipe: toml::Table = text.parse().map_err(|error| ShapesError::Unreadable {
            path,
            reason: format!("{error}"),
        })?;
        recipe.remove("seed");
        if let Some(toml::Value::Table(train)) = recipe.get_mut("train") {
            train.remove("seed");
        }
        // Where prepared data lies changes nothing.
        if let Some(toml::Value::Table(data)) = recipe.get_mut("data") {
            data.remove("cache");
        }
        match arms.iter_mut().find(|(other, _)| *other == recipe) {
            Some((_, members)) => members.push(index),
            None => arms.push((recipe, vec![index])),
        }
    }
    let activation = |members: &[usize]| {
        let sites = members.first().map(|&member| &inputs[member].sites);
        let site = sites.and_then(|sites| {
            sites
                .iter()
                .find(|site| !site.learned.is_empty())
                .or(sites.first())
        });
        site.map_or_else(String::new, |site| site.activation.clone())
    };
    let names: Vec<String> = arms
        .iter()
        .map(|(_, members)| activation(members))
        .collect();
    let named = |index: usize| {
        let earlier = names[..index]
            .iter()
            .filter(|name| **name == names[index])
            .count();
        let all = names.iter().filter(|name| **name == names[index]).count();
        if all > 1 {
            format!("{} {}", names[index], earlier + 1)
        } else {
            names[index].clone()
        }
    };
    Ok(arms
        .into_iter()
        .enumerate()
        .map(|(index, (_, members))| (named(index), members))
        .collect())
}

fn class(arm: usize) -> String {
    format!("arm-{}", (arm + 1) % 8)
}

fn panel(site: &SiteShape, reach: f64) -> SitePanel {
    SitePanel {
        id: file_stem(&site.site),
        heading: site.site.clone(),
        description: format!(
            "{}: the mean curve of each arm over its runs, with a band from the lowest to the highest, and the mean density of the inputs.",
            site.site
        ),
        class: "arm-0".to_owned(),
        x_domain: (-reach, reach),
        ..SitePanel::default()
    }
}

fn figure(seeds: &Seeds, panels: Vec<SitePanel>) -> String {
    let mut keys: Vec<Key> = seeds
        .arms
        .iter()
        .enumerate()
        .map(|(number, arm)| {
            let count = match arm.runs.len() {
                1 => "1 run".to_owned(),
                runs => format!("mean of {runs} runs, lowest to highest"),
            };
            Key::learned(format!("{}: {count}", arm.name), &class(number))
        })
        .collect();
    if panels.iter().any(|panel| !panel.starts.is_empty()) {
        keys.push(Key::start("before training"));
    }
    Multiples {
        id: "seeds".to_owned(),
        title: "Learned activations over seeds".to_owned(),
        description: "A panel for each activation site: the mean curve of each arm with a band from the lowest to the highest run.".to_owned(),
        keys,
        panels,
        is_alike: false,
        moments: Vec::new(),
    }
    .render()
}
