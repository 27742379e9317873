//! Values that are counts, pairs of numbers or formats of numbers.

use std::{fmt, str::FromStr, time::Duration};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use pliant_kernels::Precision;

/// A whole number from 1 on.
pub(crate) fn count<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| "write a whole number, at least 1".to_owned())
}

/// How many knots a table has.
pub(crate) fn knots(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|knots| (3..=1025).contains(knots))
        .ok_or_else(|| "write a whole number from 3 to 1025".to_owned())
}

/// One of the formats that operands of matrix products are rounded to.
pub(crate) fn precision() -> impl TypedValueParser<Value = Precision> {
    PossibleValuesParser::new(Precision::ALL.map(Precision::name))
        .try_map(|name| name.parse::<Precision>())
}

/// A time in minutes.
pub(crate) fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(minutes) if minutes.is_finite() && minutes > 0.0 => Ok(minutes),
        _ => Err("write a number of minutes above 0".to_owned()),
    }
}

/// A time in seconds.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "write a number of seconds above 0".to_owned())
}

/// Degrees of a rational function, `5/4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Degrees {
    pub(crate) numerator: usize,
    pub(crate) denominator: usize,
}

impl FromStr for Degrees {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(numerator, denominator)| {
            Some((
                numerator.trim().parse().ok()?,
                denominator.trim().parse().ok()?,
            ))
        });
        let (numerator, denominator) = parts.ok_or("write two whole numbers as `5/4`")?;
        Ok(Self {
            numerator,
            denominator,
        })
    }
}

impl fmt::Display for Degrees {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.numerator, self.denominator)
    }
}

/// A range of inputs, `-5,5`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl FromStr for Interval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(',').and_then(|(low, high)| {
            Some((
                low.trim().parse::<f64>().ok()?,
                high.trim().parse::<f64>().ok()?,
            ))
        });
        match parts {
            Some((low, high)) if low.is_finite() && high.is_finite() && low < high => {
                Ok(Self { low, high })
            }
            Some(_) => Err("the first number must be below the second, and both finite".to_owned()),
            None => Err("write two numbers as `-5,5`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn pairs_are_read() {
        let degrees = "5/4".parse::<Degrees>().unwrap();
        assert_eq!((degrees.numerator, degrees.denominator), (5, 4));
        assert_eq!(
            "-5,5".parse::<Interval>(),
            Ok(Interval {
                low: -5.0,
                high: 5.0
            })
        );
        for wrong in ["5", "5,-5", "0,0", "nan,1", "-inf,inf"] {
            assert!(wrong.parse::<Interval>().is_err(), "{wrong}");
        }
        for wrong in ["5", "5/", "-1/2", "a/b"] {
            assert!(wrong.parse::<Degrees>().is_err(), "{wrong}");
        }
    }
}
