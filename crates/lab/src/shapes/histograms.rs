//! What the sites are fed: densities, and the range in which the inputs fall.

use pliant_train::InputHistogram;

use crate::plot::site::Density;

/// A run's curves are drawn at least over this range.
const SMALLEST_REACH: f64 = 3.0;
/// Share of the inputs that a picture may leave out on each side.
const TAIL: f64 = 0.001;
/// A few outliers in the inputs must not flatten the picture.
const LARGEST_REACH: f64 = 12.0;

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
        class: None,
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

/// The range in which the inputs fall, but for a share of `tail` on each side.
pub(crate) fn bulk(histogram: &InputHistogram, tail: f64) -> (f64, f64) {
    let allowed = (histogram.count as f64 * tail) as u64;
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
    (
        histogram.low + edge(histogram.below, &mut histogram.counts.iter()),
        histogram.high - edge(histogram.above, &mut histogram.counts.iter().rev()),
    )
}

/// A symmetric range, to the next half, in which nearly all inputs of all `histograms` fall.
pub(crate) fn reach<'a>(histograms: impl IntoIterator<Item = &'a InputHistogram>) -> f64 {
    let furthest = histograms
        .into_iter()
        .map(|histogram| {
            let (low, high) = bulk(histogram, TAIL);
            low.abs().max(high.abs())
        })
        .filter(|reach| reach.is_finite())
        .fold(SMALLEST_REACH, f64::max);
    ((furthest * 2.0).ceil() / 2.0).min(LARGEST_REACH)
}

#[cfg(test)]
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
}
