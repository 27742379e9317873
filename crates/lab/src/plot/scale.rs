//! From data to picture coordinates, with ticks at round numbers.

/// A linear map of a data interval onto a picture interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    domain: (f64, f64),
    range: (f64, f64),
}

impl Scale {
    /// A scale from `domain` (data) to `range` (picture; may run backwards, as the vertical axis does). An empty domain is widened.
    pub fn new(domain: (f64, f64), range: (f64, f64)) -> Self {
        let (low, high) = (domain.0.min(domain.1), domain.0.max(domain.1));
        let domain = if high > low {
            (low, high)
        } else {
            let margin = if low == 0.0 { 1.0 } else { low.abs() * 0.05 };
            (low - margin, high + margin)
        };
        Self { domain, range }
    }

    /// The data interval.
    pub fn domain(&self) -> (f64, f64) {
        self.domain
    }

    /// The picture interval.
    pub fn range(&self) -> (f64, f64) {
        self.range
    }

    /// Where `value` lies in the picture.
    pub fn at(&self, value: f64) -> f64 {
        let share = (value - self.domain.0) / (self.domain.1 - self.domain.0);
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// Round numbers in the domain, about `count` of them, with their labels.
    pub fn ticks(&self, count: usize) -> Vec<(f64, String)> {
        let step = round_step((self.domain.1 - self.domain.0) / count.max(1) as f64);
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let slack = step * 1e-9;
        let first = ((self.domain.0 - slack) / step).ceil() as i64;
        let last = ((self.domain.1 + slack) / step).floor() as i64;
        (first..=last)
            .map(|index| index as f64 * step)
            .map(|value| (value, label(value, decimals)))
            .collect()
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `wanted`.
fn round_step(wanted: f64) -> f64 {
    let power = 10.0_f64.powf(wanted.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= wanted * 0.999_999)
        .unwrap_or(10.0 * power)
}

/// A number with a fixed number of decimals, thousands set off by commas, and a true minus sign.
pub fn label(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text.as_str(), None), |(whole, fraction)| {
            (whole, Some(fraction))
        });
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(fraction) = fraction {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    let zero = grouped
        .chars()
        .all(|character| matches!(character, '0' | '.' | ','));
    if value < 0.0 && !zero {
        format!("\u{2212}{grouped}")
    } else {
        grouped
    }
}

/// The interval that holds all finite `values`; `None` without one.
pub fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .into_iter()
        .filter(|value| value.is_finite())
        .fold(None, |extent, value| match extent {
            None => Some((value, value)),
            Some((low, high)) => Some((low.min(value), high.max(value))),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, count: usize) -> Vec<String> {
        Scale::new((low, high), (0.0, 1.0))
            .ticks(count)
            .into_iter()
            .map(|(_, label)| label)
            .collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(
            labels(0.0, 2000.0, 4),
            ["0", "500", "1,000", "1,500", "2,000"]
        );
        assert_eq!(labels(-0.013, 0.004, 3), ["\u{2212}0.01", "0.00"]);
        assert_eq!(labels(3.1, 4.9, 4), ["3.5", "4.0", "4.5"]);
        assert_eq!(
            labels(0.0, 1.0, 5),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
    }

    #[test]
    fn an_empty_domain_is_widened() {
        let scale = Scale::new((2.0, 2.0), (0.0, 10.0));
        assert!((scale.at(2.0) - 5.0).abs() < 1e-12);
        assert!(!scale.ticks(3).is_empty());
        assert!((Scale::new((0.0, 0.0), (10.0, 0.0)).at(0.0) - 5.0).abs() < 1e-12);
    }

    #[test]
    fn labels_group_thousands_and_never_print_minus_zero() {
        assert_eq!(label(1_234_567.0, 0), "1,234,567");
        assert_eq!(label(-1234.5, 1), "\u{2212}1,234.5");
        assert_eq!(label(-0.001, 2), "0.00");
    }

    #[test]
    fn extent_skips_what_is_not_finite() {
        assert_eq!(
            extent([1.0, f64::NAN, -2.0, f64::INFINITY]),
            Some((-2.0, 1.0))
        );
        assert_eq!(extent([]), None);
    }
}
