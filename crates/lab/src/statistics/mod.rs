//! What a handful of paired runs allow to be said.
//!
//! Two arms share their seeds, so the unit of evidence is the difference of the two losses at one seed. The interval and the
//! p-value are those of Student's paired t-test ("The probable error of a mean", 1908); beside them stands a sign-flip test
//! (Fisher, "The Design of Experiments", 1935, section 21), which assumes nothing but symmetry, once there are seeds enough for it
//! to reach small p-values.

mod bootstrap;
mod holm;

pub use bootstrap::{BOOTSTRAP_FROM, bootstrap};
pub use holm::holm;

use pliant_kernels::random::{Purpose, Stream};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// From so many pairs on the sign-flip test is reported: below, its smallest possible p-value (2^(1-n)) is above 0.01.
pub const SIGN_FLIP_FROM: usize = 8;
/// Up to so many pairs every assignment of signs is counted.
const EXACT_UP_TO: usize = 20;
/// Draws of the sign-flip test beyond that.
const DRAWS: u64 = 200_000;
/// The coverage of the interval.
const COVERAGE: f64 = 0.95;

/// Mean and standard deviation of one quantity over the seeds of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Arithmetic mean; `None` without a value.
    pub mean: Option<f64>,
    /// Sample standard deviation (n - 1); `None` below two values.
    pub sd: Option<f64>,
}

/// The evidence in one set of paired differences.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Mean difference; `None` without a pair.
    pub mean: Option<f64>,
    /// Lower end of the 95 % t-interval; `None` below two pairs or when the differences do not vary.
    pub low: Option<f64>,
    /// Upper end of the 95 % t-interval.
    pub high: Option<f64>,
    /// Two-sided p-value of the paired t-test; `None` where `low` is.
    pub p: Option<f64>,
    /// Two-sided p-value of the sign-flip test; `None` below eight pairs or where one is not finite.
    pub sign_flip_p: Option<f64>,
    /// Sample standard deviation of the differences; `None` below two pairs.
    pub sd: Option<f64>,
    /// Number of pairs.
    pub pairs: usize,
}

/// Arithmetic mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Sample standard deviation with n - 1; `None` below two values.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// The middle value, or the mean of the two in the middle; `None` of nothing or where one is not finite.
pub fn median(values: &[f64]) -> Option<f64> {
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut ascending = values.to_vec();
    ascending.sort_unstable_by(f64::total_cmp);
    Some(bootstrap::quantile(&ascending, 0.5))
}

/// Whether values differ by more than rounding; `sd` is their standard deviation.
fn varies(values: &[f64], sd: f64) -> bool {
    let largest = values
        .iter()
        .fold(0.0_f64, |largest, value| largest.max(value.abs()));
    sd.is_finite() && sd > 1e-12 * largest
}

/// Mean and standard deviation together.
pub fn spread(values: &[f64]) -> Spread {
    Spread {
        mean: mean(values),
        sd: standard_deviation(values),
    }
}

/// Interval and tests for the mean of `differences`.
pub fn paired(differences: &[f64]) -> Paired {
    let pairs = differences.len();
    let (mean, sd) = (mean(differences), standard_deviation(differences));
    let mut result = Paired {
        mean,
        low: None,
        high: None,
        p: None,
        sign_flip_p: None,
        sd,
        pairs,
    };
    if pairs >= SIGN_FLIP_FROM && differences.iter().all(|value| value.is_finite()) {
        result.sign_flip_p = Some(sign_flip(differences));
    }
    let (Some(mean), Some(sd)) = (mean, sd) else {
        return result;
    };
    // Rounding leaves a trace of deviation in equal differences; an interval of that width would be a lie.
    if !varies(differences, sd) {
        return result;
    }
    let Ok(student) = StudentsT::new(0.0, 1.0, (pairs - 1) as f64) else {
        return result;
    };
    let error = sd / (pairs as f64).sqrt();
    let width = student.inverse_cdf(0.5 + COVERAGE / 2.0) * error;
    result.low = Some(mean - width);
    result.high = Some(mean + width);
    result.p = Some((2.0 * student.cdf(-(mean / error).abs())).clamp(0.0, 1.0));
    result
}

