//! What can be said about a curve in numbers: which known function it is near to, where it bends, how its inputs lie on it.

mod known;
mod simplex;
mod table;

use std::path::Path;

use pliant_activation::Activation;
use pliant_train::{InputHistogram, SiteShape};
use serde::{Deserialize, Serialize};

pub use known::KnownFunction;
pub(super) use table::{known_csv, numbers_csv};

use super::ShapesError;
use super::curves::{self, GroupCurves};
use known::Weighted;

/// How the errors of [`KnownFunction`] are weighted, for whoever reads the numbers alone.
pub(super) const ERROR: &str = "for each known function g the smallest root mean square of c*g(a*x+b)+d minus the learned curve over the inputs of the site (the centres of the bins of their histogram, each with its share), divided by the standard deviation of the learned curve over the same inputs; the scale |a| is kept between 1/4 and 32 standard deviations of the inputs";
/// What the share of nearly linear inputs is.
pub(super) const NEARLY_LINEAR: &str = "share of the inputs within the histogram at which one standard deviation of the inputs would change the slope, at its rate of change there, by no more than a tenth of the steepest slope over the histogram; flat parts count";
/// Points at which a curve is searched for its minimum and turns.
const SEARCH_POINTS: usize = 1601;
/// Change of slope, in parts of the steepest, over one standard deviation of the inputs.
const LINEAR: f64 = 0.1;
/// A fall smaller than this part of the curve's whole span is rounding.
const FLAT: f64 = 1e-9;

/// The numbers of one site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteNumbers {
    /// Lower end of the drawn range, over which minimum, slopes and monotony are told.
    pub low: f64,
    /// Upper end of the drawn range.
    pub high: f64,
    /// What the curve is, where it is not the function itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
    /// What reaches the site.
    pub inputs: InputNumbers,
    /// One entry for each group of channels that is drawn.
    pub groups: Vec<GroupNumbers>,
}

/// Where the inputs of a site lie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputNumbers {
    /// All inputs that were counted.
    pub count: u64,
    /// Those below the histogram, exactly.
    pub below: u64,
    /// Those at or above the upper end of the histogram, exactly.
    pub above: u64,
    /// Bounds of the histogram.
    pub histogram: (f64, f64),
    /// Where the start of the activation was fitted; none for a fixed function.
    pub fitted: Option<(f64, f64)>,
    /// Share of the inputs outside the fitted range, bins that the range cuts divided evenly; none for a fixed function, or where the
    /// range is wider than the histogram and inputs lie beyond that.
    pub outside_fitted: Option<f64>,
}

/// The numbers of one group of channels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupNumbers {
    /// Number of the group, from 0.
    pub group: usize,
    /// Every known function, the nearest first; empty where the curve is constant or not finite over its inputs.
    pub known: Vec<KnownFunction>,
    /// Whether the curve turns in the drawn range.
    pub monotone: Monotone,
    /// Where the curve is lowest in the drawn range.
    pub minimum: Minimum,
    /// Slope at the lower end of the drawn range.
    pub slope_low: f64,
    /// Slope at the upper end of the drawn range.
    pub slope_high: f64,
    /// Share of the inputs on the nearly linear part; none without inputs.
    pub nearly_linear: Option<f64>,
}

/// Which way a curve goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monotone {
    /// It never falls.
    Increasing,
    /// It never rises.
    Decreasing,
    /// It does neither.
    Constant,
    /// It does both.
    No,
}

impl Monotone {
    /// The word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Increasing => "increasing",
            Self::Decreasing => "decreasing",
            Self::Constant => "constant",
            Self::No => "no",
        }
    }
}

/// The lowest point of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Minimum {
    /// Where.
    pub x: f64,
    /// The value there.
    pub value: f64,
    /// Whether that is an end of the drawn range, beyond which the curve may be lower.
    pub at_end: bool,
}

/// The known functions, resolved once.
pub(super) struct Ruler {
    functions: Vec<Activation>,
}

impl Ruler {
    /// Resolves every fixed function. `path` names the file in errors.
    pub(super) fn new(path: &Path) -> Result<Self, ShapesError> {
        let functions = known::functions().map_err(|reason| ShapesError::Unreadable {
            path: path.to_path_buf(),
            reason,
        })?;
        Ok(Self { functions })
    }

