//! How the activations of a run came to be what they are: the curves at every validation, as a table and as a picture that moves.

mod record;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pliant_activation::ActivationSpec;
use pliant_train::{InputHistogram, NamedTensor, SiteShape};
use serde::{Deserialize, Serialize};

use super::curves::{self, GroupCurves};
use super::run::save;
use super::{ShapesError, drawn, file_stem, histograms, panels, value_range};
use crate::brief;
use crate::csv::field;
use crate::plot::multiples::{Key, Multiples};
use crate::plot::scale::label;
use crate::plot::site::{SiteCurves, SitePanel};

/// Points of a moving curve; each is written once for each frame.
const POINTS: usize = 81;
/// Frames of a picture; of more validations, evenly chosen ones are shown.
const FRAMES: usize = 40;

/// A site's name and its coefficients at one moment.
type SiteMoment<'r> = (&'r str, &'r [NamedTensor]);

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evolution {
    /// The steps that are shown, from 0 to the last.
    pub steps: Vec<u64>,
    /// Steps whose coefficients the run holds.
    pub recorded: usize,
    /// The sites, in the order of the model.
    pub sites: Vec<String>,
    /// Lines of `metrics.jsonl` that could not be read.
    pub broken_lines: Vec<usize>,
    /// The picture, a panel for each site; self-contained.
    pub svg: PathBuf,
    /// Columns `step`, `site`, `group`, `x`, `value`, `derivative`.
    pub csv: PathBuf,
}

