//! Payloads that are not quite JSON.

use super::{String, Value};

/// Parses a payload. Ill-formed UTF-8 and lone surrogate escapes, which JSON does not allow in text, become U+FFFD:
/// one broken character shall not cost the event.
pub(super) fn parse(data: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(data).or_else(|error| {
        let text = String::from_utf8_lossy(data);
        let mut bytes = text.into_owned().into_bytes();
        if !replace_lone_surrogates(&mut bytes) && bytes == data {
            return Err(error);
        }
        serde_json::from_slice(&bytes)
    })
}

/// Overwrites each `\uD800`…`\uDFFF` that is not half of a pair by `\ufffd`, which is as long. True if there was one.
/// A backslash stands only in strings, so no other structure needs to be understood.
fn replace_lone_surrogates(json: &mut [u8]) -> bool {
    let mut found = false;
    let mut at = 0;
    while let Some(backslash) = json.get(at..).and_then(|rest| rest.iter().position(|&byte| byte == b'\\')) {
        at = at.saturating_add(backslash);
        let next = |from: usize| unit(json.get(from..).unwrap_or_default());
        at = match next(at) {
            // Any other escape: two bytes, the second of which may be a backslash itself.
            None => at.saturating_add(2),
            Some(0xD800..=0xDBFF) if matches!(next(at.saturating_add(6)), Some(0xDC00..=0xDFFF)) => {
                at.saturating_add(12)
            }
            Some(0xD800..=0xDFFF) => {
                found = true;
                if let Some(escape) = json.get_mut(at..at.saturating_add(6)) {
                    escape.copy_from_slice(br"\ufffd");
                }
                at.saturating_add(6)
            }
            Some(_) => at.saturating_add(6),
        };
    }
    found
}

/// The UTF-16 code unit of the `\uXXXX` that begins here.
fn unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(br"\u")?.get(..4)?;
    // `from_str_radix` would take a sign.
    let digits = core::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}
