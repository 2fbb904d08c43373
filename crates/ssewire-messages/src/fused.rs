//! The fused fast path: one comparison, with the canonical form or with the delta before, replaces framing, typing and
//! the lookup of the block.
//!
//! ```text
//! prefix, compared    event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"
//! text, appended      Hi
//! suffix, compared    "}
//! end                 any number of spaces, and }\n\n
//! ```
//!
//! **Warning.** This file decides the same things as the decoder of the core, `decode/mod.rs` and
//! `Accumulator::apply` together, on the bytes alone.
//!
//! * *Input*: at the start of an event, a delta in canonical form, or the bytes of the last delta. Only the text and
//!   the number of spaces before the last brace may differ. The text is appended to the block while it is scanned. The
//!   event lies in one chunk, or in the buffer where `decoder/cut_event.rs` has joined its parts.
//! * *Decisions it shares with the slow path*: where the event ends, which text it has, which block it belongs to, and
//!   every limit. Each byte is compared, or scanned as part of a JSON string and of UTF-8. At the first that does not
//!   fit, the text of the block is restored, and the slow path takes the event from its start.
//! * *Why the comparison is enough*: a [`Template`] is learned from an event that the slow path has appended to the
//!   current block, and whose payload names its own type: the event type is not always compared. A JSON string may hold
//!   any other text without a change to the bytes around it. The accumulator knows that only deltas and pings arrived
//!   since: it forgets the current block at every other event, or names the one that has just started.
//! * *Which tests prove it*: the fuzz targets `message_stream` and `stream_event` compare the decoder with the parts
//!   that it consists of, event by event; `tests/tests/messages/fused.rs` does so for many forms and texts, and
//!   `cut_event.rs` beside it compares every place of a cut.
//! * *Gain*: a delta is compared and scanned once, in place of framing, decoding and merging.
//! * *Read first*: `MessageDecoder::append_canonical` in `decoder/poll.rs`.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use ssewire::Decoder;

use crate::accumulator::{Accumulator, AppendedPiece, Change};
use crate::decode::canonical::{skip_spaces, strip_array, strip_delta_prefix};
use crate::json::{Cursor, append_string};
use crate::members::{ReadError, each_member};
use crate::memory::truncate;
use crate::piece::BlockString;

/// The learned form, if one is learned. The canonical form needs no template, and no memory.
#[derive(Clone, Default)]
pub(crate) struct Template(Option<Box<Learned>>);

/// A delta without its text.
#[derive(Clone)]
struct Learned {
    /// The prefix and the suffix.
    bytes: Vec<u8>,
    /// The length of the event type, 0 if the event has no `event` line.
    event_type: u8,
    /// Where the payload and its text start.
    payload_start: u8,
    text_start: u8,
    string: BlockString,
    index: u64,
}

/// The length of the longest template. Its offsets are `u8`; the longest known prefix has 126 bytes.
const MAX_BYTES: usize = u8::MAX as usize;

/// A delta whose bytes before the text have matched.
pub(crate) struct MatchedPrefix<'t, 'c> {
    string: BlockString,
    index: u64,
    /// The bytes from the text on.
    bytes: &'c [u8],
    /// The bytes between the text and the last brace, but for spaces.
    suffix: &'t [u8],
}

/// Where a matched event has its type and its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Parts {
    /// The length; 0 if the event has no `event` line.
    event_type: u8,
    payload_start: u8,
}

/// The suffix if the text is the last member of all.
const CANONICAL_SUFFIX: &[u8] = b"\"}";
/// The bytes before the payload, as the API writes them.
pub(crate) const CANONICAL_FRAMING: &[u8; 33] = b"event: content_block_delta\ndata: ";
pub(crate) const CANONICAL_PARTS: Parts = Parts { event_type: 19, payload_start: 33 };
const EVENT: &[u8] = b"event: ";
const DATA: &[u8] = b"data: ";

impl Template {
    /// Returns whether nothing is learned.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the learned delta, if the event at the start of the chunk begins with it.
    pub(crate) fn match_event<'t, 'c>(&'t self, chunk: &'c [u8]) -> Option<(MatchedPrefix<'t, 'c>, Parts)> {
        let learned = self.0.as_deref()?;
        let matched = learned.match_from(0, chunk)?;
        Some((matched, Parts { event_type: learned.event_type, payload_start: learned.payload_start }))
    }

