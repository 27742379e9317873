//! The curves of a site from its coefficients, in f64.

use std::path::Path;

use pliant_activation::{Activation, ActivationSpec};
use pliant_train::{InputHistogram, InputShapes, NamedTensor, SiteShape};

use super::ShapesError;
use crate::plot::Point;
use crate::plot::site::Density;

/// Where a finished run keeps its coefficients and input histograms.
pub(crate) const INPUTS: &str = "shapes/inputs.json";
/// A run's curves are drawn at least over this range.
const SMALLEST_REACH: f64 = 3.0;
/// Share of the inputs that a picture may leave out on each side.
const TAIL: f64 = 0.001;
/// A few outliers in the inputs must not flatten the picture.
const LARGEST_REACH: f64 = 12.0;

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
    Activation::new(&spec).map_err(|error| unreadable(format!("{error}")))
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
    let count = groups(&site.learned).max(1);
    let mut curves = Vec::with_capacity(count);
    for group in 0..count {
        let start = group_coefficients(&site.start, group, count).map_err(&unreadable)?;
        let learned = group_coefficients(&site.learned, group, count).map_err(&unreadable)?;
        if start.len() != learned.len() {
            return Err(unreadable(format!(
                "{} coefficients at the start, {} at the end",
                start.len(),
                learned.len()
            )));
        }
        // The number of coefficients that the activation wants for one group of channels.
        let wanted: usize = activation
            .coefficient_tensors(count)
            .map_err(|error| unreadable(format!("{error}")))?
            .iter()
            .map(|tensor| tensor.shape.iter().skip(1).product::<usize>())
            .sum();
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

/// Number of coefficient sets: the rows of the longest tensor, since a shared numerator has one.
fn groups(tensors: &[NamedTensor]) -> usize {
    tensors
        .iter()
        .filter_map(|tensor| tensor.shape.first().copied())
        .max()
        .unwrap_or(0)
}

/// The coefficients of one group, tensor after tensor.
fn group_coefficients(
    tensors: &[NamedTensor],
    group: usize,
    groups: usize,
) -> Result<Vec<f64>, String> {
    let mut coefficients = Vec::new();
    for tensor in tensors {
        let rows = tensor.shape.first().copied().unwrap_or(1);
        let size: usize = tensor.shape.iter().product();
        if size != tensor.values.len() || rows == 0 || (rows != 1 && rows != groups) {
            return Err(format!(
                "tensor {} of shape {:?} holds {} numbers",
                tensor.name,
                tensor.shape,
                tensor.values.len()
            ));
        }
        let columns = size / rows;
        let row = if rows == 1 { 0 } else { group };
        coefficients.extend(
            tensor.values[row * columns..(row + 1) * columns]
                .iter()
                .map(|&value| f64::from(value)),
        );
    }
    Ok(coefficients)
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

/// Share of the inputs over the width of their bin.
pub(crate) fn density(histogram: &InputHistogram) -> Density {
    let bins = histogram.counts.len();
    let width = (histogram.high - histogram.low) / bins.max(1) as f64;
    let unit = histogram.count as f64 * width;
    let values = histogram
        .counts
        .iter()
        .map(|&count| if unit > 0.0 { count as f64 / unit } else { 0.0 })
        .collect();
    Density {
        low: histogram.low,
        high: histogram.high,
        values,
    }
}

/// The mean density of several histograms with the same bins; of the first alone where they differ.
pub(crate) fn mean_density(histograms: &[&InputHistogram]) -> Density {
    let Some((first, others)) = histograms.split_first() else {
        return Density::default();
    };
    let mut mean = density(first);
    let alike = others.iter().all(|other| {
        other.low == first.low
            && other.high == first.high
            && other.counts.len() == first.counts.len()
    });
    if !alike {
        return mean;
    }
    for other in others {
        for (sum, value) in mean.values.iter_mut().zip(density(other).values) {
            *sum += value;
        }
    }
    for value in &mut mean.values {
        *value /= histograms.len() as f64;
    }
    mean
}

/// A symmetric range, to the next half, in which nearly all inputs of all `histograms` fall.
pub(crate) fn reach<'a>(histograms: impl IntoIterator<Item = &'a InputHistogram>) -> f64 {
    let furthest = histograms.into_iter().map(|histogram| {
        let allowed = (histogram.count as f64 * TAIL) as u64;
        let width = (histogram.high - histogram.low) / histogram.counts.len().max(1) as f64;
        // The edge behind which at most `allowed` inputs lie, from either side.
        let edge = |outside: u64, bins: &mut dyn Iterator<Item = &u64>| {
            let mut sum = outside;
            bins.take_while(|&&count| {
                sum += count;
                sum <= allowed
            })
            .count() as f64
                * width
        };
        let low = histogram.low + edge(histogram.below, &mut histogram.counts.iter());
        let high = histogram.high - edge(histogram.above, &mut histogram.counts.iter().rev());
        low.abs().max(high.abs())
    });
    let furthest = furthest
        .filter(|reach| reach.is_finite())
        .fold(SMALLEST_REACH, f64::max);
    ((furthest * 2.0).ceil() / 2.0).min(LARGEST_REACH)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn histogram(counts: Vec<u64>, below: u64, above: u64) -> InputHistogram {
        let count = counts.iter().sum::<u64>() + below + above;
        InputHistogram {
            low: -8.0,
            high: 8.0,
            counts,
            below,
            above,
            count,
            mean: 0.0,
            deviation: 1.0,
            minimum: -9.0,
            maximum: 9.0,
        }
    }

    #[test]
    fn a_density_integrates_to_the_share_inside() {
        let density = density(&histogram(vec![10, 20, 30, 20], 10, 10));
        let area: f64 = density.values.iter().map(|value| value * 4.0).sum();
        assert!((area - 0.8).abs() < 1e-12);
    }

    #[test]
    fn the_mean_density_is_the_mean() {
        let (a, b) = (histogram(vec![4, 0], 0, 0), histogram(vec![0, 4], 0, 0));
        assert_eq!(mean_density(&[&a, &b]).values, [0.0625, 0.0625]);
        assert!(mean_density(&[]).values.is_empty());
    }

    #[test]
    fn the_reach_leaves_out_outliers_only() {
        // 16 bins of width 1: nothing beyond ±4 but three of 10,000 values.
        let mut counts = vec![0; 16];
        counts[4..12].fill(1250);
        counts[0] = 3;
        assert!((reach([&histogram(counts.clone(), 0, 0)]) - 4.0).abs() < 1e-12);
        counts[1] = 500;
        assert!((reach([&histogram(counts, 0, 0)]) - 7.0).abs() < 1e-12);
        assert!((reach([]) - SMALLEST_REACH).abs() < 1e-12);
        assert!((reach([&histogram(vec![1, 1], 500, 0)]) - 8.0).abs() < 1e-12);
    }

    #[test]
    fn groups_take_their_row_and_share_a_single_one() {
        let tensor = |name: &str, shape: Vec<usize>, values: Vec<f32>| NamedTensor {
            name: name.to_owned(),
            shape,
            values,
        };
        let tensors = [
            tensor("numerator", vec![1, 2], vec![1.0, 2.0]),
            tensor("denominator", vec![2, 1], vec![3.0, 4.0]),
        ];
        assert_eq!(groups(&tensors), 2);
        assert_eq!(group_coefficients(&tensors, 1, 2).unwrap(), [1.0, 2.0, 4.0]);
        assert!(group_coefficients(&[tensor("numerator", vec![2, 2], vec![1.0])], 0, 2).is_err());
    }
}
