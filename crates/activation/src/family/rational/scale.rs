//! Coefficients in the variable x/R: `f(x) = P(x/R) / Q(x/R)`. The functions are the same as with R = 1; what changes is how far a step
//! of the optimizer, which is about as long for each coefficient, moves the function where |x| is about R.

use std::borrow::Cow;

use crate::family::rational::first_power;
use crate::spec::RationalOptions;

impl RationalOptions {
    /// The coefficients of one group, numerator then denominator, of the function that has these in the variable x.
    pub fn coefficients(&self, numerator: &[f64], denominator: &[f64]) -> Vec<f64> {
        let first = first_power(self.form);
        let scaled = |(value, power): (&f64, usize)| value * self.scale.powi(power as i32);
        numerator
            .iter()
            .zip(0..)
            .chain(denominator.iter().zip(first..))
            .map(scaled)
            .collect()
    }
}

/// What the coefficients are multiplied by to become those of x.
#[derive(Debug)]
pub(super) struct Factors {
    numerator: Vec<f64>,
    denominator: Vec<f64>,
}

impl Factors {
    /// `None` where the variable is x.
    pub(super) fn of(options: &RationalOptions) -> Option<Self> {
        let power = |power: usize| options.scale.powi(-(power as i32));
        let first = first_power(options.form);
        let denominators = options.form.coefficients(options.denominator_degree);
        (options.scale != 1.0).then(|| Self {
            numerator: (0..=options.numerator_degree).map(power).collect(),
            denominator: (first..first + denominators).map(power).collect(),
        })
    }

    /// Multiplies the rows of `numerators` numerators, and of the denominators behind them.
    pub(super) fn multiply(&self, values: &mut [f32], numerators: usize) {
        let (numerator, denominator) = values.split_at_mut(numerators * self.numerator.len());
        for (rows, factors) in [
            (numerator, &self.numerator),
            (denominator, &self.denominator),
        ] {
            for row in rows.chunks_mut(factors.len().max(1)) {
                for (value, factor) in row.iter_mut().zip(factors) {
                    *value = (f64::from(*value) * factor) as f32;
                }
            }
        }
    }
}

/// The coefficients of x.
pub(super) fn plain<'c>(
    factors: Option<&Factors>,
    coefficients: &'c [f32],
    numerators: usize,
) -> Cow<'c, [f32]> {
    let Some(factors) = factors else {
        return Cow::Borrowed(coefficients);
    };
    let mut values = coefficients.to_vec();
    factors.multiply(&mut values, numerators);
    Cow::Owned(values)
}