    /// The numbers of `site` between `low` and `high`, for the groups `chosen`.
    pub(super) fn measure(
        &self,
        site: &SiteShape,
        (low, high): (f64, f64),
        chosen: &[usize],
        path: &Path,
    ) -> Result<SiteNumbers, ShapesError> {
        let inputs = &site.inputs;
        let bins = inputs.counts.len();
        let edges = curves::grid(inputs.low, inputs.high, bins + 1);
        let centres: Vec<f64> = edges
            .windows(2)
            .map(|pair| f64::midpoint(pair[0], pair[1]))
            .collect();
        let grid = curves::grid(low, high, SEARCH_POINTS);
        let over_range = curves::of_site(site, &grid, path)?;
        let at_edges = curves::of_site(site, &edges, path)?;
        let at_centres = curves::of_site(site, &centres, path)?;
        let weights: Vec<f64> = inputs.counts.iter().map(|&count| count as f64).collect();
        let groups = chosen
            .iter()
            .filter_map(|&group| {
                let range = over_range.get(group)?;
                Some(GroupNumbers {
                    group,
                    known: Weighted::new(&centres, &at_centres.get(group)?.learned, &weights)
                        .map_or_else(Vec::new, |curve| curve.known(&self.functions)),
                    monotone: monotone(&range.learned),
                    minimum: minimum(&grid, &range.learned),
                    slope_low: range.derivative.first().copied()?,
                    slope_high: range.derivative.last().copied()?,
                    nearly_linear: nearly_linear(at_edges.get(group)?, inputs),
                })
            })
            .collect();
        let activation = curves::activation(site, path)?;
        let fitted = activation.fit_range();
        Ok(SiteNumbers {
            low,
            high,
            curve: activation.curve().map(str::to_owned),
            inputs: InputNumbers {
                count: inputs.count,
                below: inputs.below,
                above: inputs.above,
                histogram: (inputs.low, inputs.high),
                fitted,
                outside_fitted: fitted.and_then(|range| outside(inputs, range)),
            },
            groups,
        })
    }
}

fn monotone(values: &[f64]) -> Monotone {
    let span =
        crate::plot::scale::extent(values.iter().copied()).map_or(0.0, |(low, high)| high - low);
    let steps = || values.windows(2).map(|pair| pair[1] - pair[0]);
    let rises = steps().any(|step| step > FLAT * span);
    let falls = steps().any(|step| step < -FLAT * span);
    match (rises, falls) {
        (true, false) => Monotone::Increasing,
        (false, true) => Monotone::Decreasing,
        (false, false) => Monotone::Constant,
        (true, true) => Monotone::No,
    }
}

/// The lowest point of the grid, moved to the vertex of the parabola through its neighbours.
fn minimum(grid: &[f64], values: &[f64]) -> Minimum {
    let lowest = (0..values.len())
        .filter(|&index| values[index].is_finite())
        .min_by(|&a, &b| values[a].total_cmp(&values[b]))
        .unwrap_or(0);
    let at_end = lowest == 0 || lowest + 1 >= values.len();
    let plain = Minimum {
        x: grid[lowest],
        value: values[lowest],
        at_end,
    };
    if at_end {
        return plain;
    }
    let (before, after) = (
        values[lowest - 1] - values[lowest],
        values[lowest + 1] - values[lowest],
    );
    let bend = before + after;
    if !(bend.is_finite() && bend > 0.0) {
        return plain;
    }
    let step = grid[lowest + 1] - grid[lowest];
    let shift = (before - after) / (2.0 * bend);
    Minimum {
        x: grid[lowest] + shift * step,
        value: values[lowest] - (before - after).powi(2) / (8.0 * bend),
        at_end,
    }
}

/// See [`NEARLY_LINEAR`].
fn nearly_linear(at_edges: &GroupCurves, inputs: &InputHistogram) -> Option<f64> {
    let slopes = &at_edges.derivative;
    let steepest = slopes
        .iter()
        .fold(0.0_f64, |most, slope| most.max(slope.abs()));
    let width = (inputs.high - inputs.low) / inputs.counts.len() as f64;
    let inside: u64 = inputs.counts.iter().sum();
    let linear: u64 = inputs
        .counts
        .iter()
        .zip(slopes.windows(2))
        .filter(|(_, slopes)| {
            (slopes[1] - slopes[0]).abs() / width * inputs.deviation <= LINEAR * steepest
        })
        .map(|(count, _)| count)
        .sum();
    (inside > 0).then(|| linear as f64 / inside as f64)
}

