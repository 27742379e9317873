//! The time of day, for a line in a report.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, as `2026-11-25 12:14 UTC`; empty where the clock stands before 1970.
pub(crate) fn now() -> String {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|since| in_words(since.as_secs()))
        .unwrap_or_default()
}

/// Seconds since 1970 in the Gregorian calendar, by counting days in years that begin with March (H. Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms", `civil_from_days`).
fn in_words(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute) = (seconds % 86_400 / 3600, seconds % 3600 / 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_dates() {
        assert_eq!(in_words(0), "1970-01-01 00:00 UTC");
        assert_eq!(in_words(951_782_399), "2000-02-28 23:59 UTC");
        assert_eq!(in_words(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(in_words(4_107_542_400), "2100-03-01 00:00 UTC");
        assert_eq!(in_words(1_795_608_840), "2026-11-25 12:14 UTC");
    }
}
