//! JSON as text: laid out anew, but never read and written again, which would change the order of its members and the
//! digits of its numbers.

use alloc::borrow::Cow;
use core::fmt::Write as _;

use serde_json::Value;
use ssewire_messages::RawJson;

/// The payload of an event as one line; `None` if it is no JSON object.
///
/// Only white space is changed: line breaks, which the joins of `data` lines are, become spaces. Ill-formed bytes and lone
/// surrogate escapes become U+FFFD.
pub(crate) fn one_line(payload: &[u8]) -> Option<Cow<'static, str>> {
    let json = RawJson::from_bytes(payload).ok()?;
    json.as_json().is_object().then(|| Cow::Owned(json.into_string()))
}

/// A JSON text with its members and items on lines of their own.
pub(crate) fn indented(json: &str) -> String {
    let mut indented = String::with_capacity(json.len().saturating_mul(2));
    let mut depth = 0_usize;
    // A bracket has opened, and nothing stands in it yet.
    let mut opened = false;
    let mut in_string = false;
    let mut behind_backslash = false;
    for c in json.chars() {
        if in_string {
            indented.push(c);
            in_string = behind_backslash || c != '"';
            behind_backslash = c == '\\' && !behind_backslash;
            continue;
        }
        if c.is_ascii_whitespace() {
            continue;
        }
        let closes = matches!(c, '}' | ']');
        depth = depth.saturating_sub(usize::from(closes));
        if opened != closes {
            break_line(&mut indented, depth);
        }
        indented.push(c);
        opened = matches!(c, '{' | '[');
        depth = depth.saturating_add(usize::from(opened));
        in_string = c == '"';
        match c {
            ',' => break_line(&mut indented, depth),
            ':' => indented.push(' '),
            _ => {}
        }
    }
    indented
}

/// Text as a JSON string.
pub(crate) fn string(text: &str) -> Value {
    Value::from(text)
}

/// A character of a JSON string as its escape. Only characters of the basic plane are ever hidden.
pub(crate) fn escaped(c: char, into: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // A `String` takes everything.
        let _ = write!(into, "\\u{unit:04x}");
    }
}

fn break_line(into: &mut String, depth: usize) {
    into.push('\n');
    into.extend(core::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
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
            assert_eq!(one_line(payload).as_deref(), line);
        }
    }

    #[test]
    fn laid_out_json_is_the_same_json() {
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
        assert_eq!(indented(json), expected);
        assert_eq!(indented(expected), expected);
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::from_str::<Value>(expected).unwrap(), value);
    }
}
