//! One paired comparison in words that claim no more than its numbers allow.

use crate::number::{decimal, p_value, signed};

/// The level at which a difference is called one, after whatever correction for several tests.
pub(crate) const LEVEL: f64 = 0.05;

/// Everything that a sentence about two arms says.
#[derive(Debug, Clone)]
pub(crate) struct Claim<'a> {
    pub(crate) baseline: &'a str,
    pub(crate) arm: &'a str,
    /// What is compared, in the singular and the plural.
    pub(crate) quantity: [&'a str; 2],
    /// Whether more of it is better.
    pub(crate) higher_is_better: bool,
    /// Numbers are shown times this, with so many decimals and this unit behind them.
    pub(crate) scale: f64,
    pub(crate) decimals: usize,
    pub(crate) unit: &'a str,
    /// Arm minus baseline, seed by seed.
    pub(crate) differences: Vec<f64>,
    pub(crate) mean: Option<f64>,
    pub(crate) interval: Option<(f64, f64)>,
    /// Of the paired t-test.
    pub(crate) p: Option<f64>,
    pub(crate) sign_flip_p: Option<f64>,
    /// What the difference amounts to otherwise, e.g. `, a perplexity 1.2 % lower`.
    pub(crate) consequence: String,
    /// What a correction makes of the p-value, e.g. `, after Holm over 7 tasks p = 0.03`.
    pub(crate) correction: String,
    /// Whether the tests, corrected, call it a difference.
    pub(crate) significant: bool,
}

impl Claim<'_> {
    /// The sentence.
    pub(crate) fn sentence(&self) -> String {
        let Self {
            baseline,
            arm,
            quantity: [one, several],
            consequence,
            ..
        } = self;
        let count = self.differences.len();
        let Some(mean) = self.mean else {
            return format!("No seed is finished for both {arm} and {baseline} yet.");
        };
        if !mean.is_finite() {
            return format!(
                "The {several} of {arm} and {baseline} are not all finite; nothing can be said."
            );
        }
        if self.differences.iter().all(|difference| *difference == 0.0) {
            let where_from = if count == 1 {
                "the one seed".to_owned()
            } else {
                format!("each of {}", seeds(count))
            };
            return format!("{arm} and {baseline} have exactly the same {one} in {where_from}.");
        }
        let better = if (mean > 0.0) == self.higher_is_better {
            arm
        } else {
            baseline
        };
        let more = if self.higher_is_better {
            "higher"
        } else {
            "lower"
        };
        let by = decimal(mean.abs() * self.scale, self.decimals) + self.unit;
        if count == 1 {
            return format!(
                "{better} has the {more} {one} by {by}{consequence}, but with one seed each no statement about chance is possible."
            );
        }
        let (Some((low, high)), Some(p)) = (self.interval, self.p) else {
            return format!(
                "{better} has the {more} {one} by {by} in each of {}; differences that do not vary allow no test.",
                seeds(count)
            );
        };
        let flip = self
            .sign_flip_p
            .map(|p| format!(", sign flip {}", p_value(p)))
            .unwrap_or_default();
        let evidence = format!(
            "95 % interval {} to {}, paired over {}, {}{flip}{}",
            self.shown(low),
            self.shown(high),
            seeds(count),
            p_value(p),
            self.correction
        );
        if self.significant {
            format!("{better} has the {more} {one} by {by}{consequence} ({evidence}).")
        } else {
            format!(
                "No difference between {arm} and {baseline} can be told from {}: {arm} minus {baseline} is {}{} ({evidence}).",
                seeds(count),
                self.shown(mean),
                self.unit
            )
        }
    }

    fn shown(&self, value: f64) -> String {
        signed(value * self.scale, self.decimals)
    }
}

/// `1 seed`, `3 seeds`.
pub(crate) fn seeds(count: usize) -> String {
    if count == 1 {
        "1 seed".to_owned()
    } else {
        format!("{count} seeds")
    }
}
