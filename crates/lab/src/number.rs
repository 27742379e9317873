//! Numbers as people read them.

use crate::plot::scale::label;

/// Fixed decimals, thousands set off, true minus.
pub(crate) fn decimal(value: f64, decimals: usize) -> String {
    if value.is_finite() {
        label(value, decimals)
    } else {
        "not finite".to_owned()
    }
}

/// As [`decimal`], with a plus before positive numbers.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = decimal(value, decimals);
    if value > 0.0 && value.is_finite() {
        format!("+{text}")
    } else {
        text
    }
}

/// `p = 0.012`, or `p < 0.001`.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".to_owned()
    } else if p < 0.1 {
        format!("p = {p:.3}")
    } else {
        format!("p = {p:.2}")
    }
}

/// Something, or a dash where there is nothing.
pub(crate) fn or_dash(value: Option<f64>, show: impl Fn(f64) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), show)
}

/// Perplexities run from 1 to tens of thousands; four digits tell them apart.
pub(crate) fn perplexity(value: f64) -> String {
    // Whole digits beyond the first leave fewer to show behind the point.
    let decimals = [10.0, 100.0, 1000.0]
        .into_iter()
        .filter(|bound| value < *bound)
        .count();
    decimal(value, decimals)
}

/// Bytes in MiB or GiB.
pub(crate) fn memory(bytes: u64) -> String {
    let mebibytes = bytes as f64 / f64::from(1_u32 << 20);
    if mebibytes < 1000.0 {
        format!("{mebibytes:.0} MiB")
    } else {
        format!("{:.2} GiB", mebibytes / 1024.0)
    }
}

/// A whole number with its thousands set off.
pub(crate) fn count(number: usize) -> String {
    label(number as f64, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(signed(0.01234, 4), "+0.0123");
        assert_eq!(signed(-0.01234, 3), "\u{2212}0.012");
        assert_eq!(p_value(0.0123), "p = 0.012");
        assert_eq!(p_value(0.0004), "p < 0.001");
        assert_eq!(p_value(0.456), "p = 0.46");
        assert_eq!(perplexity(43.219), "43.22");
        assert_eq!(perplexity(4321.9), "4,322");
        assert_eq!(memory(300 << 20), "300 MiB");
        assert_eq!(memory(3 << 30), "3.00 GiB");
        assert_eq!(decimal(f64::NAN, 2), "not finite");
        assert_eq!(or_dash(None, |value| decimal(value, 1)), "–");
    }
}
