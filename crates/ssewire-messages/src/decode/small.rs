//! Fast path: `ping`, `content_block_stop` and `message_stop`, which have only a type and an index, with the members in
//! any order and with any white space.
//!
//! It gives up at the first byte that does not fit; see `mod.rs` for the contract of a fast path. Without it, such an
//! event takes three times as long if it is not in canonical form.

use super::canonical::{skip_spaces, strip_array};
use crate::event::{ContentBlockStop, StreamEvent};
use crate::json::{is_white_space, leading_u64};

/// Reads such an event. `None`: it is another event, or one for the slow path.
pub(super) fn parse_small(data: &[u8]) -> Option<StreamEvent<'static>> {
    let Some(value) = strip_array(data, b"{\"type\":") else { return parse_any_order(data) };
    // Payloads of other kinds, nearly all, end here.
    let (kind, rest) = small_kind(strip_array(value, b" ").unwrap_or(value))?;
    parse_canonical(kind, rest).or_else(|| parse_any_order(data))
}

/// Reads the bytes after the type, in canonical form: faster than [`parse_any_order`], by a third.
fn parse_canonical(kind: SmallKind, rest: &[u8]) -> Option<StreamEvent<'static>> {
    let (block, rest) = match strip_array(rest, b",\"index\":") {
        Some(rest) => leading_u64(rest).map(|(block, rest)| (Some(block), rest))?,
        None => (None, rest),
    };
    let rest = strip_array(skip_spaces(rest), b"}")?;
    if skip_spaces(rest).is_empty() { kind.event(block) } else { None }
}

/// Reads both members in any order, with any white space.
fn parse_any_order(data: &[u8]) -> Option<StreamEvent<'static>> {
    let (mut kind, mut block) = (None, None);
    let mut rest = skip_white_space(strip_array(skip_white_space(data), b"{")?);
    loop {
        // A repeated `type` or `index` is left to the slow path, which knows which one counts.
        rest = if let Some(value) = strip_member(rest, b"\"type\"").filter(|_| kind.is_none()) {
            let (found, rest) = small_kind(value)?;
            kind = Some(found);
            rest
        } else {
            let value = strip_member(rest, b"\"index\"").filter(|_| block.is_none())?;
            let (found, rest) = leading_u64(value)?;
            block = Some(found);
            rest
        };
        rest = skip_white_space(rest);
        match rest {
            [b',', after @ ..] => rest = skip_white_space(after),
            [b'}', after @ ..] if skip_white_space(after).is_empty() => return kind?.event(block),
            _ => return None,
        }
    }
}

/// The kind of an event with nothing but a type and an index.
#[derive(Clone, Copy)]
enum SmallKind {
    BlockStop,
    Ping,
    MessageStop,
}

impl SmallKind {
    #[inline]
    fn event(self, index: Option<u64>) -> Option<StreamEvent<'static>> {
        Some(match (self, index) {
            (Self::BlockStop, Some(index)) => StreamEvent::ContentBlockStop(ContentBlockStop { index }),
            (Self::Ping, None) => StreamEvent::Ping,
            (Self::MessageStop, None) => StreamEvent::MessageStop,
            _ => return None,
        })
    }
}

/// Strips the name of such an event, in quotes.
#[inline]
fn small_kind(value: &[u8]) -> Option<(SmallKind, &[u8])> {
    if let Some(rest) = strip_array(value, b"\"content_block_stop\"") {
        Some((SmallKind::BlockStop, rest))
    } else if let Some(rest) = strip_array(value, b"\"ping\"") {
        Some((SmallKind::Ping, rest))
    } else {
        Some((SmallKind::MessageStop, strip_array(value, b"\"message_stop\"")?))
    }
}

/// Returns the value of the member of this name.
#[inline]
fn strip_member<'a, const N: usize>(data: &'a [u8], name: &[u8; N]) -> Option<&'a [u8]> {
    let rest = skip_white_space(strip_array(data, name)?);
    Some(skip_white_space(strip_array(rest, b":")?))
}

#[inline(never)]
fn skip_white_space(mut data: &[u8]) -> &[u8] {
    while let [byte, rest @ ..] = data {
        if !is_white_space(*byte) {
            break;
        }
        data = rest;
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_events_are_read_in_any_order_and_spacing() {
        let stop = |index| StreamEvent::ContentBlockStop(ContentBlockStop { index });
        for (payload, event) in [
            (r#"{"type":"ping"}"#, StreamEvent::Ping),
            (" {\r\n\t\"type\" : \"ping\" }\n", StreamEvent::Ping),
            (r#"{"type": "message_stop"     }"#, StreamEvent::MessageStop),
            (r#"{"type":"content_block_stop","index":12}  "#, stop(12)),
            (r#"{ "index" : 0 , "type" : "content_block_stop" }"#, stop(0)),
        ] {
            assert_eq!(parse_small(payload.as_bytes()), Some(event.clone()), "{payload}");
            let is_cut = (1..payload.trim().len()).all(|end| parse_small(&payload.trim().as_bytes()[..end]).is_none());
            assert!(is_cut, "{payload}");
        }
    }

    #[test]
    fn small_events_with_anything_else_take_the_slow_path() {
        for payload in [
            r#"{"type":"ping","type":"error"}"#,
            r#"{"type":"ping","index":0}"#,
            r#"{"type":"content_block_stop"}"#,
            r#"{"index":0}"#,
            r#"{"type":"content_block_stop","index":0,"index":1}"#,
            r#"{"type":"content_block_stop","index":01}"#,
            r#"{"type":"content_block_stop","index":1.0}"#,
            r#"{"type":"content_block_stop","index":"1"}"#,
            r#"{"type":"content_block_stop","index":18446744073709551616}"#,
            r#"{"type":"message_stop","x":1}"#,
            r#"{"type":"message_stop",}"#,
            r#"{"type":"message_stop"} {}"#,
            r#"{"type":"pin\u0067"}"#,
            "{}",
            "",
        ] {
            assert_eq!(parse_small(payload.as_bytes()), None, "{payload}");
        }
    }
}
