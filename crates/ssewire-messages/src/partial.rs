//! The only contact with `ssewire-json`: values that are built while their text arrives.

use serde_json::Value;
pub(crate) use ssewire_json::PartialJson;
pub use ssewire_json::{JsonError, PartialStrings};

/// A value that shows, or hides, the unfinished string at its end.
pub(crate) fn partial_json(strings: PartialStrings) -> PartialJson {
    PartialJson::with_partial_strings(strings)
}

/// Appends text. An error stays with the value.
pub(crate) fn push(json: &mut PartialJson, piece: &str) {
    // The value up to the error stays.
    let _ = json.push(piece);
}

/// The value of a text as far as it is decided, without an unfinished string at its end.
pub(crate) fn value_so_far(text: &str) -> Option<Value> {
    let mut json = partial_json(PartialStrings::Hide);
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
