//! Small dense least squares by Householder reflections.

/// Minimises `|A x − b|² + Σ (damping_j x_j)²` for `A` of `rows × columns`, row-major. Damping must be positive, so that
/// the solution is unique.
pub(super) fn damped_least_squares(
    a: &[f64],
    b: &[f64],
    columns: usize,
    damping: &[f64],
) -> Vec<f64> {
    let rows = b.len() + columns;
    // Column-major, with the damping rows below.
    let mut q = vec![0.0; rows * columns];
    for j in 0..columns {
        let column = &mut q[j * rows..(j + 1) * rows];
        for (i, value) in column[..b.len()].iter_mut().enumerate() {
            *value = a[i * columns + j];
        }
        column[b.len() + j] = damping[j];
    }
    let mut rhs = b.to_vec();
    rhs.resize(rows, 0.0);
    let mut diagonal = vec![0.0; columns];
    for j in 0..columns {
        let (head, tail) = q.split_at_mut((j + 1) * rows);
        let column = &mut head[j * rows..];
        let norm = column[j..].iter().map(|v| v * v).sum::<f64>().sqrt();
        let alpha = if column[j] > 0.0 { -norm } else { norm };
        diagonal[j] = alpha;
        column[j] -= alpha;
        let reflector = &column[j..];
        let square: f64 = reflector.iter().map(|v| v * v).sum();
        if square == 0.0 {
            continue;
        }
        for other in tail.chunks_exact_mut(rows) {
            reflect(reflector, square, &mut other[j..]);
        }
        reflect(reflector, square, &mut rhs[j..]);
    }
    let mut x = vec![0.0; columns];
    for j in (0..columns).rev() {
        let known: f64 = (j + 1..columns).map(|k| q[k * rows + j] * x[k]).sum();
        x[j] = if diagonal[j] == 0.0 {
            0.0
        } else {
            (rhs[j] - known) / diagonal[j]
        };
    }
    x
}

fn reflect(reflector: &[f64], square: f64, vector: &mut [f64]) {
    let product: f64 = reflector
        .iter()
        .zip(vector.iter())
        .map(|(r, v)| r * v)
        .sum();
    let factor = 2.0 * product / square;
    for (value, r) in vector.iter_mut().zip(reflector) {
        *value -= factor * r;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_points_is_found() {
        let x: [f64; 5] = [-2.0, -1.0, 0.5, 1.0, 3.0];
        let a: Vec<f64> = x.iter().flat_map(|x| [1.0, *x]).collect();
        let b: Vec<f64> = x.iter().map(|x| 3.0 - 2.0 * x).collect();
        let solution = damped_least_squares(&a, &b, 2, &[1e-12, 1e-12]);
        assert!(
            (solution[0] - 3.0).abs() < 1e-12 && (solution[1] + 2.0).abs() < 1e-12,
            "{solution:?}"
        );
    }

    #[test]
    fn damping_makes_a_singular_problem_finite() {
        let solution = damped_least_squares(&[1.0, 1.0, 2.0, 2.0], &[1.0, 2.0], 2, &[1e-6, 1e-6]);
        assert!(
            (solution[0] - 0.5).abs() < 1e-6 && (solution[1] - 0.5).abs() < 1e-6,
            "{solution:?}"
        );
    }
}
