//! The common deltas as the API writes them, byte for byte.
//!
//! ```text
//! {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}   }
//! ╰───────────── compared ─────────────╯ ╰──────────── compared ───────────╯╰ read ╯ ╰ spaces, as captures have them
//! ```
//!
//! Every byte is either compared or read; at the first that is not as expected this gives up, and the payload takes the
//! next way. So it can only agree with that one or not answer, which `tests/` and a fuzz target hold it to.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use ssewire_json::string::{find_special, unescape_to_quote};

use crate::Extra;
use crate::event::{ContentBlockDelta, Delta, InputJsonDelta, PayloadSize, TextDelta, ThinkingDelta};

/// A piece of text or of input JSON, and the index of its block.
pub(crate) struct Piece<'a> {
    pub(crate) index: u64,
    pub(crate) kind: PieceKind,
    pub(crate) text: Cow<'a, str>,
}

/// What a [`Piece`] is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PieceKind {
    Text,
    InputJson,
    Thinking,
}

/// Reads a payload if it is such a delta, written in this way.
#[inline]
pub(crate) fn piece(data: &[u8]) -> Option<Piece<'_>> {
    let rest = behind(data, b"{\"type\":\"content_block_delta\",\"index\":")?;
    let (index, rest) = index(rest)?;
    let rest = behind(rest, b",\"delta\":{\"type\":\"")?;
    let (kind, rest) = if let Some(rest) = behind(rest, b"text_delta\",\"text\":\"") {
        (PieceKind::Text, rest)
    } else if let Some(rest) = behind(rest, b"input_json_delta\",\"partial_json\":\"") {
        (PieceKind::InputJson, rest)
    } else {
        (PieceKind::Thinking, behind(rest, b"thinking_delta\",\"thinking\":\"")?)
    };
    let (text, rest) = string(rest)?;
    let rest = behind(skip_spaces(behind(rest, b"}")?), b"}")?;
    skip_spaces(rest).is_empty().then_some(Piece { index, kind, text })
}

impl<'a> Piece<'a> {
    /// The delta that it is, of a payload of so many bytes.
    #[inline]
    pub(crate) fn into_delta(self, size: usize) -> ContentBlockDelta<'a> {
        let Self { index, kind, text } = self;
        let extra = Extra::default();
        let delta = match kind {
            PieceKind::Text => Delta::Text(TextDelta { text, extra }),
            PieceKind::InputJson => Delta::InputJson(InputJsonDelta { partial_json: text, extra }),
            PieceKind::Thinking => Delta::Thinking(ThinkingDelta { thinking: text, extra, ..ThinkingDelta::default() }),
        };
        ContentBlockDelta { index, delta, extra: Extra::default(), size: PayloadSize(size) }
    }
}

/// What stands behind the expected bytes. A comparison of constant length: a few wide loads.
#[inline]
fn behind<'a, const N: usize>(data: &'a [u8], expected: &[u8; N]) -> Option<&'a [u8]> {
    let (found, rest) = data.split_first_chunk::<N>()?;
    (found == expected).then_some(rest)
}

#[inline]
fn skip_spaces(mut data: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = data {
        data = rest;
    }
    data
}

/// An integer as JSON has it: no sign, no leading zero. Longer ones than fit are left to the next way.
#[inline]
fn index(data: &[u8]) -> Option<(u64, &[u8])> {
    let mut index = 0_u64;
    let mut rest = data;
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        index = index.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        rest = behind;
    }
    match data {
        [b'0', b'0'..=b'9', ..] => None,
        [b'0'..=b'9', ..] => Some((index, rest)),
        _ => None,
    }
}

/// A string up to its closing quote, and what stands behind that. Borrowed, unless there is an escape in it.
#[inline]
fn string(data: &[u8]) -> Option<(Cow<'_, str>, &[u8])> {
    let (text, rest) = data.split_at_checked(find_special(data)?)?;
    match rest {
        [b'"', rest @ ..] => Some((checked(text)?.into(), rest)),
        [b'\\', ..] => escaped(text, rest),
        _ => None,
    }
}

/// The bytes as text. `from_utf8` takes words at a time, and in the few bytes of a delta its branches before and behind
/// them, which no processor foretells, cost more than it saves.
#[inline]
fn checked(text: &[u8]) -> Option<&str> {
    const FEW: usize = 24;
    if text.len() > FEW {
        return core::str::from_utf8(text).ok();
    }
    let mut chunks = text.utf8_chunks();
    let valid = chunks.next().map_or("", |chunk| chunk.valid());
    (valid.len() == text.len()).then_some(valid)
}

/// The same from the first escape on, with the text before it.
fn escaped<'a>(text: &[u8], rest: &'a [u8]) -> Option<(Cow<'a, str>, &'a [u8])> {
    let mut unescaped = Vec::with_capacity(text.len().saturating_add(rest.len()));
    unescaped.extend_from_slice(text);
    let after = unescape_to_quote(&mut unescaped, rest)?;
    Some((String::from_utf8(unescaped).ok()?.into(), after))
}