/// Share of the inputs outside of `range`.
fn outside(inputs: &InputHistogram, (low, high): (f64, f64)) -> Option<f64> {
    let is_hidden =
        (low < inputs.low && inputs.below > 0) || (high > inputs.high && inputs.above > 0);
    if inputs.count == 0 || is_hidden {
        return None;
    }
    let width = (inputs.high - inputs.low) / inputs.counts.len().max(1) as f64;
    let beyond: f64 = inputs
        .counts
        .iter()
        .enumerate()
        .map(|(bin, &count)| {
            let left = inputs.low + width * bin as f64;
            let covered = ((left + width).min(high) - left.max(low)).clamp(0.0, width);
            // An edge that rounding moved by less than a millionth of a bin cuts nothing.
            let share = (1.0 - covered / width) * 1e6;
            count as f64 * share.round() / 1e6
        })
        .sum();
    Some((beyond + (inputs.below + inputs.above) as f64) / inputs.count as f64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use pliant_train::NamedTensor;

    /// Twenty bins of width 1 around 0.
    fn inputs(counts: impl Fn(usize) -> u64) -> InputHistogram {
        let counts: Vec<u64> = (0..20).map(counts).collect();
        InputHistogram {
            low: -10.0,
            high: 10.0,
            below: 3,
            above: 1,
            count: counts.iter().sum::<u64>() + 4,
            counts,
            mean: 0.0,
            deviation: 2.0,
            minimum: -11.0,
            maximum: 12.0,
        }
    }

    fn measure(activation: &str, inputs: InputHistogram) -> SiteNumbers {
        measure_learned(activation, &[], inputs)
    }

    fn measure_learned(
        activation: &str,
        coefficients: &[f32],
        inputs: InputHistogram,
    ) -> SiteNumbers {
        let tensor = |values: &[f32]| NamedTensor {
            name: "coefficients".to_owned(),
            shape: vec![1, values.len()],
            values: values.to_vec(),
        };
        let tensors: Vec<NamedTensor> = coefficients.chunks(16).map(tensor).collect();
        let site = SiteShape {
            site: "layer.0".to_owned(),
            layer: Some(0),
            activation: activation.to_owned(),
            start: tensors.clone(),
            learned: tensors,
            inputs,
        };
        let path = Path::new("inputs.json");
        Ruler::new(path)
            .unwrap()
            .measure(&site, (-6.0, 6.0), &[0], path)
            .unwrap()
    }

    #[test]
    fn a_fixed_function_is_nearest_to_itself() {
        let numbers = measure("gelu", inputs(|_| 10));
        let gelu = &numbers.groups[0];
        assert_eq!(gelu.known[0].function, "gelu");
        assert!(gelu.known[0].error < 1e-5, "{:?}", gelu.known);
        assert!(
            gelu.known.len() >= 8
                && gelu
                    .known
                    .windows(2)
                    .all(|pair| pair[0].error <= pair[1].error + 1e-6)
        );
        assert_eq!(gelu.monotone, Monotone::No);
        // The minimum of x Φ(x).
        assert!(
            (gelu.minimum.x + 0.75179).abs() < 1e-3 && (gelu.minimum.value + 0.16997).abs() < 1e-4
        );
        assert!(!gelu.minimum.at_end);
        assert!(gelu.slope_low.abs() < 1e-6 && (gelu.slope_high - 1.0).abs() < 1e-6);
        assert_eq!(
            (
                numbers.inputs.below,
                numbers.inputs.above,
                numbers.inputs.count
            ),
            (3, 1, 204)
        );
        assert_eq!(
            (numbers.inputs.fitted, numbers.inputs.outside_fitted),
            (None, None)
        );
    }

    #[test]
    fn the_curve_of_a_function_over_rows_says_what_it_is() {
        assert_eq!(measure("gelu", inputs(|_| 10)).curve, None);
        let line = measure_learned("poly_norm", &[1.0, 0.0, 0.0, 0.5], inputs(|_| 10));
        let curve = line.curve.unwrap();
        assert!(curve.contains("standard normal"), "{curve}");
        assert_eq!(line.groups[0].monotone, Monotone::Increasing);
        assert!((line.groups[0].minimum.value + 5.5).abs() < 1e-5);
    }

    #[test]
    fn relu_bends_where_its_kink_is() {
        // The kink at 0 is the edge between bins 9 and 10; half a bin away it is inside of one.
        let relu = measure("relu", inputs(|_| 10));
        assert_eq!(relu.groups[0].monotone, Monotone::Increasing);
        assert_eq!(relu.groups[0].slope_low, 0.0);
        let bent = relu.groups[0].nearly_linear.unwrap();
        assert!((bent - 0.95).abs() < 1e-12, "{bent}");
        let line = measure("identity", inputs(|_| 10));
        assert_eq!(line.groups[0].nearly_linear, Some(1.0));
        assert_eq!(
            line.groups[0].minimum,
            Minimum {
                x: -6.0,
                value: -6.0,
                at_end: true
            }
        );
        // All inputs on the bend of a tanh.
        let tanh = measure("tanh", inputs(|bin| if bin == 10 { 7 } else { 0 }));
        assert_eq!(tanh.groups[0].nearly_linear, Some(0.0));
    }

    #[test]
    fn the_share_outside_counts_whole_and_cut_bins() {
        let inputs = inputs(|_| 10);
        assert!((outside(&inputs, (-5.0, 5.0)).unwrap() - 104.0 / 204.0).abs() < 1e-12);
        assert!((outside(&inputs, (-5.5, 5.0)).unwrap() - 99.0 / 204.0).abs() < 1e-6);
        assert_eq!(
            outside(&inputs, (-12.0, 5.0)),
            None,
            "whether the three below are inside is unknown"
        );
    }

    #[test]
    fn turns_are_told_from_rounding() {
        assert_eq!(
            monotone(&[0.0, 1.0, 1.0 - 1e-12, 2.0]),
            Monotone::Increasing
        );
        assert_eq!(monotone(&[3.0, 2.0, 2.0]), Monotone::Decreasing);
        assert_eq!(monotone(&[0.0, 1.0, 0.5]), Monotone::No);
        assert_eq!(monotone(&[1.0, 1.0]), Monotone::Constant);
    }
}