/// Two-sided sign-flip p-value of the mean of `differences`: the share of sign assignments whose sum is at least as far from 0.
///
/// Exact up to 20 differences. Beyond, from 200,000 counter-based draws, the observed assignment counted as one of them, so that
/// the value is never 0 and always the same.
pub fn sign_flip(differences: &[f64]) -> f64 {
    let observed = differences.iter().sum::<f64>().abs();
    let scale: f64 = differences.iter().map(|value| value.abs()).sum();
    // Sums that are equal but for rounding count as equal.
    let reached = |sum: f64| sum.abs() >= observed - 1e-12 * scale;
    let sum_under = |signs: &dyn Fn(usize) -> bool| -> f64 {
        differences
            .iter()
            .enumerate()
            .map(|(index, value)| if signs(index) { -value } else { *value })
            .sum()
    };
    if differences.len() <= EXACT_UP_TO {
        let assignments = 1_u64 << differences.len();
        let count = (0..assignments)
            .filter(|bits| reached(sum_under(&|index| bits >> index & 1 == 1)))
            .count();
        return count as f64 / assignments as f64;
    }
    let count = (0..DRAWS)
        .filter(|&draw| {
            let stream = Stream::new(0, Purpose::SignFlip, draw);
            reached(sum_under(&|index| {
                stream.bits(index as u64 / 32) >> (index % 32) & 1 == 1
            }))
        })
        .count();
    (count + 1) as f64 / (DRAWS + 1) as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A case of `python/golden/statistics.py`.
    #[derive(Deserialize)]
    struct Golden {
        name: String,
        differences: Vec<f64>,
        mean: f64,
        sd: f64,
        low: f64,
        high: f64,
        p: f64,
        sign_flip_p: f64,
    }

    fn close(name: &str, ours: f64, theirs: f64) {
        let error = (ours - theirs).abs() / theirs.abs().max(1e-300);
        assert!(error < 1e-8, "{name}: {ours} is not SciPy's {theirs}");
    }

    #[test]
    fn values_are_those_of_scipy() {
        let cases: Vec<Golden> =
            serde_json::from_str(include_str!("../../tests/golden/statistics.json")).unwrap();
        assert!(cases.len() >= 8);
        for case in cases {
            let ours = paired(&case.differences);
            close(&case.name, ours.mean.unwrap(), case.mean);
            close(&case.name, ours.sd.unwrap(), case.sd);
            close(&case.name, ours.low.unwrap(), case.low);
            close(&case.name, ours.high.unwrap(), case.high);
            close(&case.name, ours.p.unwrap(), case.p);
            close(&case.name, sign_flip(&case.differences), case.sign_flip_p);
            assert_eq!(
                ours.sign_flip_p.is_some(),
                case.differences.len() >= SIGN_FLIP_FROM
            );
        }
    }

    #[test]
    fn medians_and_deviations_are_those_of_numpy() {
        #[derive(Deserialize)]
        struct Case {
            values: Vec<f64>,
            median: f64,
            sd: f64,
        }
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../tests/golden/spread.json")).unwrap();
        assert!(cases.len() >= 4);
        for case in cases {
            assert!((median(&case.values).unwrap() - case.median).abs() < 1e-15);
            assert!((standard_deviation(&case.values).unwrap() - case.sd).abs() < 1e-15);
        }
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, f64::NAN]), None);
    }

    #[test]
    fn few_values_give_nulls() {
        let none = paired(&[]);
        assert_eq!(
            (none.mean, none.low, none.p, none.sd, none.pairs),
            (None, None, None, None, 0)
        );
        let one = paired(&[0.5]);
        assert_eq!(
            (one.mean, one.low, one.high, one.p, one.sd),
            (Some(0.5), None, None, None, None)
        );
        assert_eq!(
            spread(&[3.0]),
            Spread {
                mean: Some(3.0),
                sd: None
            }
        );
        assert_eq!(
            spread(&[]),
            Spread {
                mean: None,
                sd: None
            }
        );
    }

    #[test]
    fn equal_differences_allow_no_test() {
        for value in [0.0, 0.1, -0.3] {
            let equal = paired(&[value; 3]);
            assert_eq!(
                (equal.low, equal.high, equal.p),
                (None, None, None),
                "{value}"
            );
            assert!((equal.mean.unwrap() - value).abs() < 1e-15);
        }
        assert_eq!(sign_flip(&[0.0; 8]), 1.0);
        assert_eq!(sign_flip(&[1.0; 8]), 2.0 / 256.0);
    }

    #[test]
    fn values_that_are_not_finite_do_not_pass_for_evidence() {
        let broken = paired(&[0.1, f64::NAN, 0.2]);
        assert_eq!((broken.low, broken.p), (None, None));
        assert!(broken.mean.unwrap().is_nan());
        assert_eq!(paired(&[f64::NAN; 9]).sign_flip_p, None);
    }

    #[test]
    fn drawing_signs_comes_near_the_normal_limit_and_repeats() {
        let far = vec![1.0; 24];
        let p = sign_flip(&far);
        assert!(p > 0.0 && p < 1e-4, "{p}");
        let mixed: Vec<f64> = (0..30).map(|index| f64::from(index % 5) - 1.8).collect();
        let z =
            mixed.iter().sum::<f64>() / mixed.iter().map(|value| value * value).sum::<f64>().sqrt();
        let normal = 2.0 * (1.0 - statrs::distribution::Normal::standard().cdf(z.abs()));
        assert!(
            (sign_flip(&mixed) - normal).abs() < 0.04,
            "{} and {normal}",
            sign_flip(&mixed)
        );
        assert_eq!(sign_flip(&mixed), sign_flip(&mixed));
    }
}
