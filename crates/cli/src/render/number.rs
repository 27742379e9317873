//! Numbers for people.

use std::time::Duration;

/// A whole number with commas between the thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with four significant digits, or in powers of ten where that is unreadable.
pub(crate) fn significant(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 {
        "0".to_owned()
    } else if !number.is_finite() || (1e-3..1e6).contains(&size) {
        let decimals = if number.is_finite() {
            (3 - size.log10().floor() as i32).clamp(0, 6)
        } else {
            0
        };
        format!("{number:.0$}", decimals as usize)
    } else {
        format!("{number:.3e}")
    }
}

/// A count such as 12,345 as `12.3k`.
pub(crate) fn short(number: f64) -> String {
    match number {
        size if size < 1e3 => format!("{size:.0}"),
        size if size < 1e6 => format!("{:.1}k", size / 1e3),
        size => format!("{:.1}M", size / 1e6),
    }
}

/// Bytes in the largest binary unit that leaves a number above one.
pub(crate) fn bytes(number: u64) -> String {
    let mut size = number as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = next;
    }
    if unit == "B" {
        format!("{number} B")
    } else {
        format!("{size:.1} {unit}")
    }
}

/// A duration as `42s`, `3m05s`, `2h07m`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [0.0, 2.34567, 1234.56, 0.001234, 1.5e-9, -2e9, f64::NAN].map(significant),
            [
                "0", "2.346", "1235", "0.001234", "1.500e-9", "-2.000e9", "NaN"
            ]
        );
        assert_eq!([12.0, 12_345.0, 2.5e6].map(short), ["12", "12.3k", "2.5M"]);
        assert_eq!([5, 1536, 3 << 30].map(bytes), ["5 B", "1.5 KiB", "3.0 GiB"]);
        assert_eq!(
            [42, 185, 7620].map(|seconds| duration(Duration::from_secs(seconds))),
            ["42s", "3m05s", "2h07m"]
        );
    }
}
