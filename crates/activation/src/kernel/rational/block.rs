//! One block: the vector body, and inputs so large that the powers would overflow.

use super::body::{self, Coefficients, Form, Sums};
use crate::family::rational::definition;
use crate::kernel::lanes::{Block, LANES, VECTORS, any_beyond};

/// The block's inputs with their bias, and its results; before a backward pass the incoming gradients.
pub(super) struct Buffers {
    pub(super) x: Block,
    pub(super) out: Block,
    column_sums: Block,
}

/// Beyond it, even the f64 powers of the largest degree would overflow; the function is continued by its tangent.
const TANGENT: f64 = 1e33;

/// Magnitudes of the input up to which x^(P−1) stays below 1e24, so that no product in the body leaves the range of f32.
pub(super) const fn limit(numerator: usize) -> f32 {
    match numerator {
        0..=4 => 1e8,
        5..=6 => 6.3e4,
        7..=8 => 2.6e3,
        _ => 4.6e2,
    }
}

/// An input beyond the limit: its vector and lane, its value and its incoming gradient.
struct Large {
    vector: usize,
    lane: usize,
    x: f32,
    dy: f32,
}

impl Buffers {
    pub(super) fn new() -> Self {
        let zero = [[0.0; LANES]; VECTORS];
        Self {
            x: zero,
            out: zero,
            column_sums: zero,
        }
    }

    pub(super) fn forward<F: Form, const P: usize, const Q: usize>(
        &mut self,
        coefficients: &Coefficients<P, Q>,
        vectors: usize,
    ) {
        let large = self.take_large(vectors, limit(P));
        body::forward::<F, P, Q>(
            coefficients,
            &self.x[..vectors],
            None,
            &mut self.out[..vectors],
        );
        for Large {
            vector, lane, x, ..
        } in large
        {
            let (a, b) = coefficients.of_lane::<F>(lane);
            self.out[vector][lane] = continued(x, |x| {
                (
                    definition::value(F::FORM, &a, &b, &x),
                    definition::derivative(F::FORM, &a, &b, &x),
                )
            }) as f32;
        }
    }

    pub(super) fn backward<F: Form, const P: usize, const Q: usize>(
        &mut self,
        coefficients: &Coefficients<P, Q>,
        vectors: usize,
        sums: &mut Sums<P, Q>,
    ) {
        let large = self.take_large(vectors, limit(P));
        body::backward::<F, P, Q>(
            coefficients,
            &self.x[..vectors],
            None,
            &mut self.out[..vectors],
            // The caller adds up the columns of what it stores.
            &mut self.column_sums[..vectors],
            sums,
        );
        for Large {
            vector,
            lane,
            x,
            dy,
        } in large
        {
            let (a, b) = coefficients.of_lane::<F>(lane);
            let (x, dy) = (f64::from(x).clamp(-TANGENT, TANGENT), f64::from(dy));
            self.out[vector][lane] = (dy * definition::derivative(F::FORM, &a, &b, &x)) as f32;
            let mut gradient = vec![0.0; a.len() + b.len()];
            definition::coefficient_gradient(F::FORM, &a, &b, &x, &mut gradient);
            sums.add::<F>(lane, dy, &gradient);
        }
    }

    /// Takes the inputs beyond the limit out of the block, with their gradients: zeros add nothing to any sum.
    #[inline]
    fn take_large(&mut self, vectors: usize, limit: f32) -> Vec<Large> {
        let mut large = Vec::new();
        if any_beyond(&self.x[..vectors], limit) {
            for vector in 0..vectors {
                for lane in 0..LANES {
                    let x = self.x[vector][lane];
                    if x.abs() > limit {
                        large.push(Large {
                            vector,
                            lane,
                            x,
                            dy: self.out[vector][lane],
                        });
                        self.x[vector][lane] = 0.0;
                        self.out[vector][lane] = 0.0;
                    }
                }
            }
        }
        large
    }
}

fn continued(x: f32, value_and_slope: impl Fn(f64) -> (f64, f64)) -> f64 {
    let x = f64::from(x);
    let inside = x.clamp(-TANGENT, TANGENT);
    let (value, slope) = value_and_slope(inside);
    if x == inside {
        value
    } else {
        value + slope * (x - inside)
    }
}
