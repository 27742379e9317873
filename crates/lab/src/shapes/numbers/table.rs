//! The numbers of every site as comma-separated values.

use std::fmt::Write as _;

use super::SiteNumbers;
use crate::csv::field;

/// One line for each group of each site, the nearest known function with it. `sites` are names with activations and numbers.
pub(in crate::shapes) fn numbers_csv<'n>(
    sites: impl IntoIterator<Item = (&'n str, &'n str, &'n SiteNumbers)>,
) -> String {
    let mut text = "site,activation,group,low,high,nearest,error,a,b,c,d,monotone,minimum_x,minimum,minimum_at_end,\
                    slope_low,slope_high,nearly_linear,fitted_low,fitted_high,outside_fitted,inputs,below,above,\
                    histogram_low,histogram_high\n"
        .to_owned();
    let or_empty = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for (site, activation, numbers) in sites {
        let inputs = &numbers.inputs;
        for group in &numbers.groups {
            let nearest = group.known.first();
            let fields = [
                field(site),
                field(activation),
                group.group.to_string(),
                numbers.low.to_string(),
                numbers.high.to_string(),
                nearest.map_or_else(String::new, |known| field(&known.function)),
                or_empty(nearest.map(|known| known.error)),
                or_empty(nearest.map(|known| known.a)),
                or_empty(nearest.map(|known| known.b)),
                or_empty(nearest.map(|known| known.c)),
                or_empty(nearest.map(|known| known.d)),
                group.monotone.word().to_owned(),
                group.minimum.x.to_string(),
                group.minimum.value.to_string(),
                group.minimum.at_end.to_string(),
                group.slope_low.to_string(),
                group.slope_high.to_string(),
                or_empty(group.nearly_linear),
                or_empty(inputs.fitted.map(|range| range.0)),
                or_empty(inputs.fitted.map(|range| range.1)),
                or_empty(inputs.outside_fitted),
                inputs.count.to_string(),
                inputs.below.to_string(),
                inputs.above.to_string(),
                inputs.histogram.0.to_string(),
                inputs.histogram.1.to_string(),
            ];
            let _ = writeln!(text, "{}", fields.join(","));
        }
    }
    text
}

/// The distance of every group of each site to every known function, the nearest first.
pub(in crate::shapes) fn known_csv<'n>(
    sites: impl IntoIterator<Item = (&'n str, &'n SiteNumbers)>,
) -> String {
    let mut text = "site,group,function,error,a,b,c,d\n".to_owned();
    for (site, numbers) in sites {
        for group in &numbers.groups {
            for known in &group.known {
                let _ = writeln!(
                    text,
                    "{},{},{},{},{},{},{},{}",
                    field(site),
                    group.group,
                    field(&known.function),
                    known.error,
                    known.a,
                    known.b,
                    known.c,
                    known.d
                );
            }
        }
    }
    text
}
