//! Numbers: this file has their grammar (RFC 8259, section 6), serde_json builds their value.

use serde_json::Number;

use crate::span::Scan;
use crate::string::MAX_NUMBER_AT_END;
use crate::{JsonError, JsonErrorKind};

/// A number of the raw text, as far as it has arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NumberSpan {
    start: usize,
    end: usize,
    state: NumberState,
}

/// The part of a number that was read last. A number may end after `Zero`, `Integer`, `Fraction` and `ExponentDigits`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum NumberState {
    #[default]
    Start,
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    Sign,
    ExponentDigits,
}

impl NumberSpan {
    /// Starts the number that begins at `start`.
    pub(crate) fn begin(start: usize) -> Self {
        Self { start, end: start, state: NumberState::Start }
    }

    pub(crate) fn start(self) -> usize {
        self.start
    }

    /// Returns the position of the first byte after the number, once [`scan`](Self::scan) has returned [`Scan::Ended`].
    pub(crate) fn end(self) -> usize {
        self.end
    }

    /// Extends the span to the first byte that is not part of the number. Scans every byte once.
    pub(crate) fn scan(&mut self, raw: &str) -> Scan {
        let mut rest = raw.as_bytes().get(self.end..).unwrap_or_default();
        loop {
            if let NumberState::Integer | NumberState::Fraction | NumberState::ExponentDigits = self.state {
                let run = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                self.end += run;
                rest = rest.get(run..).unwrap_or_default();
            }
            let Some((byte, after)) = rest.split_first() else {
                return Scan::Partial;
            };
            self.state = match (self.state, byte) {
                (NumberState::Start, b'-') => NumberState::Minus,
                (NumberState::Start | NumberState::Minus, b'0') => NumberState::Zero,
                (NumberState::Start | NumberState::Minus, b'1'..=b'9') => NumberState::Integer,
                (NumberState::Zero | NumberState::Integer, b'.') => NumberState::Point,
                (NumberState::Point, b'0'..=b'9') => NumberState::Fraction,
                (NumberState::Zero | NumberState::Integer | NumberState::Fraction, b'e' | b'E') => {
                    NumberState::Exponent
                }
                (NumberState::Exponent, b'+' | b'-') => NumberState::Sign,
                (NumberState::Exponent | NumberState::Sign, b'0'..=b'9') => NumberState::ExponentDigits,
                // A digit after a leading zero is an error, not the end of the number.
                (NumberState::Zero, b'0'..=b'9') => return self.invalid(),
                _ if self.is_number() => return Scan::Ended,
                _ => return self.invalid(),
            };
            self.end += 1;
            rest = after;
        }
    }

    /// Returns whether the text so far is a number.
    pub(crate) fn is_number(&self) -> bool {
        matches!(
            self.state,
            NumberState::Zero | NumberState::Integer | NumberState::Fraction | NumberState::ExponentDigits
        )
    }

    /// Returns the value to show while the number is at the end of the text.
    pub(crate) fn provisional(&self, raw: &str) -> Option<Number> {
        if self.end - self.start > MAX_NUMBER_AT_END {
            return None;
        }
        self.value(raw)
    }

    /// Returns the value; `None` if the text is not a number yet, or is out of range.
    ///
    /// Fast path: an integer in the range of `u64` or `i64` is parsed here. It must become the value that serde_json
    /// builds, in every configuration of serde_json; `value_agrees_with_serde_json_for_integers` proves it at the
    /// limits of both types.
    pub(crate) fn value(&self, raw: &str) -> Option<Number> {
        if !self.is_number() {
            return None;
        }
        let text = raw.get(self.start..self.end)?;
        if let NumberState::Integer = self.state {
            // Not for `NumberState::Zero`: `-0` is a float for serde_json.
            if let Ok(positive) = text.parse::<u64>() {
                return Some(positive.into());
            }
            if let Ok(negative) = text.parse::<i64>() {
                return Some(negative.into());
            }
        }
        text.parse().ok()
    }

    fn invalid(&self) -> Scan {
        Scan::Failed(JsonError::new(JsonErrorKind::InvalidNumber, self.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(raw: &str) -> (NumberSpan, Scan) {
        let mut number = NumberSpan::begin(0);
        let scan = number.scan(raw);
        (number, scan)
    }

    #[test]
    fn scan_ends_at_the_first_byte_after_a_number() {
        for (raw, len) in [
            ("0,", 1),
            ("-0 ", 2),
            ("10]", 2),
            ("1.50}", 4),
            ("1e5\n", 3),
            ("1E+05x", 5),
            ("-12.5e-7\"", 8),
            ("1-", 1),
            ("1.5.", 3),
        ] {
            let (number, scan) = scanned(raw);
            assert_eq!(scan, Scan::Ended, "{raw}");
            assert_eq!(number.end(), len, "{raw}");
        }
    }

    #[test]
    fn scan_reports_the_first_invalid_byte() {
        for (raw, offset) in [
            ("01", 1),
            ("-00", 2),
            ("--1", 1),
            ("-.5", 1),
            ("-,", 1),
            ("1.,", 2),
            ("1.e5", 2),
            ("1ex", 2),
            ("1e+-", 3),
            ("1e+]", 3),
        ] {
            let error = JsonError::new(JsonErrorKind::InvalidNumber, offset);
            assert_eq!(scanned(raw).1, Scan::Failed(error), "{raw}");
        }
    }

    #[test]
    fn value_agrees_with_serde_json_for_integers() {
        for text in [
            "0",
            "-0",
            "1",
            "-1",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "-9223372036854775809",
            "18446744073709551615",
            "18446744073709551616",
        ] {
            let (number, scan) = scanned(text);
            assert_eq!(scan, Scan::Partial);
            assert_eq!(number.value(text), serde_json::from_str(text).ok(), "{text}");
        }
    }

    #[test]
    fn provisional_is_none_for_more_than_64_bytes() {
        let text = "1".repeat(65);
        assert!(scanned(text.split_at(64).0).0.provisional(&text).is_some());
        assert!(scanned(&text).0.provisional(&text).is_none());
        assert!(scanned(&text).0.value(&text).is_some());
    }
}
