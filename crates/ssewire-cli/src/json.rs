//! JSON as text. It is indented without parsing it to values, which would change the order of members and the digits of
//! numbers.

use core::fmt::Write as _;
use std::io;

use ssewire_messages::RawJson;

/// Returns the payload of an event as one line; `None` if it is not a JSON object.
///
/// Only white space is changed: line breaks, which join `data` lines, become spaces. Ill-formed bytes and lone
/// surrogate escapes become U+FFFD.
pub(crate) fn one_line(payload: &[u8]) -> Option<RawJson> {
    RawJson::from_bytes(payload).ok().filter(|json| json.as_json().is_object())
}

/// Writes a JSON text, piece by piece, with its members and items on lines of their own.
///
/// # Errors
/// An error of `write`.
pub(crate) fn indent(json: &str, mut write: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    let mut depth = 0_usize;
    // A bracket has opened, and nothing has followed.
    let mut has_opened = false;
    let mut rest = json;
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b' ' | b'\t' | b'\n' | b'\r' => {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            b'"' => string_len(rest),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            _ => rest.find([',', '}', ']', ':', ' ', '\t', '\n', '\r']).unwrap_or(rest.len()).max(1),
        };
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = after;
        let closes = matches!(first, b'}' | b']');
        depth = depth.saturating_sub(usize::from(closes));
        if has_opened != closes && !matches!(first, b',' | b':') {
            // The first item of a bracket, or the end of one with items.
            break_line(depth, &mut write)?;
        }
        write(token)?;
        has_opened = matches!(first, b'{' | b'[');
        depth = depth.saturating_add(usize::from(has_opened));
        match first {
            b',' => break_line(depth, &mut write)?,
            b':' => write(" ")?,
            _ => {}
        }
    }
    Ok(())
}

/// Returns the length of the string at the start, with its quotation marks.
fn string_len(json: &str) -> usize {
    let bytes = json.as_bytes();
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at = at.saturating_add(found);
        if bytes.get(at) == Some(&b'"') {
            return at.saturating_add(1);
        }
        // The escaped character is ASCII: a pair of its own, or the first of `uXXXX`.
        at = at.saturating_add(2);
    }
    json.len()
}

/// Writes a character of a JSON string as its escape.
pub(crate) fn escape(c: char, output: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a `String` does not fail.
        let _ = write!(output, "\\u{unit:04x}");
    }
}

fn break_line(depth: usize, write: &mut impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    write("\n")?;
    (0..depth).try_for_each(|_| write("  "))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_payload_is_one_line_as_it_was_sent() {
        for (payload, line) in [
            (&br#"{"type": "ping" }"#[..], Some(r#"{"type": "ping" }"#)),
            (b"{\n \"z\": 1.50,\n\"a\": 1e2}", Some(r#"{  "z": 1.50, "a": 1e2}"#)),
            (b"{\"type\": \"x\", \"t\": \"\xFF\"}", Some("{\"type\": \"x\", \"t\": \"\u{FFFD}\"}")),
            (br#"{"type":"\ud800"}"#, Some(r#"{"type":"\ufffd"}"#)),
            (b"[DONE]", None),
            (b"[1]", None),
            (b"boom", None),
            (b"{boom", None),
        ] {
            assert_eq!(one_line(payload).as_ref().map(RawJson::as_str), line);
        }
    }

    #[test]
    fn indented_json_is_the_same_json() {
        let json = r#"{"a": [1.50,{}, [ ] ,"x, [\"\\\\\" {",true],"b":{"c":null}}"#;
        let expected = r#"{
  "a": [
    1.50,
    {},
    [],
    "x, [\"\\\\\" {",
    true
  ],
  "b": {
    "c": null
  }
}"#;
        let indented = |json: &str| {
            let mut indented = String::new();
            indent(json, |piece| {
                indented.push_str(piece);
                Ok(())
            })
            .unwrap();
            indented
        };
        assert_eq!(indented(json), expected);
        assert_eq!(indented(expected), expected);
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::from_str::<Value>(expected).unwrap(), value);
    }
}
