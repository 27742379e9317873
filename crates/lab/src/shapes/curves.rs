//! The curves of a site from its coefficients, in f64.

use std::path::Path;

use pliant_activation::{Activation, ActivationSpec};
use pliant_train::{InputShapes, SiteShape, coefficient_groups};

use super::ShapesError;
use crate::plot::Point;

/// Where a finished run keeps its coefficients and input histograms.
pub(crate) const INPUTS: &str = "shapes/inputs.json";

/// One group of channels of one site.
#[derive(Debug, Clone)]
pub(crate) struct GroupCurves {
    /// Before training, at the grid's points.
    pub(crate) start: Vec<f64>,
    /// After training.
    pub(crate) learned: Vec<f64>,
    /// Of the learned curve.
    pub(crate) derivative: Vec<f64>,
}

/// Reads `shapes/inputs.json` of a finished run folder, of pre-training or of fine-tuning.
pub(crate) fn read_inputs(run: &Path) -> Result<InputShapes, ShapesError> {
    if !run.exists() {
        return Err(ShapesError::Missing {
            folder: run.to_path_buf(),
        });
    }
    if !run.join("recipe.toml").is_file() {
        return Err(ShapesError::NotARun {
            folder: run.to_path_buf(),
        });
    }
    let path = run.join(INPUTS);
    let has = |name: &str| run.join(name).is_file();
    // A fine-tuned run is finished with its result; a cell of a sweep has no weights any more.
    let is_pretrained = !has("result.json");
    let wanted = [
        ("summary.json", !is_pretrained || has("summary.json")),
        ("model/", !is_pretrained || run.join("model").is_dir()),
        (INPUTS, path.is_file()),
    ];
    for (missing, there) in wanted {
        if !there {
            return Err(ShapesError::Unfinished {
                folder: run.to_path_buf(),
                missing,
            });
        }
    }
    let text = std::fs::read_to_string(&path).map_err(ShapesError::io("read", &path))?;
    serde_json::from_str(&text).map_err(|error| ShapesError::Unreadable {
        path,
        reason: error.to_string(),
    })
}

/// What `site` computes. `path` names the file in errors.
pub(crate) fn activation(site: &SiteShape, path: &Path) -> Result<Activation, ShapesError> {
    let unreadable = unreadable(site, path);
    let spec: ActivationSpec = site
        .activation
        .parse()
        .map_err(|error| unreadable(format!("{error}")))?;
    Activation::new(spec.elementwise()).map_err(|error| unreadable(format!("{error}")))
}

fn unreadable(site: &SiteShape, path: &Path) -> impl Fn(String) -> ShapesError {
    move |reason| ShapesError::Unreadable {
        path: path.to_path_buf(),
        reason: format!("site {}: {reason}", site.site),
    }
}

/// The curves of every group of `site` at the points of `grid`. `path` names the file in errors.
pub(crate) fn of_site(
    site: &SiteShape,
    grid: &[f64],
    path: &Path,
) -> Result<Vec<GroupCurves>, ShapesError> {
    let unreadable = unreadable(site, path);
    let activation = activation(site, path)?;
    let starts = coefficient_groups(&site.start).map_err(&unreadable)?;
    let learned = coefficient_groups(&site.learned).map_err(&unreadable)?;
    if starts.len() != learned.len() {
        return Err(unreadable(format!(
            "{} groups at the start, {} at the end",
            starts.len(),
            learned.len()
        )));
    }
    let wanted = activation.group_start().len();
    let mut curves = Vec::with_capacity(learned.len());
    for (start, learned) in starts.into_iter().zip(learned) {
        if start.len() != learned.len() {
            return Err(unreadable(format!(
                "{} coefficients at the start, {} at the end",
                start.len(),
                learned.len()
            )));
        }
        if learned.len() != wanted {
            return Err(unreadable(format!(
                "{} coefficients where `{}` has {wanted}",
                learned.len(),
                activation.spec()
            )));
        }
        curves.push(GroupCurves {
            start: grid.iter().map(|&x| activation.value(&start, x)).collect(),
            learned: grid
                .iter()
                .map(|&x| activation.value(&learned, x))
                .collect(),
            derivative: grid
                .iter()
                .map(|&x| activation.derivative(&learned, x))
                .collect(),
        });
    }
    Ok(curves)
}

/// What the curves of `site` are where they are not the function itself; empty where they are. `path` names the file in errors.
pub(crate) fn note(site: &SiteShape, path: &Path) -> Result<String, ShapesError> {
    let curve = activation(site, path)?.curve();
    Ok(curve.unwrap_or_default().to_owned())
}

/// `count` points from `low` to `high`, both included.
pub(crate) fn grid(low: f64, high: f64, count: usize) -> Vec<f64> {
    let last = count.max(2) - 1;
    (0..=last)
        .map(|index| low + (high - low) * index as f64 / last as f64)
        .collect()
}

/// Abscissas and ordinates as points.
pub(crate) fn points(grid: &[f64], values: &[f64]) -> Vec<Point> {
    grid.iter().copied().zip(values.iter().copied()).collect()
}
