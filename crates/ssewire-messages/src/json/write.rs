//! Writing JSON text.

use alloc::string::String;
use core::fmt::Write as _;

use super::RawJsonRef;

/// Writes the members of one object. Its methods are out of line: each has many callers, and none is hot.
pub(crate) struct ObjectWriter<'o> {
    out: &'o mut String,
    is_first: bool,
}

impl<'o> ObjectWriter<'o> {
    pub(crate) fn new(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, is_first: true }
    }

    /// Writes a name. The value has to be written to what this returns.
    #[inline(never)]
    pub(crate) fn value(&mut self, name: &str) -> &mut String {
        if !core::mem::replace(&mut self.is_first, false) {
            self.out.push(',');
        }
        push_string(self.out, name);
        self.out.push(':');
        self.out
    }

    #[inline(never)]
    pub(crate) fn string(&mut self, name: &str, value: &str) {
        push_string(self.value(name), value);
    }

    #[inline(never)]
    pub(crate) fn raw(&mut self, name: &str, json: &str) {
        self.value(name).push_str(json);
    }

    /// Writes the members of an object, without those of these names.
    #[inline(never)]
    pub(crate) fn members_but(&mut self, object: RawJsonRef<'_>, is_left_out: &dyn Fn(&str) -> bool) {
        for (name, value) in object.members().filter(|(name, _)| !is_left_out(name)) {
            self.raw(&name, value.as_str());
        }
    }

    pub(crate) fn end(self) {
        self.out.push('}');
    }
}

/// Returns the length of a text as a JSON string, which [`push_string`] appends.
#[inline(never)]
pub(crate) fn quoted_len(text: &str) -> usize {
    let written = |byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x8 | 0xC => 2,
        0..b' ' => 6,
        _ => 1,
    };
    text.bytes().map(written).fold(2, usize::saturating_add)
}

/// Appends a JSON string.
pub(crate) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = super::find_special(rest.as_bytes()) {
        let (plain, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut chars = from.chars();
        let escape = match chars.next() {
            Some('\n') => "\\n",
            Some('\r') => "\\r",
            Some('\t') => "\\t",
            Some('\u{8}') => "\\b",
            Some('\u{C}') => "\\f",
            Some('"') => "\\\"",
            Some('\\') => "\\\\",
            Some(control) => {
                // A string takes all that is written.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
                ""
            }
            None => "",
        };
        out.push_str(escape);
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}
