//! Piecewise linear functions with fixed values: lines between evenly spaced knots, and zero beyond one more distance on
//! either side.

use crate::number::Number;
use std::sync::{Mutex, PoisonError};

/// Values at evenly spaced knots. The knots before the first and behind the last given one have the value 0, so that the function
/// is continuous everywhere and zero outside.
#[derive(Debug, PartialEq)]
pub struct Table {
    /// Of the first knot, whose value is 0.
    low: f64,
    distance: f64,
    /// With the zeros at both ends.
    values: Vec<f64>,
    /// Rounded for the kernels: the knots, and the values at them.
    fast_knots: Vec<f32>,
    fast_values: Vec<f32>,
    /// Pieces for a unit of the input.
    fast_scale: f32,
}

/// Tables live as long as the process, so that functions that hold one are as light as those that hold a number.
static KNOWN: Mutex<Vec<&'static Table>> = Mutex::new(Vec::new());

impl Table {
    /// The table of `values` (at least two) at evenly spaced knots from `low` to `high`.
    pub(crate) fn of(low: f64, high: f64, values: &[f64]) -> &'static Self {
        let distance = (high - low) / (values.len().max(2) - 1) as f64;
        let mut padded = vec![0.0];
        padded.extend(values);
        padded.push(0.0);
        let knot = |k: usize| low + (k as f64 - 1.0) * distance;
        let table = Self {
            low: knot(0),
            distance,
            fast_knots: (0..padded.len()).map(|k| knot(k) as f32).collect(),
            fast_values: padded.iter().map(|value| *value as f32).collect(),
            fast_scale: (1.0 / distance) as f32,
            values: padded,
        };
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = known.iter().find(|known| ***known == table) {
            return same;
        }
        let table: &'static Self = Box::leak(Box::new(table));
        known.push(table);
        table
    }

    /// Where the slope changes: every knot.
    pub(crate) fn knots(&self) -> Vec<f64> {
        (0..self.values.len()).map(|k| self.knot(k)).collect()
    }

    /// From the first to the last knot that was given.
    pub(crate) fn range(&self) -> (f64, f64) {
        (self.knot(1), self.knot(self.values.len() - 2))
    }

    fn knot(&self, k: usize) -> f64 {
        self.low + k as f64 * self.distance
    }

    /// The definition: `Σ (v_(k+1) − v_k)·clamp((x − t_k)/h, 0, 1)`.
    pub(crate) fn value<N: Number>(&self, x: &N) -> N {
        self.sum(x, |rise, left| {
            let along = left.clone() * N::constant(1.0 / self.distance);
            (N::constant(rise), N::constant(rise) * along)
        })
    }

    /// The slope of the piece, at a knot that of the piece to its left.
    pub(crate) fn slope<N: Number>(&self, x: &N) -> N {
        self.sum(x, |rise, _| {
            (N::constant(0.0), N::constant(rise / self.distance))
        })
    }

    /// The sum over the pieces that rise or fall; `of` is given the rise of the piece and how far `x` is from its left end, and
    /// says what the piece adds to its right and inside.
    fn sum<N: Number>(&self, x: &N, of: impl Fn(f64, &N) -> (N, N)) -> N {
        let mut sum: Option<N> = None;
        for (k, pair) in self.values.windows(2).enumerate() {
            if pair[0] == pair[1] {
                continue;
            }
            let from_left = x.clone() - N::constant(self.knot(k));
            let (beyond, inside) = of(pair[1] - pair[0], &from_left);
            let part = (x.clone() - N::constant(self.knot(k + 1))).where_positive(beyond, inside);
            let part = from_left.where_positive(part, N::constant(0.0));
            sum = Some(match sum {
                Some(sum) => sum + part,
                None => part,
            });
        }
        sum.unwrap_or_else(|| N::constant(0.0))
    }

    /// The piece of an input between the outermost knots: at a knot that on its left.
    #[inline(always)]
    fn piece(&self, x: f32) -> usize {
        let last = self.fast_knots.len() - 2;
        let place = ((x - self.fast_knots[0]) * self.fast_scale) as i32;
        let guess = place.clamp(0, last as i32) as usize;
        // The rounding of the place may be off by one.
        if guess > 0 && x <= self.fast_knots[guess] {
            guess - 1
        } else if guess < last && x > self.fast_knots[guess + 1] {
            guess + 1
        } else {
            guess
        }
    }

    /// [`value`](Self::value) by looking the piece up.
    #[inline(always)]
    pub(crate) fn fast_value(&self, x: f32) -> f32 {
        let x = x.clamp(
            self.fast_knots[0],
            self.fast_knots[self.fast_knots.len() - 1],
        );
        let k = self.piece(x);
        // From the distances to both knots: near one whose value is 0 the rise from the other would lose digits.
        let to_right = (self.fast_knots[k + 1] - x) * self.fast_scale;
        let to_left = (x - self.fast_knots[k]) * self.fast_scale;
        self.fast_values[k] * to_right + self.fast_values[k + 1] * to_left
    }

    /// [`slope`](Self::slope) by looking the piece up.
    #[inline(always)]
    pub(crate) fn fast_slope(&self, x: f32) -> f32 {
        if x > self.fast_knots[0] && x <= self.fast_knots[self.fast_knots.len() - 1] {
            let k = self.piece(x);
            (self.fast_values[k + 1] - self.fast_values[k]) * self.fast_scale
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_between_the_knots_and_zero_outside() {
        let table = Table::of(-1.0, 1.0, &[0.5, -0.25, 0.125]);
        for (x, value, slope) in [
            (-3.0, 0.0, 0.0),
            (-2.0, 0.0, 0.0),
            (-1.5, 0.25, 0.5),
            (-1.0, 0.5, 0.5),
            (-0.5, 0.125, -0.75),
            (0.0, -0.25, -0.75),
            (1.0, 0.125, 0.375),
            (1.75, 0.03125, -0.125),
            (2.0, 0.0, -0.125),
            (1e30, 0.0, 0.0),
        ] {
            assert_eq!(table.value(&x), value, "{x}");
            assert_eq!(table.slope(&x), slope, "{x}");
            assert_eq!(f64::from(table.fast_value(x as f32)), value, "{x}");
            assert_eq!(f64::from(table.fast_slope(x as f32)), slope, "{x}");
        }
        assert!(table.fast_value(f32::NAN).is_nan());
        assert_eq!(table.knots(), [-2.0, -1.0, 0.0, 1.0, 2.0]);
        assert_eq!(table.range(), (-1.0, 1.0));
    }

    #[test]
    fn equal_tables_are_one() {
        let table = Table::of(-3.0, 1.0, &[1.0, 2.0]);
        assert!(std::ptr::eq(table, Table::of(-3.0, 1.0, &[1.0, 2.0])));
        assert!(!std::ptr::eq(table, Table::of(-3.0, 2.0, &[1.0, 2.0])));
    }
}
