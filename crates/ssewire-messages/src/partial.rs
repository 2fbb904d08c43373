//! The only use of the incremental parser of `ssewire-json`: values that are built while their text arrives.
//!
//! Only a function that asks for partial values names their parser. A program that calls none of them links neither the
//! parser nor `serde_json::Value`: 100 KB.

use alloc::boxed::Box;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};

pub(crate) use ssewire_json::PartialJson;
pub use ssewire_json::{JsonError, PartialChange, PartialStrings};

/// The options of partial values. One pointer, because every message decoder has them.
#[derive(Clone, Copy)]
pub(crate) struct PartialInput(&'static ValueFunctions);

/// How a value is built, and an upper bound of the memory that a piece of its text adds.
struct ValueFunctions {
    strings: PartialStrings,
    new: fn(PartialStrings) -> PartialValue,
    held_bytes: fn(&str) -> usize,
}

static VALUES: [ValueFunctions; 2] = [values(PartialStrings::Hide), values(PartialStrings::Show)];
static CHANGES: [ValueFunctions; 2] = [changes(PartialStrings::Hide), changes(PartialStrings::Show)];

const fn values(strings: PartialStrings) -> ValueFunctions {
    ValueFunctions {
        strings,
        new: |strings| PartialValue(Box::new(PartialJson::with_partial_strings(strings))),
        held_bytes: |piece| sum(piece, value_bytes),
    }
}

const fn changes(strings: PartialStrings) -> ValueFunctions {
    ValueFunctions {
        strings,
        new: |strings| PartialValue(Box::new(PartialJson::with_partial_strings(strings).with_changes())),
        held_bytes: |piece| sum(piece, |byte| value_bytes(byte).saturating_add(change_bytes(byte))),
    }
}

impl PartialInput {
    /// Values without a record of their changes.
    pub(crate) fn values(strings: PartialStrings) -> Self {
        Self::with_strings(&VALUES, strings)
    }

    /// Values with a record of their changes.
    pub(crate) fn changes(strings: PartialStrings) -> Self {
        Self::with_strings(&CHANGES, strings)
    }

    fn with_strings([hidden, shown]: &'static [ValueFunctions; 2], strings: PartialStrings) -> Self {
        Self(if strings == PartialStrings::Show { shown } else { hidden })
    }

    /// Creates an empty value.
    pub(crate) fn new_value(self) -> PartialValue {
        (self.0.new)(self.0.strings)
    }

    /// Returns an upper bound of the bytes that the value of a piece of text, and the record of its changes, hold
    /// beyond the text itself.
    pub(crate) fn held_bytes(self, piece: &str) -> usize {
        (self.0.held_bytes)(piece)
    }
}

/// The value of tool input while it arrives.
pub(crate) struct PartialValue(Box<dyn Parser>);

/// The parser, as a trait object: see the top of this file.
trait Parser: Send + Sync + UnwindSafe + RefUnwindSafe {
    fn push(&mut self, piece: &str);

    fn json(&self) -> &PartialJson;

    fn copy(&self) -> Box<dyn Parser>;
}

impl Parser for PartialJson {
    fn push(&mut self, piece: &str) {
        // An error stays with the value, which is that of the text up to there.
        let _ = self.push(piece);
    }

    fn json(&self) -> &PartialJson {
        self
    }

    fn copy(&self) -> Box<dyn Parser> {
        Box::new(self.clone())
    }
}

impl PartialValue {
    /// Appends text. An error stays with the value.
    pub(crate) fn push(&mut self, piece: &str) {
        self.0.push(piece);
    }

    /// Returns the text and its value.
    pub(crate) fn json(&self) -> &PartialJson {
        self.0.json()
    }
}

impl Clone for PartialValue {
    fn clone(&self) -> Self {
        Self(self.0.copy())
    }
}

/// Shows lengths and state, never text.
impl fmt::Debug for PartialValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.json().fmt(f)
    }
}

/// Returns the memory that a byte may add to a value: a node of a tree, or a byte of a string.
fn value_bytes(byte: u8) -> usize {
    match byte {
        // A map with one member has room for eleven.
        b'{' => 700,
        b':' => 128,
        b'[' => 160,
        b',' => 72,
        _ => 1,
    }
}

/// Returns the memory that a byte may add to the record of changes.
fn change_bytes(byte: u8) -> usize {
    // Three times its size: a vector is held twice while it doubles.
    const CHANGE: usize = 96;
    match byte {
        // Begin and end of the container, and its first key or value.
        b'{' | b'[' => 3 * CHANGE,
        // A key or a value.
        b',' | b':' => CHANGE,
        // The text of a string is a change of its own, and has two quotes.
        b'"' => CHANGE / 2,
        _ => 0,
    }
}

fn sum(piece: &str, bytes: impl Fn(u8) -> usize) -> usize {
    piece.bytes().map(bytes).fold(0, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Short in Miri, where this would take minutes, and which has no target of 32 bits in `ci/miri`.
    const LENGTH: usize = if cfg!(miri) { 7_000 } else { 7_000_000 };

    /// On 32 bits the bound of a few megabytes exceeds the largest number.
    #[test]
    fn the_bound_of_a_long_piece_does_not_overflow() {
        let piece = "{".repeat(LENGTH);
        assert!(PartialInput::values(PartialStrings::Show).held_bytes(&piece) >= LENGTH.saturating_mul(700));
    }
}
