//! Making long series light: smoothing and thinning.

use super::Point;

/// Running least-squares line through `window` neighbours, by position in the series: in the middle this is the moving average, at
/// the ends, where one side has no neighbours, it neither leans inwards nor follows single values.
///
/// Values that are not finite count for nothing.
pub fn smooth(points: &[Point], window: usize) -> Vec<Point> {
    let half = window / 2;
    (0..points.len())
        .map(|index| {
            let part = index.saturating_sub(half)..=(index + half).min(points.len() - 1);
            let near = part
                .filter(|&place| points[place].1.is_finite())
                .map(|place| (place as f64 - index as f64, points[place].1));
            (points[index].0, line_at_zero(near))
        })
        .collect()
}

/// The value at 0 of the least-squares line through `points`; their mean where they have one abscissa only.
fn line_at_zero(points: impl Iterator<Item = Point>) -> f64 {
    let (mut count, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for point in points {
        count += 1.0;
        x += point.0;
        y += point.1;
        xx += point.0 * point.0;
        xy += point.0 * point.1;
    }
    let spread = xx - x * x / count;
    let slope = if spread > 0.0 {
        (xy - x * y / count) / spread
    } else {
        0.0
    };
    (y - slope * x) / count
}

/// At most `most` points (at least two) that keep the look of the line: largest triangle, three buckets
/// (S. Steinarsson, "Downsampling Time Series for Visual Representation", 2013). First and last stay.
pub fn thin(points: &[Point], most: usize) -> Vec<Point> {
    let points: Vec<Point> = points
        .iter()
        .copied()
        .filter(|point| point.0.is_finite() && point.1.is_finite())
        .collect();
    let most = most.max(2);
    if points.len() <= most {
        return points;
    }
    let last = points.len() - 1;
    let inner = most - 2;
    // Bucket b holds the points [bound(b), bound(b + 1)) between the first and the last.
    let bound = |bucket: usize| 1 + bucket * (last - 1) / inner.max(1);
    let mut kept = vec![points[0]];
    for bucket in 0..inner {
        let next = if bucket + 1 == inner {
            &points[last..]
        } else {
            &points[bound(bucket + 1)..bound(bucket + 2)]
        };
        let count = next.len() as f64;
        let average = (
            next.iter().map(|p| p.0).sum::<f64>() / count,
            next.iter().map(|p| p.1).sum::<f64>() / count,
        );
        let previous = kept[kept.len() - 1];
        let area = |p: &Point| {
            ((previous.0 - average.0) * (p.1 - previous.1)
                - (previous.0 - p.0) * (average.1 - previous.1))
                .abs()
        };
        let candidates = &points[bound(bucket)..bound(bucket + 1)];
        let mut best = candidates[0];
        for candidate in candidates {
            if area(candidate) > area(&best) {
                best = *candidate;
            }
        }
        kept.push(best);
    }
    kept.push(points[last]);
    kept
}

/// Differences of two series at the abscissas that both have.
pub fn difference(arm: &[Point], baseline: &[Point]) -> Vec<Point> {
    let mut index = 0;
    let mut points = Vec::new();
    for &(x, y) in arm {
        while index < baseline.len() && baseline[index].0 < x {
            index += 1;
        }
        if let Some(other) = baseline.get(index).filter(|other| other.0 == x) {
            points.push((x, y - other.1));
        }
    }
    points
}

/// The mean of several series at the abscissas that all of them have.
pub fn mean(series: &[Vec<Point>]) -> Vec<Point> {
    let Some((first, others)) = series.split_first() else {
        return Vec::new();
    };
    first
        .iter()
        .filter_map(|&(x, y)| {
            let mut sum = y;
            for other in others {
                sum += other.iter().find(|point| point.0 == x)?.1;
            }
            Some((x, sum / series.len() as f64))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_keeps_straight_lines_and_ends() {
        let line: Vec<Point> = (0..50)
            .map(|i| (f64::from(i), 3.0 * f64::from(i) + 1.0))
            .collect();
        for (smoothed, point) in smooth(&line, 9).iter().zip(&line) {
            assert!((smoothed.1 - point.1).abs() < 1e-9);
        }
        assert!(smooth(&[], 5).is_empty());
        let gap = smooth(&[(0.0, 0.0), (1.0, f64::NAN), (2.0, 4.0)], 3);
        assert!((gap[1].1 - 2.0).abs() < 1e-12);
        assert!(smooth(&[(0.0, f64::NAN)], 3)[0].1.is_nan());
        // A last value that stands out hardly moves the end.
        let mut noisy = vec![(0.0, 1.0); 41];
        noisy[40].1 = 2.0;
        assert!(smooth(&noisy, 40)[40].1 < 1.25);
    }

    #[test]
    fn thinning_keeps_ends_and_peaks() {
        let mut points: Vec<Point> = (0..1000).map(|i| (f64::from(i), 0.0)).collect();
        points[537].1 = 10.0;
        let thinned = thin(&points, 40);
        assert_eq!(thinned.len(), 40);
        assert_eq!(thinned[0], points[0]);
        assert_eq!(thinned[39], points[999]);
        assert!(thinned.contains(&points[537]));
        assert_eq!(thin(&points[..3], 40).len(), 3);
        assert_eq!(thin(&points, 2).len(), 2);
        assert_eq!(thin(&points, 3).len(), 3);
        assert_eq!(thin(&points[..4], 3).len(), 3);
    }

    #[test]
    fn differences_and_means_use_common_abscissas() {
        let a = vec![(1.0, 5.0), (2.0, 4.0), (4.0, 3.0)];
        let b = vec![(2.0, 1.0), (3.0, 9.0), (4.0, 1.0)];
        assert_eq!(difference(&a, &b), [(2.0, 3.0), (4.0, 2.0)]);
        assert_eq!(mean(&[a, b]), [(2.0, 2.5), (4.0, 2.0)]);
        assert!(mean(&[]).is_empty());
    }
}
