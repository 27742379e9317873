//! The tables of a sweep in the forms that people put elsewhere.

pub(in crate::sweep) mod csv;
pub(in crate::sweep) mod latex;
pub(in crate::sweep) mod markdown;

use super::results::{ArmScores, PairScores};
use super::sentence::{DECIMALS, POINTS};
use crate::number::{decimal, p_value, signed};

/// A score in points, or a dash.
pub(crate) fn points(score: Option<f64>) -> String {
    score.map_or_else(|| "–".to_owned(), |score| decimal(score * POINTS, DECIMALS))
}

/// Mean and standard deviation in points.
pub(crate) fn mean_sd(arm: &ArmScores) -> String {
    match arm.sd {
        Some(sd) => format!("{} ± {}", points(arm.mean), decimal(sd * POINTS, DECIMALS)),
        None => points(arm.mean),
    }
}

/// A difference in points, with its sign.
pub(crate) fn difference(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| signed(value * POINTS, DECIMALS))
}

/// An interval in points.
pub(crate) fn interval(pair: &PairScores) -> String {
    match pair.interval() {
        Some((low, high)) => format!("{} to {}", difference(Some(low)), difference(Some(high))),
        None => "–".to_owned(),
    }
}

/// A p-value without its name.
pub(crate) fn p(value: Option<f64>) -> String {
    value.map_or_else(
        || "–".to_owned(),
        |p| {
            let text = p_value(p);
            let bare = text
                .strip_prefix("p = ")
                .or_else(|| text.strip_prefix("p "));
            bare.unwrap_or(&text).to_owned()
        },
    )
}