    /// Appends the text of an event that the core has framed: its framing is not that of the API, or a chunk boundary
    /// cuts it and it was not joined.
    pub(crate) fn append_payload(
        &mut self,
        event: &[u8],
        payload: &[u8],
        accumulator: &mut Accumulator,
    ) -> Option<Change> {
        let learned = self.0.as_deref().and_then(|learned| learned.match_from(learned.payload_start, payload));
        let is_learned = learned.is_some();
        let matched = match learned {
            Some(matched) => matched,
            None => MatchedPrefix::canonical(payload)?,
        };
        let (string, index) = (matched.string, matched.index);
        let (piece, ()) = matched.append(accumulator, |rest| rest.is_empty().then_some(()))?;
        let change = piece.change();
        // Not longer than its payload: a chunk boundary cuts the event, which cannot be learned then.
        let may_learn = !is_learned && event.len() > payload.len();
        if may_learn && accumulator.is_continuation(change) {
            self.learn(event, payload, string, index);
        }
        Some(change)
    }

    /// Learns a delta that has only a piece of this string, from the bytes of its event and its payload. An event with
    /// further lines, with its lines in another order, or in several chunks is not learned. Nor is the canonical form:
    /// [`MatchedPrefix::canonical_event`] matches it.
    pub(crate) fn learn(&mut self, event: &[u8], payload: &[u8], string: BlockString, index: u64) {
        if event.starts_with(CANONICAL_FRAMING) && strip_delta_prefix(payload).is_some() {
            return;
        }
        self.0 = Learned::from_event(event, payload, string, index).map(Box::new);
    }
}

impl Learned {
    /// `None`: [`Template::learn`] names the events that cannot be learned.
    fn from_event(event: &[u8], payload: &[u8], string: BlockString, index: u64) -> Option<Self> {
        let framing = event.strip_suffix(Decoder::BLOCK_END)?.strip_suffix(payload)?;
        let event_type = match framing.strip_suffix(DATA)? {
            [] => 0,
            line => line.strip_prefix(EVENT)?.strip_suffix(b"\n").filter(|name| is_name(name))?.len(),
        };
        let (start, end) = text_range(payload, string.delta_member())?;
        let suffix = payload.get(end..)?.strip_suffix(b"}")?;
        let suffix = suffix.get(..suffix.len().saturating_sub(trailing_spaces(suffix)))?;
        let text_start = framing.len().checked_add(start)?;
        if text_start.checked_add(suffix.len())? > MAX_BYTES {
            return None;
        }
        let mut bytes = Vec::with_capacity(text_start.saturating_add(suffix.len()));
        bytes.extend_from_slice(event.get(..text_start)?);
        bytes.extend_from_slice(suffix);
        Some(Self {
            bytes,
            event_type: u8::try_from(event_type).ok()?,
            payload_start: u8::try_from(framing.len()).ok()?,
            text_start: u8::try_from(text_start).ok()?,
            string,
            index,
        })
    }

    /// Returns the delta, if `data` begins with the prefix from `from` on.
    fn match_from<'t, 'c>(&'t self, from: u8, data: &'c [u8]) -> Option<MatchedPrefix<'t, 'c>> {
        let (prefix, suffix) = self.bytes.split_at_checked(usize::from(self.text_start))?;
        let bytes = data.strip_prefix(prefix.get(usize::from(from)..)?)?;
        Some(MatchedPrefix { string: self.string, index: self.index, bytes, suffix })
    }
}

impl<'c> MatchedPrefix<'static, 'c> {
    /// Returns the start of a payload in canonical form.
    #[inline(always)]
    pub(crate) fn canonical(payload: &'c [u8]) -> Option<Self> {
        let (string, index, bytes) = strip_delta_prefix(payload)?;
        Some(Self { string, index, bytes, suffix: CANONICAL_SUFFIX })
    }

    /// Returns the start of an event in canonical form, at the start of the chunk.
    #[inline(always)]
    pub(crate) fn canonical_event(chunk: &'c [u8]) -> Option<Self> {
        Self::canonical(strip_array(chunk, CANONICAL_FRAMING)?)
    }
}

