//! The only contact with `ssewire-json`: values that are built while their text arrives.

use serde_json::Value;
pub(crate) use ssewire_json::PartialJson;
pub use ssewire_json::{JsonError, PartialChange, PartialStrings};

/// The options of partial values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartialInput {
    pub(crate) strings: PartialStrings,
    /// Changes are recorded.
    pub(crate) has_changes: bool,
}

impl PartialInput {
    /// An empty value.
    pub(crate) fn new_value(self) -> PartialJson {
        let json = PartialJson::with_partial_strings(self.strings);
        if self.has_changes { json.with_changes() } else { json }
    }
}

/// Appends text. An error stays with the value.
pub(crate) fn push(json: &mut PartialJson, piece: &str) {
    // The value up to the error stays.
    let _ = json.push(piece);
}

/// The value so far of a text, without an unfinished string at its end.
pub(crate) fn value_so_far(text: &str) -> Option<Value> {
    let mut json = PartialJson::new();
    push(&mut json, text);
    json.into_parts().0
}

/// An upper bound of the bytes that the value of a piece of text holds, beyond the text itself: what its tokens may
/// allocate as nodes of a tree.
pub(crate) fn node_bytes(piece: &str) -> usize {
    let cost = |byte: u8| match byte {
        // A map with one member has room for eleven.
        b'{' => 700,
        b':' => 128,
        b'[' => 160,
        b',' => 72,
        _ => 0,
    };
    piece.bytes().fold(0, |sum, byte| sum + cost(byte))
}
