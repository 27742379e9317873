//! Piecewise linear functions by looking the piece up: the definition, a sum over all pieces, would take a step for each.

/// Evenly spaced knots; the outer pieces have no outer end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pieces<const C: usize> {
    knots: [f32; C],
    /// Pieces for a unit of the input.
    scale: f32,
}

impl<const C: usize> Pieces<C> {
    pub(crate) fn new(low: f64, distance: f64) -> Self {
        Self {
            knots: std::array::from_fn(|k| (low + k as f64 * distance) as f32),
            scale: (1.0 / distance) as f32,
        }
    }

    /// The piece of `x`: at a knot that on its left. A NaN gets the first one, which keeps it.
    #[inline]
    fn piece(&self, x: f32) -> usize {
        let place = ((x - self.knots[0]) * self.scale) as i32;
        let guess = place.clamp(0, C as i32 - 2) as usize;
        // The rounding of the place may be off by one.
        if guess > 0 && x <= self.knots[guess] {
            guess - 1
        } else if guess + 2 < C && x > self.knots[guess + 1] {
            guess + 1
        } else {
            guess
        }
    }

    /// `y = f(x + bias)`, part of a row; `c` has the value at each knot for each channel.
    pub(super) fn value<const W: usize>(
        &self,
        c: &[[f32; W]; C],
        x: &[f32],
        bias: &[f32],
        y: &mut [f32],
    ) {
        for (i, ((x, bias), y)) in x.iter().zip(bias).zip(y).enumerate() {
            let x = x + bias;
            let k = self.piece(x);
            let rise = c[k + 1][i] - c[k][i];
            *y = c[k][i] + rise * ((x - self.knots[k]) * self.scale);
        }
    }

    /// `dy_to_dx` from dy to dx, which is added to `column_sums`, and the gradients by the values added to `sums`.
    pub(super) fn slope<const W: usize>(
        &self,
        c: &[[f32; W]; C],
        x: &[f32],
        bias: &[f32],
        dy_to_dx: &mut [f32],
        column_sums: &mut [f32],
        sums: &mut [[f32; W]; C],
    ) {
        let operands = x.iter().zip(bias).zip(dy_to_dx).zip(column_sums);
        for (i, (((x, bias), dy_to_dx), column_sum)) in operands.enumerate() {
            let (x, dy) = (x + bias, *dy_to_dx);
            let k = self.piece(x);
            let dx = dy * ((c[k + 1][i] - c[k][i]) * self.scale);
            *dy_to_dx = dx;
            *column_sum += dx;
            sums[k][i] += dy * ((self.knots[k + 1] - x) * self.scale);
            sums[k + 1][i] += dy * ((x - self.knots[k]) * self.scale);
        }
    }
}
