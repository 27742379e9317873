//! Allowed ranges of numbers in a recipe.

use std::fmt;

/// A range of numbers; its text is part of error messages and of the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    minimum: Option<f64>,
    minimum_is_excluded: bool,
    maximum: Option<f64>,
    maximum_is_excluded: bool,
}

/// Any finite number, or no number at all.
pub const ANY: Limits = Limits {
    minimum: None,
    minimum_is_excluded: false,
    maximum: None,
    maximum_is_excluded: false,
};

/// `minimum` and everything above.
pub const fn at_least(minimum: f64) -> Limits {
    Limits {
        minimum: Some(minimum),
        ..ANY
    }
}

/// Everything above `minimum`.
pub const fn above(minimum: f64) -> Limits {
    Limits {
        minimum: Some(minimum),
        minimum_is_excluded: true,
        ..ANY
    }
}

/// Both ends included.
pub const fn between(minimum: f64, maximum: f64) -> Limits {
    Limits {
        minimum: Some(minimum),
        maximum: Some(maximum),
        ..ANY
    }
}

/// From `minimum` to below `maximum`.
pub const fn below(minimum: f64, maximum: f64) -> Limits {
    Limits {
        minimum: Some(minimum),
        maximum: Some(maximum),
        maximum_is_excluded: true,
        ..ANY
    }
}

impl Limits {
    /// Whether a number is allowed; NaN and infinities never are.
    pub fn allow(self, number: f64) -> bool {
        number.is_finite()
            && self.minimum.is_none_or(|m| {
                if self.minimum_is_excluded {
                    number > m
                } else {
                    number >= m
                }
            })
            && self.maximum.is_none_or(|m| {
                if self.maximum_is_excluded {
                    number < m
                } else {
                    number <= m
                }
            })
    }

    /// Lower end and whether it is excluded.
    pub(crate) fn minimum(self) -> Option<(f64, bool)> {
        self.minimum.map(|m| (m, self.minimum_is_excluded))
    }

    /// Upper end and whether it is excluded.
    pub(crate) fn maximum(self) -> Option<(f64, bool)> {
        self.maximum.map(|m| (m, self.maximum_is_excluded))
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.minimum, self.maximum) {
            (None, None) => write!(f, "any finite number"),
            (Some(low), None) if self.minimum_is_excluded => write!(f, "above {low}"),
            (Some(low), None) => write!(f, "at least {low}"),
            (None, Some(high)) if self.maximum_is_excluded => write!(f, "below {high}"),
            (None, Some(high)) => write!(f, "at most {high}"),
            (Some(low), Some(high)) => {
                let from = if self.minimum_is_excluded {
                    "above"
                } else {
                    "from"
                };
                let to = if self.maximum_is_excluded {
                    "to below"
                } else {
                    "to"
                };
                write!(f, "{from} {low} {to} {high}")
            }
        }
    }
}
