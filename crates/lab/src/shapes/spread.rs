//! What several curves have in common: their mean, and how far they lie apart.

use super::curves::GroupCurves;

/// Several curves at one point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) mean: f64,
    /// Of the sample; 0 for one curve.
    pub(crate) deviation: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// The spread of one of the curves of `groups`, point by point; empty without a group.
pub(crate) fn spreads(groups: &[GroupCurves], of: fn(&GroupCurves) -> &[f64]) -> Vec<Spread> {
    let points = groups.iter().map(|group| of(group).len()).min();
    (0..points.unwrap_or(0))
        .map(|index| spread(groups.iter().map(|group| of(group)[index])))
        .collect()
}

fn spread(values: impl Iterator<Item = f64> + Clone) -> Spread {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares: f64 = values.clone().map(|value| (value - mean).powi(2)).sum();
    Spread {
        mean,
        deviation: if count > 1.0 {
            (squares / (count - 1.0)).sqrt()
        } else {
            0.0
        },
        low: values.clone().fold(f64::INFINITY, f64::min),
        high: values.fold(f64::NEG_INFINITY, f64::max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_that_of_the_sample() {
        let group = |value: f64| GroupCurves {
            start: Vec::new(),
            learned: vec![0.0, value],
            derivative: Vec::new(),
        };
        let of_three = spreads(&[1.0, 2.0, 6.0].map(group), |group| &group.learned);
        assert_eq!(of_three[0].deviation, 0.0);
        assert_eq!(
            (of_three[1].mean, of_three[1].low, of_three[1].high),
            (3.0, 1.0, 6.0)
        );
        assert!((of_three[1].deviation - 7.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(
            spreads(&[group(4.0)], |group| &group.learned)[1].deviation,
            0.0
        );
        assert!(spreads(&[], |group| &group.learned).is_empty());
    }
}
