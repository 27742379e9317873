//! The bootstrap interval of a mean difference (Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979).
//!
//! The plain percentile interval of few values is too narrow: it uses n where n - 1 belongs, and the normal law where Student's
//! belongs. Taking its ends at `Φ(-t √(n/(n-1)))` instead of 2.5 % mends both (Hesterberg, "What Teachers Should Know About the
//! Bootstrap", The American Statistician 69, 2015, "expanded percentile interval").

use pliant_kernels::random::{Purpose, Stream};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::{COVERAGE, standard_deviation, varies};

/// Below so many differences no interval between resampled means can cover 95 %: the whole range of n values misses their median
/// with probability 2^(1-n), which is above 5 % up to five.
pub const BOOTSTRAP_FROM: usize = 6;
/// Resampled means.
const DRAWS: u64 = 10_000;

/// The 95 % interval of the mean of `differences`, always the same for the same differences.
///
/// `None` below [`BOOTSTRAP_FROM`] differences, where they do not vary, and where one is not finite.
pub fn bootstrap(differences: &[f64]) -> Option<(f64, f64)> {
    let count = differences.len();
    let sd = standard_deviation(differences)?;
    if count < BOOTSTRAP_FROM || !varies(differences, sd) {
        return None;
    }
    let mut means: Vec<f64> = (0..DRAWS)
        .map(|draw| {
            let stream = Stream::new(0, Purpose::Bootstrap, draw);
            let sum: f64 = (0..count)
                .map(|index| differences[stream.below(index as u64, count as u64) as usize])
                .sum();
            sum / count as f64
        })
        .collect();
    means.sort_unstable_by(f64::total_cmp);
    let tail = expanded_tail(count)?;
    Some((quantile(&means, tail), quantile(&means, 1.0 - tail)))
}

/// The share that the expanded percentile interval leaves out on each side.
fn expanded_tail(count: usize) -> Option<f64> {
    let student = StudentsT::new(0.0, 1.0, (count - 1) as f64).ok()?;
    let t = student.inverse_cdf(0.5 + COVERAGE / 2.0);
    Some(Normal::standard().cdf(-t * (count as f64 / (count - 1) as f64).sqrt()))
}

/// The quantile of ascending values, linear between neighbours (type 7 of Hyndman and Fan, as `NumPy`).
pub(super) fn quantile(ascending: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * (ascending.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(ascending.len() - 1);
    let rest = place - below as f64;
    ascending[below] + rest * (ascending[above] - ascending[below])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// A case of `python/golden/sweep_statistics.py`.
    #[derive(Deserialize)]
    struct Golden {
        name: String,
        differences: Vec<f64>,
        tail: f64,
        low: f64,
        high: f64,
        standard_error: f64,
        /// Distance of neighbouring resampled means where they lie on a grid; 0 elsewhere.
        step: f64,
    }

    #[test]
    fn intervals_are_those_of_scipy_but_for_the_draws() {
        let cases: Vec<Golden> =
            serde_json::from_str(include_str!("../../tests/golden/bootstrap.json")).unwrap();
        assert!(cases.len() >= 4);
        for case in cases {
            let tail = expanded_tail(case.differences.len()).unwrap();
            assert!(
                (tail - case.tail).abs() < 1e-9 * case.tail.max(1e-3),
                "{}: {tail} is not {}",
                case.name,
                case.tail
            );
            let (low, high) = bootstrap(&case.differences).unwrap();
            // SciPy drew a million means, we ten thousand: the ends differ by their spread over draws.
            let allowed = (0.12 * case.standard_error).max(1.001 * case.step);
            assert!(
                (low - case.low).abs() < allowed && (high - case.high).abs() < allowed,
                "{}: {low} to {high} is not SciPy's {} to {}",
                case.name,
                case.low,
                case.high
            );
        }
    }

    #[test]
    fn what_allows_no_interval_gets_none() {
        assert_eq!(bootstrap(&[]), None);
        assert_eq!(bootstrap(&[0.1, 0.2, 0.3, 0.4, 0.5]), None);
        assert_eq!(bootstrap(&[0.1; 10]), None);
        assert_eq!(bootstrap(&[0.1, f64::NAN, 0.2, 0.3, 0.4, 0.5]), None);
    }

    #[test]
    fn the_interval_repeats_moves_and_scales_with_the_values() {
        let values = [0.1, 0.4, -0.2, 0.3, 0.25, 0.05, 0.6, -0.1];
        let (low, high) = bootstrap(&values).unwrap();
        assert_eq!(bootstrap(&values), Some((low, high)));
        let moved: Vec<f64> = values.iter().map(|value| 2.0 * value + 1.0).collect();
        let (other_low, other_high) = bootstrap(&moved).unwrap();
        assert!((other_low - (2.0 * low + 1.0)).abs() < 1e-12);
        assert!((other_high - (2.0 * high + 1.0)).abs() < 1e-12);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        let values = [1.0, 2.0, 4.0];
        assert_eq!(quantile(&values, 0.0), 1.0);
        assert_eq!(quantile(&values, 0.75), 3.0);
        assert_eq!(quantile(&values, 1.0), 4.0);
    }
}
