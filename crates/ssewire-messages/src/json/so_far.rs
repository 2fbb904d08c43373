//! The value so far of truncated or invalid JSON text, as text: what `ssewire_json::PartialJson` shows of it, without
//! its tree. A tree takes up to 256 bytes for each byte of text.

use alloc::string::String;

use ssewire_json::string::MAX_NUMBER_AT_END;

use super::{Cursor, push_string};

/// Appends the value up to the end or the first error of a text. A string, key or literal that is unfinished there is
/// left out, and open containers are closed. Returns `false`, and appends nothing, if the text does not begin with a
/// value.
///
/// Linear in the text. Appends at most its length and 127 brackets.
pub(crate) fn append_value_so_far(text: &str, out: &mut String) -> bool {
    append_value(&mut Cursor::strict(text), out) != Extent::Missing
}

/// How much of a value there is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// No value begins here, and nothing was appended.
    Missing,
    /// A container that ends too early.
    Partial,
    Complete,
}

// Recursive: the cursor limits the depth.
fn append_value(cursor: &mut Cursor<'_>, out: &mut String) -> Extent {
    let (begun, [open, close]) = match cursor.peek() {
        Some(b'{') => (cursor.begin_object(), ['{', '}']),
        Some(b'[') => (cursor.begin_array(), ['[', ']']),
        _ => return append_scalar(cursor, out),
    };
    if begun.is_err() {
        return Extent::Missing;
    }
    out.push(open);
    let mut is_first = true;
    let extent = loop {
        let before = out.len();
        if !is_first {
            out.push(',');
        }
        let next = if open == '[' {
            cursor.next_element(&mut is_first)
        } else {
            cursor.next_member(&mut is_first).map(|name| match name {
                Some(name) => {
                    push_string(out, &name.to_text());
                    out.push(':');
                    true
                }
                None => false,
            })
        };
        let extent = match next {
            Ok(true) => append_value(cursor, out),
            Ok(false) | Err(_) => Extent::Missing,
        };
        if extent == Extent::Missing {
            out.truncate(before);
        }
        match (next, extent) {
            (Ok(false), _) => break Extent::Complete,
            (_, Extent::Complete) => {}
            _ => break Extent::Partial,
        }
    };
    out.push(close);
    extent
}

fn append_scalar(cursor: &mut Cursor<'_>, out: &mut String) -> Extent {
    let Ok(value) = cursor.skip_value() else { return Extent::Missing };
    let is_number = !matches!(value, [b'"' | b't' | b'f' | b'n', ..]);
    match core::str::from_utf8(value) {
        Ok(value) if !(is_number && value.len() > MAX_NUMBER_AT_END && cursor.is_at_end()) => {
            out.push_str(value);
            Extent::Complete
        }
        _ => Extent::Missing,
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use serde_json::Value;
    use ssewire_json::PartialJson;

    use super::*;

    /// The distance between the tested places: all places would take minutes in Miri.
    const STEP: usize = if cfg!(miri) { 40 } else { 1 };

    /// Texts with each byte replaced or as the last one.
    #[test]
    fn the_text_is_the_value_that_partial_json_shows() {
        let longest = "9".repeat(65);
        for text in [
            r#" { "a" : [ 1.50 , -0, "x\u00e9\ud83d\ude00\n", {"b": null, "b": [true]}, [], {} ] , "c" : false, "n": 1e5 } "#,
            r#""string""#,
            "[1, 12, 1.5, [[[[3",
            "{}{}",
            &format!("[{longest}, {longest}"),
            &"[".repeat(130),
            r#"{"a":{"a":1},"a":{"a":2,"a":[3]}}"#,
        ] {
            let mut cases = 0;
            for at in (0..=text.len()).step_by(STEP) {
                let (before, after) = text.split_at(at);
                let after = after.get(1..).unwrap_or_default();
                for replaced in ["", "x", "]", "}", ",", "\"", "0", "1e999,", "\\ud800", "\n"] {
                    let rest = if replaced.is_empty() { "" } else { after };
                    let text = format!("{before}{replaced}{rest}");
                    let mut partial = PartialJson::new();
                    let _ = partial.push(&text);
                    let mut written = String::from("so far ");
                    let has_value = append_value_so_far(&text, &mut written);
                    let written = written.strip_prefix("so far ").unwrap();
                    assert_eq!(has_value, !written.is_empty());
                    let value = has_value.then(|| serde_json::from_str::<Value>(written).unwrap());
                    assert_eq!(value.as_ref(), partial.value(), "{text}");
                    cases += 1;
                }
            }
            assert!(cases > 40 / STEP, "{cases}");
        }
    }
}