/// Writes `evolution.svg` and `evolution.csv` of the run `run`, finished or not, into `out`.
///
/// # Errors
/// `run` is no run folder, its activations are fixed, it has coefficients of less than two steps, or `out` cannot be written.
pub fn animate(run: &Path, out: &Path) -> Result<Evolution, ShapesError> {
    let (sites, finished_at) = match curves::read_inputs(run) {
        Ok(inputs) => (inputs.sites, Some(inputs.step)),
        Err(ShapesError::Unfinished { .. }) => (Vec::new(), None),
        Err(error) => return Err(error),
    };
    let source = run.join("metrics.jsonl");
    let record = record::read(&source)?;
    let activation = record.activation.clone().or_else(|| {
        let site = sites.iter().find(|site| !site.learned.is_empty());
        site.or(sites.first()).map(|site| site.activation.clone())
    });
    let too_few = || ShapesError::TooFewValidations {
        folder: run.to_path_buf(),
        found: record.steps.len(),
    };
    let activation = activation.ok_or_else(too_few)?;
    let is_fixed = activation
        .parse::<ActivationSpec>()
        .is_ok_and(|spec| !spec.is_learnable());
    if record.steps.is_empty() && is_fixed {
        return Err(ShapesError::Fixed {
            folder: run.to_path_buf(),
            activation,
        });
    }
    // The coefficients of each learnable site by step.
    let mut moments: Vec<(u64, Vec<SiteMoment<'_>>)> = record
        .steps
        .iter()
        .map(|(&step, coefficients)| {
            let sites = coefficients.iter();
            (
                step,
                sites.map(|site| (&*site.site, &*site.tensors)).collect(),
            )
        })
        .collect();
    let learnable = || sites.iter().filter(|site| !site.learned.is_empty());
    // The run's end, where its last validation came before it; and its beginning, which older records lack.
    if let Some(end) = finished_at {
        if moments.first().is_none_or(|(step, _)| *step > 0) && end > 0 {
            moments.insert(
                0,
                (
                    0,
                    learnable()
                        .map(|site| (&*site.site, &*site.start))
                        .collect(),
                ),
            );
        }
        if moments.last().is_none_or(|(step, _)| *step < end) {
            moments.push((
                end,
                learnable()
                    .map(|site| (&*site.site, &*site.learned))
                    .collect(),
            ));
        }
    }
    if moments.len() < 2 || moments.first().is_none_or(|(step, _)| *step > 0) {
        return Err(too_few());
    }
    let recorded = moments.len();
    let moments: Vec<_> = evenly(recorded)
        .into_iter()
        .map(|index| moments[index].clone())
        .collect();
    let (_, first) = &moments[0];
    let mut shapes = Vec::new();
    for &(name, start) in first {
        let known = sites.iter().find(|site| site.site == name);
        shapes.push(known.cloned().unwrap_or_else(|| SiteShape {
            site: name.to_owned(),
            layer: None,
            activation: activation.clone(),
            start: start.to_vec(),
            learned: start.to_vec(),
            inputs: nothing_seen(),
        }));
    }
    let reach = reach(&shapes, &source)?;
    let grid = curves::grid(-reach, reach, POINTS);
    let mut csv = "step,site,group,x,value,derivative\n".to_owned();
    let mut panels = Vec::new();
    for shape in &shapes {
        let mut frames = Vec::new();
        for (step, coefficients) in &moments {
            let now = coefficients.iter().find(|(name, _)| *name == shape.site);
            let Some((_, tensors)) = now else {
                return Err(ShapesError::Unreadable {
                    path: source,
                    reason: format!("step {step} has no coefficients of {}", shape.site),
                });
            };
            let moment = SiteShape {
                start: first_of(first, &shape.site),
                learned: tensors.to_vec(),
                ..shape.clone()
            };
            let groups = curves::of_site(&moment, &grid, &source)?;
            table(&mut csv, *step, &shape.site, &grid, &groups);
            frames.push(groups);
        }
        panels.push(SitePanel {
            note: curves::note(shape, &source)?,
            ..panel(shape, &frames, &grid, reach)
        });
    }
    fs::create_dir_all(out).map_err(ShapesError::io("create", out))?;
    let evolution = Evolution {
        steps: moments.iter().map(|(step, _)| *step).collect(),
        recorded,
        sites: shapes.iter().map(|shape| shape.site.clone()).collect(),
        broken_lines: record.broken.clone(),
        svg: out.join("evolution.svg"),
        csv: out.join("evolution.csv"),
    };
    save(&evolution.csv, &csv)?;
    save(&evolution.svg, &figure(&evolution.steps, panels))?;
    Ok(evolution)
}

fn first_of(moment: &[SiteMoment<'_>], site: &str) -> Vec<NamedTensor> {
    let found = moment.iter().find(|(name, _)| *name == site);
    found
        .map(|(_, tensors)| tensors.to_vec())
        .unwrap_or_default()
}

/// At most [`FRAMES`] of `count` places, the first and the last among them.
fn evenly(count: usize) -> Vec<usize> {
    let frames = count.min(FRAMES);
    (0..frames)
        .map(|frame| frame * (count - 1) / (frames - 1).max(1))
        .collect()
}

/// The inputs of a run that is not finished are not known.
fn nothing_seen() -> InputHistogram {
    InputHistogram {
        low: 0.0,
        high: 0.0,
        counts: Vec::new(),
        below: 0,
        above: 0,
        count: 0,
        mean: 0.0,
        deviation: 0.0,
        minimum: 0.0,
        maximum: 0.0,
    }
}

/// As far as inputs go; where none are known, as far as the start was fitted.
fn reach(shapes: &[SiteShape], source: &Path) -> Result<f64, ShapesError> {
    let seen = shapes.iter().filter(|shape| shape.inputs.count > 0);
    if seen.clone().next().is_some() {
        return Ok(histograms::reach(seen.map(|shape| &shape.inputs)));
    }
    let mut reach = histograms::reach([]);
    for shape in shapes {
        if let Some((low, high)) = curves::activation(shape, source)?.fit_range() {
            reach = reach.max(-low).max(high);
        }
    }
    Ok(reach)
}

fn table(text: &mut String, step: u64, site: &str, grid: &[f64], groups: &[GroupCurves]) {
    for (number, group) in groups.iter().enumerate() {
        for ((x, value), derivative) in grid.iter().zip(&group.learned).zip(&group.derivative) {
            let _ = writeln!(
                text,
                "{step},{},{number},{x},{value},{derivative}",
                field(site)
            );
        }
    }
}

fn panel(shape: &SiteShape, frames: &[Vec<GroupCurves>], grid: &[f64], reach: f64) -> SitePanel {
    let start = frames.first().and_then(|groups| groups.first());
    let moving: Vec<Vec<SiteCurves>> = frames.iter().map(|groups| drawn(grid, groups)).collect();
    SitePanel {
        id: file_stem(&shape.site),
        heading: format!("{} · {}", shape.site, brief(&shape.activation)),
        description: format!(
            "Activation {} at {} through training: its curve and derivative (pale) from validation to validation, the curve it started from dashed{}.",
            brief(&shape.activation),
            shape.site,
            if shape.inputs.count > 0 {
                ", and the density of its inputs at the end"
            } else {
                ""
            }
        ),
        class: "arm-1".to_owned(),
        x_domain: (-reach, reach),
        y_domain: value_range(frames.iter().flatten(), reach),
        starts: start
            .map(|group| panels::before(grid, &group.start))
            .into_iter()
            .collect(),
        curves: moving.last().cloned().unwrap_or_default(),
        frames: moving,
        densities: vec![histograms::density(&shape.inputs)],
        ..SitePanel::default()
    }
}

fn figure(steps: &[u64], panels: Vec<SitePanel>) -> String {
    let last = steps.last().copied().unwrap_or_default();
    Multiples {
        id: "evolution".to_owned(),
        title: "Activations through training".to_owned(),
        description: format!(
            "A panel for each activation site; its learned curve moves from step 0 to step {last}, over and over."
        ),
        keys: vec![
            Key::learned("learned".to_owned(), "arm-1"),
            Key::start("before training"),
            Key::derivative("derivative", "arm-1"),
        ],
        panels,
        is_alike: false,
        moments: steps
            .iter()
            .map(|&step| format!("step {}", label(step as f64, 0)))
            .collect(),
    }
    .render()
}
