//! Numbers: their grammar here (RFC 8259, section 6), their value from serde_json.

use serde_json::{Number, Value};

use crate::token::Scan;
use crate::{JsonError, JsonErrorKind};

/// A number up to this length is shown while it touches the end of the text. A longer one waits for its delimiter: to
/// build its value again for every piece would cost the square of its length.
const SHOWN_LEN: usize = 64;

/// A number, as far as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digits {
    start: usize,
    end: usize,
    part: Part,
}

/// The part of a number that was read last. A number may end after `Zero`, `Integer`, `Fraction` and `Power`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

impl Digits {
    /// The number that begins at `start`.
    pub(crate) fn begin(start: usize) -> Self {
        Self { start, end: start, part: Part::Nothing }
    }

    pub(crate) fn start(self) -> usize {
        self.start
    }

    /// Where the first byte behind the number stands, once [`Scan::Ended`] was answered.
    pub(crate) fn end(self) -> usize {
        self.end
    }

    /// Goes on to the first byte that is no part of the number, each byte once.
    pub(crate) fn scan(&mut self, raw: &str) -> Scan {
        let mut rest = raw.as_bytes().get(self.end..).unwrap_or_default();
        loop {
            if let Part::Integer | Part::Fraction | Part::Power = self.part {
                let run = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                self.end += run;
                rest = rest.get(run..).unwrap_or_default();
            }
            let Some((byte, after)) = rest.split_first() else {
                return Scan::Partial;
            };
            self.part = match (self.part, byte) {
                (Part::Nothing, b'-') => Part::Minus,
                (Part::Nothing | Part::Minus, b'0') => Part::Zero,
                (Part::Nothing | Part::Minus, b'1'..=b'9') => Part::Integer,
                (Part::Zero | Part::Integer, b'.') => Part::Point,
                (Part::Point, b'0'..=b'9') => Part::Fraction,
                (Part::Zero | Part::Integer | Part::Fraction, b'e' | b'E') => Part::Exponent,
                (Part::Exponent, b'+' | b'-') => Part::Sign,
                (Part::Exponent | Part::Sign, b'0'..=b'9') => Part::Power,
                // A digit behind a leading zero is a mistake of its own, not the end of the number.
                (Part::Zero, b'0'..=b'9') => return self.invalid(),
                _ if self.may_end() => return Scan::Ended,
                _ => return self.invalid(),
            };
            self.end += 1;
            rest = after;
        }
    }

    /// Whether the text so far is a number.
    pub(crate) fn may_end(self) -> bool {
        matches!(self.part, Part::Zero | Part::Integer | Part::Fraction | Part::Power)
    }

    /// The value to show while the number touches the end of the text.
    pub(crate) fn provisional(self, raw: &str) -> Option<Value> {
        if self.end - self.start > SHOWN_LEN {
            return None;
        }
        self.value(raw)
    }

    /// The value, built by serde_json, or as it builds it: an integer in the range of `u64` or `i64` becomes that
    /// integer in every configuration of it. `None` if the text is no number yet, or one out of range.
    pub(crate) fn value(self, raw: &str) -> Option<Value> {
        if !self.may_end() {
            return None;
        }
        let text = raw.get(self.start..self.end)?;
        if let Part::Integer = self.part {
            // Not for `Part::Zero`: to serde_json `-0` is a float.
            if let Ok(positive) = text.parse::<u64>() {
                return Some(Value::Number(positive.into()));
            }
            if let Ok(negative) = text.parse::<i64>() {
                return Some(Value::Number(negative.into()));
            }
        }
        text.parse::<Number>().ok().map(Value::Number)
    }

    fn invalid(self) -> Scan {
        Scan::Failed(JsonError::new(JsonErrorKind::InvalidNumber, self.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(raw: &str) -> (Digits, Scan) {
        let mut digits = Digits::begin(0);
        let scan = digits.scan(raw);
        (digits, scan)
    }

    #[test]
    fn numbers_end_where_they_must() {
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
            let (digits, scan) = scanned(raw);
            assert_eq!(scan, Scan::Ended, "{raw}");
            assert_eq!(digits.end(), len, "{raw}");
        }
    }

    #[test]
    fn the_first_impossible_byte_is_named() {
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

    /// The short way for integers and the way through serde_json make the same value, at the borders of both.
    #[test]
    fn integers_are_those_of_serde_json() {
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
            let (digits, scan) = scanned(text);
            assert_eq!(scan, Scan::Partial);
            assert_eq!(digits.value(text), serde_json::from_str(text).ok(), "{text}");
        }
    }

    #[test]
    fn only_a_number_of_up_to_64_bytes_is_provisional() {
        let text = "1".repeat(65);
        assert!(scanned(text.split_at(64).0).0.provisional(&text).is_some());
        assert!(scanned(&text).0.provisional(&text).is_none());
        assert!(scanned(&text).0.value(&text).is_some());
    }
}
