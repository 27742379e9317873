//! Nelder and Mead's simplex search in the plane (1965): no derivatives, the same result every time.

const ITERATIONS: usize = 90;

/// The lowest point found from `start` with first steps of `size`, and its value. Where `value` is not finite is out of bounds.
pub(super) fn lowest(
    value: impl Fn([f64; 2]) -> f64,
    start: [f64; 2],
    size: [f64; 2],
) -> ([f64; 2], f64) {
    let at = |point: [f64; 2]| {
        let found = value(point);
        (
            point,
            if found.is_finite() {
                found
            } else {
                f64::INFINITY
            },
        )
    };
    let mut corners = [
        at(start),
        at([start[0] + size[0], start[1]]),
        at([start[0], start[1] + size[1]]),
    ];
    for _ in 0..ITERATIONS {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let [best, middle, worst] = corners;
        let centre = [0, 1].map(|axis| f64::midpoint(best.0[axis], middle.0[axis]));
        // On the line from the worst corner through the middle of the other side.
        let along = |factor: f64| {
            at([0, 1].map(|axis| centre[axis] + factor * (centre[axis] - worst.0[axis])))
        };
        let reflected = along(1.0);
        if reflected.1 < best.1 {
            let expanded = along(2.0);
            corners[2] = if expanded.1 < reflected.1 {
                expanded
            } else {
                reflected
            };
        } else if reflected.1 < middle.1 {
            corners[2] = reflected;
        } else {
            let contracted = along(if reflected.1 < worst.1 { 0.5 } else { -0.5 });
            if contracted.1 < worst.1.min(reflected.1) {
                corners[2] = contracted;
            } else {
                for corner in &mut corners[1..] {
                    *corner = at([0, 1].map(|axis| f64::midpoint(corner.0[axis], best.0[axis])));
                }
            }
        }
    }
    corners.sort_by(|a, b| a.1.total_cmp(&b.1));
    corners[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bent_valley_is_followed_to_its_end() {
        // Rosenbrock's function, lowest at (1, 1).
        let valley = |[x, y]: [f64; 2]| (1.0 - x).powi(2) + 10.0 * (y - x * x).powi(2);
        let (point, value) = lowest(valley, [-0.5, 1.5], [0.3, 0.3]);
        assert!(value < 1e-9, "{value}");
        assert!((point[0] - 1.0).abs() < 1e-3 && (point[1] - 1.0).abs() < 1e-3);
    }

    #[test]
    fn it_stays_within_bounds() {
        let bounded = |[x, y]: [f64; 2]| if x < 0.25 { f64::NAN } else { x * x + y * y };
        let (point, _) = lowest(bounded, [1.0, 1.0], [0.2, 0.2]);
        assert!(
            point[0] >= 0.25 && point[0] < 0.27 && point[1].abs() < 0.1,
            "{point:?}"
        );
    }
}
