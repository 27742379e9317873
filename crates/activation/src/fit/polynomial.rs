//! Least squares by a polynomial: the start of the learnable polynomials.

use super::solve::damped_least_squares;

/// Chebyshev points of the interval; odd, so that 0 is one of those of a symmetric one.
const POINTS: usize = 201;
/// Only there to make the solution unique.
const DAMPING: f64 = 1e-13;
/// Digits that are kept: a polynomial is met exactly.
const SCALE: f64 = 1e11;

/// The coefficients c_0 … of the polynomial of the degree that is nearest to `target` on `±limit`, in the mean of the squares
/// over Chebyshev points.
pub(crate) fn fit(target: &dyn Fn(f64) -> f64, degree: usize, limit: f64) -> Vec<f64> {
    let columns = degree + 1;
    let (mut matrix, mut values) = (Vec::new(), Vec::new());
    for index in 0..POINTS {
        let angle = std::f64::consts::PI * index as f64 / (POINTS - 1) as f64;
        let u = -libm::cos(angle);
        let mut power = 1.0;
        for _ in 0..columns {
            matrix.push(power);
            power *= u;
        }
        values.push(target(limit * u));
    }
    let solution = damped_least_squares(&matrix, &values, columns, &vec![DAMPING; columns]);
    let mut scale = 1.0;
    solution
        .into_iter()
        .map(|c| {
            let c = c / scale;
            scale *= limit;
            // Adding zero makes a negative zero positive.
            (c * SCALE).round() / SCALE + 0.0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_met_exactly() {
        assert_eq!(fit(&|x| x, 5, 4.0), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(
            fit(&|x| 0.5 - x + 2.0 * x * x * x, 3, 4.0),
            [0.5, -1.0, 0.0, 2.0]
        );
    }

    #[test]
    fn a_higher_degree_is_nearer() {
        let target = |x: f64| if x > 0.0 { x } else { 0.0 };
        let error = |degree: usize| {
            let c = fit(&target, degree, 4.0);
            (0..=80)
                .map(|i| f64::from(i) * 0.1 - 4.0)
                .map(|x| c.iter().rev().fold(0.0, |sum, c| sum * x + c) - target(x))
                .map(|error| error * error)
                .sum::<f64>()
        };
        assert!(error(4) < 0.5 * error(2) && error(2) < 0.1 * error(1));
    }
}
