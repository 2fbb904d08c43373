//! Formats times and counts for messages.

use core::time::Duration;

/// Returns a time, rounded, as a number and its unit.
pub(crate) fn time(time: Duration) -> (String, &'static str) {
    match time.as_micros() {
        0 => ("0".into(), "ms"),
        1..9_950 => (format!("{:.1}", time.as_secs_f64() * 1e3), "ms"),
        9_950..999_500 => (format!("{:.0}", time.as_secs_f64() * 1e3), "ms"),
        _ => (format!("{:.2}", time.as_secs_f64()), "s"),
    }
}

/// Returns a time for a sentence.
pub(crate) fn in_words(span: Duration) -> String {
    let (number, unit) = time(span);
    format!("{number} {unit}")
}

/// Returns a count with its noun.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

pub(crate) fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_and_short() {
        for (micros, shown) in [
            (0, "0 ms"),
            (1_400, "1.4 ms"),
            (9_949, "9.9 ms"),
            (9_999, "10 ms"),
            (70_900, "71 ms"),
            (999_499, "999 ms"),
            (999_999, "1.00 s"),
            (1_000_000, "1.00 s"),
            (75_127_000, "75.13 s"),
        ] {
            assert_eq!(in_words(Duration::from_micros(micros)), shown);
        }
    }

    #[test]
    fn one_has_no_plural() {
        assert_eq!([count(0, "byte"), count(1, "byte"), count(2, "byte")], ["0 bytes", "1 byte", "2 bytes"]);
    }
}
