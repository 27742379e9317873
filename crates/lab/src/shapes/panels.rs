//! From the curves of a site to its panel.

use std::path::Path;

use pliant_train::SiteShape;

use super::curves::{self, GroupCurves};
use super::numbers::SiteNumbers;
use super::{ShapesError, file_stem, histograms};
use crate::brief;
use crate::plot::site::{SiteCurves, SitePanel, StartCurve};

/// Points of a drawn curve.
pub(super) const DRAWN_POINTS: usize = 161;
/// Groups of channels drawn in one picture; more would be a smear.
const GROUPS_DRAWN: usize = 12;

/// One site of one run between `-reach` and `reach`, with its numbers in a line.
pub(super) fn of_run(
    site: &SiteShape,
    numbers: &SiteNumbers,
    reach: f64,
    source: &Path,
) -> Result<SitePanel, ShapesError> {
    let grid = curves::grid(-reach, reach, DRAWN_POINTS);
    let groups = curves::of_site(site, &grid, source)?;
    // A fixed function is its own start.
    let start = groups.first().filter(|_| !site.learned.is_empty());
    Ok(SitePanel {
        id: file_stem(&site.site),
        heading: format!("{} · {}", site.site, brief(&site.activation)),
        note: note(numbers),
        description: describe(site, numbers),
        class: "arm-1".to_owned(),
        x_domain: (-reach, reach),
        y_domain: value_range(&groups, reach),
        fitted: numbers.inputs.fitted,
        starts: start
            .map(|group| before(&grid, &group.start))
            .into_iter()
            .collect(),
        curves: drawn(&grid, &groups),
        densities: vec![histograms::density(&site.inputs)],
        ..SitePanel::default()
    })
}

/// What the curve is where it is not the function itself, else the nearest known function of a site with one group; of several no
/// one line can tell.
fn note(numbers: &SiteNumbers) -> String {
    if let Some(curve) = &numbers.curve {
        return curve.clone();
    }
    match numbers.groups.as_slice() {
        [only] => only
            .known
            .first()
            .map(|known| {
                format!(
                    "nearest: {}, off by {}",
                    known.function,
                    percent(known.error)
                )
            })
            .unwrap_or_default(),
        _ => String::new(),
    }
}

/// A share with two figures, for instance `0.41 %`.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let decimals = if percent >= 9.95 {
        0
    } else if percent >= 0.995 {
        1
    } else {
        2
    };
    if percent > 0.0 && percent < 0.005 {
        "< 0.01 %".to_owned()
    } else {
        format!("{percent:.decimals$} %")
    }
}

/// Which groups are drawn and measured: at most twelve, evenly chosen.
pub(super) fn chosen(groups: usize) -> Vec<usize> {
    let count = groups.min(GROUPS_DRAWN);
    (0..count).map(|index| index * groups / count).collect()
}

/// The curves of the chosen groups.
pub(crate) fn drawn(grid: &[f64], groups: &[GroupCurves]) -> Vec<SiteCurves> {
    chosen(groups.len())
        .into_iter()
        .map(|index| &groups[index])
        .map(|group| SiteCurves {
            learned: curves::points(grid, &group.learned),
            derivative: curves::points(grid, &group.derivative),
            ..SiteCurves::default()
        })
        .collect()
}

/// A curve that nobody reads off, in the colour of the text.
pub(super) fn before(grid: &[f64], values: &[f64]) -> StartCurve {
    StartCurve {
        points: curves::points(grid, values),
        ..StartCurve::default()
    }
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
fn describe(site: &SiteShape, numbers: &SiteNumbers) -> String {
    let inputs = &site.inputs;
    let curve = numbers.curve.as_ref();
    let curve = curve.map_or_else(String::new, |curve| format!(" ({curve})"));
    format!(
        "Activation {} at {}: learned curve{curve}, the curve it started from (dashed), its derivative (pale), and the density of its inputs, which have mean {:.2}, standard deviation {:.2}, and lie between {:.2} and {:.2}.",
        brief(&site.activation),
        site.site,
        inputs.mean,
        inputs.deviation,
        inputs.minimum,
        inputs.maximum
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_two_figures() {
        let written = [0.5, 0.0962, 0.0041, 0.00001, 0.0].map(percent);
        assert_eq!(written, ["50 %", "9.6 %", "0.41 %", "< 0.01 %", "0.00 %"]);
    }

    #[test]
    fn few_groups_are_all_drawn_and_many_evenly() {
        assert_eq!(chosen(3), [0, 1, 2]);
        assert_eq!(
            chosen(24),
            (0..12).map(|index| 2 * index).collect::<Vec<_>>()
        );
        assert!(chosen(0).is_empty());
    }
}
