//! Correlations.

/// Matthews' correlation for any number of classes, `R_K` of Gorodkin (2004, "Comparing two K-category assignments by a
/// K-category correlation coefficient"); 0 where either side is constant.
///
/// # Panics
/// Where the slices are not equally long.
pub fn matthews(predicted: &[f64], actual: &[f64]) -> f64 {
    assert_eq!(predicted.len(), actual.len(), "pairs");
    let mut classes: Vec<f64> = predicted.iter().chain(actual).copied().collect();
    classes.sort_by(f64::total_cmp);
    classes.dedup();
    let count = |values: &[f64], class: f64| values.iter().filter(|value| **value == class).count();
    let rows = actual.len() as f64;
    let right = predicted.iter().zip(actual).filter(|(a, b)| a == b).count() as f64;
    let (mut together, mut predicted_squares, mut actual_squares) = (0.0, 0.0, 0.0);
    for class in classes {
        let (p, a) = (count(predicted, class) as f64, count(actual, class) as f64);
        together += p * a;
        predicted_squares += p * p;
        actual_squares += a * a;
    }
    let spread = (rows * rows - predicted_squares) * (rows * rows - actual_squares);
    if spread <= 0.0 {
        return 0.0;
    }
    (right * rows - together) / spread.sqrt()
}

/// Pearson's correlation; 0 where either side is constant.
///
/// # Panics
/// Where the slices are not equally long.
pub fn pearson(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len(), "pairs");
    let centred = |values: &[f64]| -> Vec<f64> {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| value - mean).collect()
    };
    // A constant is told by its values: its deviations from a rounded mean need not be 0.
    let is_constant = |values: &[f64]| values.windows(2).all(|pair| pair[0] == pair[1]);
    if is_constant(x) || is_constant(y) {
        return 0.0;
    }
    let (x, y) = (centred(x), centred(y));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let spread = product(&x, &x).sqrt() * product(&y, &y).sqrt();
    (product(&x, &y) / spread).clamp(-1.0, 1.0)
}

/// Spearman's rank correlation: Pearson's of the ranks, equal values sharing the mean of their ranks; 0 where either side
/// is constant.
///
/// # Panics
/// Where the slices are not equally long.
pub fn spearman(x: &[f64], y: &[f64]) -> f64 {
    pearson(&ranks(x), &ranks(y))
}

/// Ranks from 1, ties averaged.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let mean = before as f64 + f64::midpoint(1.0, equal.len() as f64);
        for &place in equal {
            ranks[place] = mean;
        }
        before += equal.len();
    }
    ranks
}
