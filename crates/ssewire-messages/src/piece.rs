//! A piece of text, whose ends may be halves of surrogate pairs.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::json::{Cursor, Halves, JsonStr, pair};
use crate::memory::{is_compact, push, push_char};

/// The text of a delta. Halves of surrogate pairs at its ends are U+FFFD in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Piece<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) halves: Halves,
}

impl<'a> Piece<'a> {
    pub(crate) fn of(json: JsonStr<'a>) -> Self {
        let (text, halves) = json.to_text_with_halves();
        Self { text, halves }
    }

    /// Returns the piece of a value that the scanner has validated, if that is a string.
    pub(crate) fn of_value(value: &'a [u8]) -> Option<Self> {
        Cursor::new(value).string().ok().flatten().map(Self::of)
    }

    /// Returns whether neither end is half of a surrogate pair.
    pub(crate) fn is_whole(&self) -> bool {
        self.halves == Halves::default()
    }

    /// Copies the text if it is borrowed.
    pub(crate) fn into_owned(self) -> Piece<'static> {
        Piece { text: self.text.into_owned().into(), halves: self.halves }
    }
}

/// The string of a block that a delta extends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum BlockString {
    #[default]
    Text,
    InputJson,
    Thinking,
}

impl BlockString {
    /// Returns the member of a delta that extends the string.
    pub(crate) fn delta_member(self) -> &'static [u8] {
        match self {
            Self::Text => b"text",
            Self::InputJson => b"partial_json",
            Self::Thinking => b"thinking",
        }
    }
}

/// The half of a surrogate pair that a string of a block ended with. It is not in the string.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PendingHalf {
    /// The UTF-16 code unit; 0: none.
    pub(crate) unit: u16,
    pub(crate) of: BlockString,
}

impl PendingHalf {
    pub(crate) fn is_none(self) -> bool {
        self.unit == 0
    }
}

/// Appends a piece whose ends may be halves of surrogate pairs. `pending` is the half that the text ended with; it is
/// not in the text. Returns where the new text begins.
pub(crate) fn push_piece(text: &mut String, piece: Piece<'_>, pending: &mut u16) -> usize {
    let from = text.len();
    if piece.text.is_empty() {
        return from;
    }
    if *pending == 0 && piece.halves.trailing == 0 {
        match piece.text {
            // A large piece is not held twice.
            Cow::Owned(owned) if text.capacity() == 0 && is_compact(&owned) => *text = owned,
            other => push(text, &other),
        }
        return from;
    }
    let mut rest = &*piece.text;
    if *pending != 0 {
        if piece.halves.leading == 0 {
            push_char(text, '\u{FFFD}');
        } else {
            push_char(text, pair(*pending, piece.halves.leading));
            rest = rest.strip_prefix('\u{FFFD}').unwrap_or(rest);
        }
        *pending = 0;
    }
    if piece.halves.trailing != 0 {
        rest = rest.strip_suffix('\u{FFFD}').unwrap_or(rest);
        *pending = piece.halves.trailing;
    }
    push(text, rest);
    from
}