impl MatchedPrefix<'_, '_> {
    /// Appends the text to the current block. `accept` says whether what follows the last brace is the end. `None`: it
    /// is another event, or one for the slow path, and nothing has changed.
    #[inline(always)]
    pub(crate) fn append<T>(
        &self,
        accumulator: &mut Accumulator,
        accept: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Option<(AppendedPiece, T)> {
        let current = accumulator.current_text(self.index, self.string)?;
        let from = current.text.len();
        let room = current.room();
        let Some(accepted) = self.push_text(current.text, room).and_then(accept) else {
            truncate(current.text, from);
            return None;
        };
        Some((current.appended(from), accepted))
    }

    /// Appends the text, and returns what follows the last brace. `None`: some of it may have been appended.
    #[inline(always)]
    fn push_text(&self, text: &mut String, room: usize) -> Option<&[u8]> {
        let rest = append_string(self.bytes, text, room)?;
        let rest = match self.suffix {
            // Of a constant length, which is compared without a call.
            CANONICAL_SUFFIX => rest.strip_prefix(CANONICAL_SUFFIX)?,
            suffix => rest.strip_prefix(suffix)?,
        };
        skip_padding(rest).strip_prefix(b"}")
    }
}

impl Parts {
    /// Returns the event type and the payload of the event at the start of the chunk, which is `len` bytes long.
    #[inline(always)]
    pub(crate) fn resolve(self, chunk: &[u8], len: usize) -> (&[u8], &[u8]) {
        let event_type = if self.event_type == 0 {
            b"message"
        } else {
            let type_end = EVENT.len().saturating_add(usize::from(self.event_type));
            chunk.get(EVENT.len()..type_end).unwrap_or_default()
        };
        let payload = chunk
            .get(usize::from(self.payload_start)..len.saturating_sub(Decoder::BLOCK_END.len()))
            .unwrap_or_default();
        (event_type, payload)
    }
}

/// Skips the spaces before the last brace. The API writes a random number of them: no processor predicts where a loop
/// over them ends.
#[inline(always)]
fn skip_padding(data: &[u8]) -> &[u8] {
    const WIDTH: usize = 16;
    const SPACES: u128 = u128::from_le_bytes([b' '; WIDTH]);
    let Some(start) = data.first_chunk() else { return skip_spaces(data) };
    let spaces = (u128::from_le_bytes(*start) ^ SPACES).trailing_zeros() as usize / 8;
    let rest = data.get(spaces..).unwrap_or_default();
    if spaces == WIDTH { skip_spaces(rest) } else { rest }
}

/// Returns whether this is an event type on one line.
fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && !name.iter().any(|byte| matches!(byte, b'\n' | b'\r'))
}

fn trailing_spaces(bytes: &[u8]) -> usize {
    bytes.iter().rev().take_while(|byte| **byte == b' ').count()
}

/// Returns where the text of a delta lies in its payload: the one string of this name, between its quotes. `None` also
/// if the payload is a delta by its event type alone: under another one it is something else, and a [`Template`] is
/// compared without the event type.
fn text_range(payload: &[u8], member: &[u8]) -> Option<(usize, usize)> {
    let mut found = None;
    let mut is_single = true;
    let mut has_type = false;
    let mut cursor = Cursor::new(payload);
    each_member(&mut cursor, &mut |name, cursor| {
        if name.bytes != b"delta" {
            let value = cursor.skip_value()?;
            if name.bytes == b"type" {
                has_type = true;
                is_single &= value == b"\"content_block_delta\"";
            }
            return Ok(());
        }
        each_member(cursor, &mut |name, cursor| {
            match cursor.string()? {
                Some(text) if name.bytes == member => {
                    is_single &= found.is_none();
                    // After the closing quote.
                    let end = cursor.offset().saturating_sub(1);
                    found = Some((end.saturating_sub(text.raw.len()), end));
                }
                Some(_) => {}
                None => return Err(ReadError::Member("delta")),
            }
            Ok(())
        })?;
        Ok(())
    })
    .ok()?;
    found.filter(|_| is_single && has_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_padding_is_skipped_and_nothing_else() {
        for spaces in 0..40 {
            for rest in ["", "}", "}\n\n", "}\n\nevent: content_block_delta\n", "\t} "] {
                let data = alloc::format!("{:spaces$}{rest}", "");
                assert_eq!(skip_padding(data.as_bytes()), rest.as_bytes(), "{data:?}");
            }
        }
    }
}
