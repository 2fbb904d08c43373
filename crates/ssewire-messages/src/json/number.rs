//! Numbers by their digits: exact, and without the parser of floats, which is 16 KB of machine code and tables.

use core::cmp::Ordering;

/// The digits of a JSON number without its sign, and where its point is.
struct Decimal<'a> {
    whole: &'a str,
    fraction: &'a str,
    /// The exponent, saturated.
    exponent: i64,
}

impl<'a> Decimal<'a> {
    fn of(number: &'a str) -> Self {
        let number = number.strip_prefix('-').unwrap_or(number);
        let end = number.bytes().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(number.len());
        let (mantissa, exponent) = number.split_at_checked(end).unwrap_or((number, ""));
        let exponent = exponent.get(1..).unwrap_or("0");
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let size = |text: &str| text.parse::<u64>().ok().and_then(|size| i64::try_from(size).ok()).unwrap_or(i64::MAX);
        let exponent = match exponent.strip_prefix('-') {
            Some(negative) => -size(negative),
            None => size(exponent),
        };
        Self { whole, fraction, exponent }
    }

    /// Returns all digits, the point left out.
    fn digits(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.whole.bytes().chain(self.fraction.bytes())
    }
}

/// Reads the integer that the bytes begin with, as JSON writes it: no sign, no leading zero. Returns it, and the bytes
/// after its digits, which may be a fraction. `None`: the bytes begin in another way, or it exceeds a `u64`.
#[inline]
pub(crate) fn leading_u64(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (mut number, mut rest) = (0_u64, bytes);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        rest = after;
    }
    match bytes {
        [b'0', b'0'..=b'9', ..] => None,
        [b'0'..=b'9', ..] => Some((number, rest)),
        _ => None,
    }
}

/// Reads an integer of digits alone: `parse` would also take a sign.
// Out of line: inlining duplicates it.
#[inline(never)]
pub(crate) fn parse_digits(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Returns the value of a JSON number that is neither negative nor has a fraction, in any notation. `None` also for a
/// value that is not a number.
pub(crate) fn whole_number(json: &str) -> Option<u64> {
    if json.starts_with('-') {
        return None;
    }
    let decimal = Decimal::of(json);
    // Zeros are multiplied at the next other digit: a fraction may end with any number of them.
    let (mut significand, mut zeros) = (0_u64, 0_i64);
    for digit in decimal.digits() {
        match digit {
            b'0' if significand == 0 => {}
            b'0' => zeros = zeros.saturating_add(1),
            b'1'..=b'9' => {
                significand = shift(significand, zeros.saturating_add(1))?.checked_add(u64::from(digit - b'0'))?;
                zeros = 0;
            }
            _ => return None,
        }
    }
    // Negative: some of the digits are a fraction.
    let places = decimal.exponent.saturating_sub(to_i64(decimal.fraction.len())).saturating_add(zeros);
    if significand == 0 { Some(0) } else { shift(significand, places) }
}

/// Multiplies by a power of ten. `None`: it is negative, or the product exceeds a `u64`.
fn shift(number: u64, places: i64) -> Option<u64> {
    number.checked_mul(10_u64.checked_pow(u32::try_from(places).ok()?)?)
}

/// Returns whether no `f64` can hold a JSON number: it would be infinite.
pub(super) fn is_beyond_f64(number: &str) -> bool {
    /// The exponent and the first 65 digits of the least number that is rounded to infinity: 2^1024 - 2^970.
    const EXPONENT: i64 = 308;
    const DIGITS: &[u8] = b"17976931348623158079372897140530341507993413271003782693617377898";

    let decimal = Decimal::of(number);
    let (mut leading_zeros, mut order, mut to_compare) = (0_i64, Ordering::Equal, DIGITS);
    for digit in decimal.digits() {
        if digit == b'0' && to_compare.len() == DIGITS.len() {
            leading_zeros = leading_zeros.saturating_add(1);
            continue;
        }
        let Some((other, rest)) = to_compare.split_first() else { break };
        (order, to_compare) = (order.then(digit.cmp(other)), rest);
    }
    if to_compare.len() == DIGITS.len() {
        return false;
    }
    if !to_compare.is_empty() {
        // The number has zeros there, and the last of these digits is not 0.
        order = order.then(Ordering::Less);
    }
    // That of the first digit which is not 0.
    let exponent = to_i64(decimal.whole.len()).saturating_sub(leading_zeros).saturating_sub(1);
    decimal.exponent.saturating_add(exponent).cmp(&EXPONENT).then(order).is_ge()
}

fn to_i64(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn whole_numbers_are_exact_in_any_notation() {
        for (number, value) in [
            ("0", Some(0)),
            ("7.0", Some(7)),
            ("7e2", Some(700)),
            ("1500e-2", Some(15)),
            ("1.50E+1", Some(15)),
            ("9007199254740993.0", Some(9_007_199_254_740_993)),
            ("1.8446744073709551615e19", Some(u64::MAX)),
            ("1.8446744073709551616e19", None),
            ("0.00e999999999999999999999", Some(0)),
            ("1e999999999999999999999", None),
            ("1e-999999999999999999999", None),
            ("1.00000000000000000000000000", Some(1)),
            ("0.0000000000000000000000507e25", Some(507)),
            ("100000000000000000000", None),
            ("0.99999999999999999999", None),
            ("7.5", None),
            ("75e-1", None),
            ("-7.0", None),
        ] {
            assert_eq!(whole_number(number), value, "{number}");
        }
    }

    #[test]
    fn a_number_exceeds_an_f64_where_the_standard_parser_says_infinity() {
        for (mantissa, shift) in [
            ("1", 0),
            ("1.7976931348623157", 0),
            ("1.7976931348623158", 0),
            ("1.7976931348623159", 0),
            ("17.976931348623158", 1),
            ("0.0017976931348623159", -3),
            ("0.00179769313486231579", -3),
            ("9.99", 0),
            ("0.000", 0),
            ("179769313486231580793728971405303415079934132710037826936173778980445", 68),
            ("17976931348623158079372897140530341507993413271003782693617377897", 64),
            ("17976931348623158079372897140530341507993413271003782693617377899", 64),
        ] {
            for exponent in [-400, -308, 0, 300, 306, 307, 308, 309, 400] {
                for sign in ["", "-"] {
                    let number = format!("{sign}{mantissa}e{}", exponent - shift);
                    let is_infinite = number.parse::<f64>().unwrap().is_infinite();
                    assert_eq!(is_beyond_f64(&number), is_infinite, "{number}");
                }
            }
        }
        assert!(is_beyond_f64(&format!("1{}", "0".repeat(309))));
        assert!(!is_beyond_f64(&format!("1{}", "0".repeat(308))));
        assert!(!is_beyond_f64(&format!("{}1{}", "0.", "0".repeat(400))));
        assert!(is_beyond_f64("1e99999999999999999999"));
        assert!(!is_beyond_f64("1e-99999999999999999999"));
    }
}
